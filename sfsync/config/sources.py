"""Where settings come from: defaults, then the settings file, then .env, then the environment."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

from sfsync.config.orgs import SalesforceSettings, read_secret
from sfsync.config.section import ENV_DELIMITER, ENV_PREFIX, Section, did_you_mean, env_name
from sfsync.config.settings import Settings
from sfsync.config.sinks import SinkSettings
from sfsync.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic_core import ErrorDetails

CONFIG_VARIABLE = "SFSYNC_CONFIG"
NAMED: dict[str, type[Section]] = {"orgs": SalesforceSettings, "sinks": SinkSettings}
"""Sections that there are any number of, each with a name: [orgs.NAME], [sinks.NAME]."""
TEST_PREFIX = "SFSYNC_TEST_"
FILES = (Path("config/sfsync.toml"), Path("sfsync.toml"))
DOTENV = Path(".env")

_INSTEAD = {
    one: other
    for pair in (
        ("database_url", "database_url_file"),
        ("client_secret", "client_secret_file"),
        ("secret", "secret_file"),
        ("previous_secret", "previous_secret_file"),
    )
    for one, other in (pair, pair[::-1])
}
"""Settings that say the same in two ways: a source that gives one of them overrides the other too."""


class _Shape(Settings, BaseSettings):
    """Tells pydantic-settings how variables are spelled; never made."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter=ENV_DELIMITER, env_ignore_empty=True, extra="ignore"
    )


@dataclass(frozen=True, slots=True)
class _Layer:
    """The settings of one source."""

    name: str
    values: dict[str, Any]
    by_variable: bool

    def has(self, path: Sequence[str]) -> bool:
        """Say whether this source sets the setting at `path`."""
        values: Any = self.values
        for step in path:
            if not isinstance(values, dict) or step not in values:
                return False
            values = values[step]
        return True

    def shown(self, path: Sequence[str]) -> str:
        """Return how the user finds the setting at `path` in this source."""
        return f"{env_name(path)} (from {self.name})" if self.by_variable else f"{'.'.join(path)} (from {self.name})"


def load_settings(config_file: Path | None = None) -> Settings:
    """Read the settings of this process, from the folder it runs in.

    The settings file is `config_file`, else what SFSYNC_CONFIG names, else config/sfsync.toml or
    sfsync.toml where there is one. Credentials are not asked for before an org is needed.

    Raises:
        SettingsError: naming each setting that is misspelt or wrong and where it is set; never a value.
    """
    dotenv = {name: value for name, value in _dotenv_values().items() if name.upper().startswith(ENV_PREFIX)}
    _refuse_unknown(os.environ, "the environment")
    _refuse_unknown(dotenv, str(DOTENV))
    path = _config_file(config_file, {**dotenv, **os.environ})
    layers = [
        _Layer("the environment", _known(EnvSettingsSource(_Shape)()), by_variable=True),
        _Layer(str(DOTENV), _known(DotEnvSettingsSource(_Shape, env_file=DOTENV)()), by_variable=True),
        *([_Layer(str(path), _read_toml(path), by_variable=False)] if path else []),
    ]
    values: dict[str, Any] = {}
    for layer in reversed(layers):
        values = _merged(values, layer.values)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as exc:
        # The cause is left out: pydantic keeps the values it was given, secrets included.
        raise SettingsError(" ".join(_told(error, layers) for error in exc.errors(include_input=False))) from None
    return _with_database_url(settings, layers)


def _refuse_unknown(variables: Iterable[str], source: str) -> None:
    for variable in variables:
        name = variable.upper()
        if not name.startswith(ENV_PREFIX) or name.startswith(TEST_PREFIX):
            continue
        known = _variables(name)
        if name not in known:
            raise SettingsError(
                f"{variable} (in {source}) is not a setting.",
                remedy=did_you_mean(name, known, prefix=ENV_PREFIX) or "All settings are listed in config/sfsync.toml.",
            )


def _variables(name: str) -> set[str]:
    """Return the variables there are, those of the org that `name` speaks of included."""
    variables = {env_name(path) for path in setting_paths()} | {CONFIG_VARIABLE}
    match name.removeprefix(ENV_PREFIX).split(ENV_DELIMITER):
        case [outer, section, _] if section and outer.lower() in NAMED:
            outer = outer.lower()
            variables |= {env_name((outer, section, field)) for field in NAMED[outer].model_fields}
    return variables


def setting_paths() -> list[tuple[str, ...]]:
    """Return the path of every setting, in the order of the documents, but for the sections that have names."""
    paths: list[tuple[str, ...]] = []
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            paths += [(name, inner) for inner in field.annotation.model_fields]
        elif name not in NAMED:
            paths.append((name,))
    return paths


def _config_file(given: Path | None, variables: Mapping[str, str | None]) -> Path | None:
    if given is not None:
        return given
    if named := variables.get(CONFIG_VARIABLE):
        return Path(named)
    return next((path for path in FILES if path.is_file()), None)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise SettingsError(
            f"The settings file {path} cannot be read ({exc.strerror}).",
            remedy=f"Check the path ({CONFIG_VARIABLE}) and its rights.",
        ) from exc
    except UnicodeDecodeError:  # left out as a cause here and below: it holds the bytes of the file
        raise SettingsError(f"The settings file {path} is not text in UTF-8.", remedy="Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(
            f"The settings file {path} is not valid TOML: {exc}.", remedy="Correct that line; texts stand in quotes."
        ) from exc


def _dotenv_values() -> dict[str, str | None]:
    try:
        return dotenv_values(DOTENV, encoding="utf-8")
    except OSError as exc:
        raise SettingsError(f"{DOTENV} cannot be read ({exc.strerror}).", remedy="Correct its rights.") from exc
    except UnicodeDecodeError:
        raise SettingsError(f"{DOTENV} is not text in UTF-8.", remedy="Save it as UTF-8.") from None


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in Settings.model_fields}


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    replaced = {_INSTEAD[name] for name in over if name in _INSTEAD}
    result = {name: value for name, value in base.items() if name not in replaced}
    for name, value in over.items():
        before = result.get(name)
        result[name] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return result


def _told(error: ErrorDetails, layers: Sequence[_Layer]) -> str:
    path = tuple(str(step) for step in error["loc"])
    while not any(layer.has(path) for layer in layers):  # a value of a list: name the list
        path = path[:-1]
    layer = next(layer for layer in layers if layer.has(path))
    where = layer.shown(path)
    if error["type"] == "extra_forbidden":
        hint = did_you_mean(".".join(path), _names(path))
        return f"{where} is not a setting." + (f" {hint}" if hint else "")
    if error["type"] in ("model_type", "dict_type"):
        return f"{where} should be a section, [{'.'.join(path)}]."
    reason = error["msg"].removeprefix("Value error, ").replace("Input should", "should")
    return f"{where}: {reason}."


def _names(path: Sequence[str]) -> set[str]:
    """Return the names that could have been meant by `path`: settings, and on the top level sections too."""
    if path[0] in NAMED:
        return {".".join((*path[:2], field)) for field in NAMED[path[0]].model_fields}
    names = {".".join(known) for known in setting_paths()}
    return names | set(Settings.model_fields) if len(path) == 1 else names


def _with_database_url(settings: Settings, layers: Sequence[_Layer]) -> Settings:
    """Read the database URL from its file, where the nearest source that speaks of it names one."""
    if settings.database_url_file is None:
        return settings
    if "database_url" in settings.model_fields_set:
        both = next(layer for layer in layers if layer.has(["database_url"]))
        raise SettingsError(f"{both.name} sets both database_url and database_url_file.", remedy="Keep one of them.")
    url = read_secret(settings.database_url_file, "database_url_file")
    return settings.model_copy(update={"database_url": url})
