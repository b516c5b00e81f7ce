"""The documents that are made from the settings: config/sfsync.toml, .env.example and the table in README.md."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.config.section import Section, env_name
from sfsync.config.settings import Settings
from sfsync.config.sinks import SinkSettings
from sfsync.config.sources import setting_paths
from sfsync.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic.fields import FieldInfo

START, END = "<!-- settings:start -->", "<!-- settings:end -->"

_TOML_HEAD = """\
# The settings of sfsync. This file holds the defaults: change what you need, remove what you like.
# .env overrides this file, the environment overrides both. The variable of a setting is SFSYNC_, its
# section, two underscores and its name: SFSYNC_SALESFORCE__LOGIN_URL. A name that is no setting is an error.
# Keep secrets out of this file: use the environment, or the settings that end in _file.
"""
_TOML_TAIL = """
# More orgs, each overriding [salesforce]; choose one with --org.
# [orgs.eu]
# login_url = "https://acme-eu.my.salesforce.com"

# Receivers of events, each with a name of its own. All their settings are listed in README.md.
# [sinks.billing]
# url = "https://billing.example/webhooks/sfsync"
# secret_file = "/run/secrets/sfsync-billing"
# events = ["order.fulfilled", "order.cancelled"]
"""
_ENV_HEAD = """\
# The settings of sfsync as variables, with their defaults. Copy this file to .env, and change what you need.
# More orgs: SFSYNC_ORGS__EU__LOGIN_URL and so on. Another settings file: SFSYNC_CONFIG, in the environment or here.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One setting, as the documents show it."""

    path: tuple[str, ...]
    default: Any
    example: Any
    sentence: str

    @property
    def name(self) -> str:
        """The setting in the settings file, as in salesforce.login_url."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """The setting in the environment."""
        return env_name(self.path)

    @property
    def is_set(self) -> bool:
        """Whether it has a default."""
        return self.default is not None


def settings_table() -> list[Row]:
    """Return every setting with its default, an example where it has none, and one sentence."""
    rows = []
    for path in setting_paths():
        field = _field(path)
        example = field.examples[0] if field.examples else None
        rows.append(Row(path, field.get_default(), example, field.description or ""))
    return rows


def as_toml() -> str:
    """Return the settings file: every setting with its sentence; those without a default are commented out."""
    text, section = _TOML_HEAD, ""
    for row in settings_table():
        *outer, name = row.path
        if outer and outer[0] != section:
            section = outer[0]
            text += f"\n# {_doc(section)}\n[{section}]\n"
        elif not outer:
            text += "\n"
        value = f"{name} = {_literal(row.default)}" if row.is_set else f"# {name} = {_literal(row.example)}"
        text += f"# {row.sentence}\n{value}\n"
    return text + _TOML_TAIL


def as_dotenv() -> str:
    """Return the example of a .env file: every variable, commented out, with its default or an example."""
    text = _ENV_HEAD
    for row in settings_table():
        text += f"\n# {row.sentence}\n# {row.variable}={_plain(row.default if row.is_set else row.example)}\n"
    return text


def as_markdown() -> str:
    """Return the table of settings for README.md."""
    rows = [
        f"| `{row.name}` | {f'`{_plain(row.default)}`' if row.is_set and row.default != () else ''} | {row.sentence} |"
        for row in [*settings_table(), *_sink_rows()]
    ]
    return "\n".join(["| Setting | Default | What it is |", "|---|---|---|", *rows])


def in_readme(readme: str) -> str:
    """Return the text of README.md with the table of today between its markers.

    Raises:
        SettingsError: if the markers are not there.
    """
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise SettingsError(
            f"README.md lacks the markers {START} and {END}.", remedy="Put them where the table belongs."
        )
    return f"{before}{START}\n{as_markdown()}\n{END}{after}"


def documents(root: Path) -> dict[Path, str]:
    """Return what each document below `root` should hold."""
    readme = root / "README.md"
    return {
        root / "config" / "sfsync.toml": as_toml(),
        root / ".env.example": as_dotenv(),
        readme: in_readme(readme.read_text(encoding="utf-8")),
    }


def _sink_rows() -> list[Row]:
    fields = SinkSettings.model_fields.items()
    return [Row(("sinks", "NAME", name), one.get_default(), None, one.description or "") for name, one in fields]


def _field(path: tuple[str, ...]) -> FieldInfo:
    *outer, name = path
    owner = _section(outer[0]) if outer else Settings
    return owner.model_fields[name]


def _section(name: str) -> type[Section]:
    default = Settings.model_fields[name].get_default()
    return type(default)


def _doc(section: str) -> str:
    return (_section(section).__doc__ or "").strip()


def _literal(value: Any) -> str:
    """Write a value as TOML does."""
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _plain(value: Any) -> str:
    """Write a value as a variable holds it."""
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
