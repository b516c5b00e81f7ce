"""A starting point in an empty folder: a settings file, a place for secrets and the database."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.config import load_settings
from sfsync.config.document import as_toml
from sfsync.config.sources import CONFIG_VARIABLE, DOTENV, FILES
from sfsync.errors import SettingsError, SfsyncError, UsageError
from sfsync.store.engine import open_database

if TYPE_CHECKING:
    from datetime import date

    from sfsync.config import Settings

_DOTENV = """\
# Secrets of sfsync, readable by you alone: keep this file out of version control and out of backups that others read.
# Take the hash sign away and fill in the consumer secret of the external client app (client credentials flow).
# SFSYNC_SALESFORCE__CLIENT_SECRET=
# Or, for the JWT bearer flow, set username and private_key_file in the settings file instead.
"""


@dataclass(frozen=True, slots=True)
class Started:
    """What is there now, and what of it was made just now."""

    config: Path
    config_made: bool
    dotenv: Path
    dotenv_made: bool
    database: str
    since: date | None
    """The first close date of deals that become orders; None: all won deals there ever were."""
    missing: str | None
    """What is not set yet that an org needs."""


def start(*, since: date, login_url: str | None = None, client_id: str | None = None) -> Started:
    """Write a settings file and a .env, unless they are there, and set the database up. Nothing is overwritten.

    Args:
        since: Deals closed before this day do not become orders.
        login_url: The org's My Domain.
        client_id: The consumer key of the external client app.

    Raises:
        UsageError: if a value was given and the settings file exists already, or a file cannot be written.
        SettingsError: if a value, or another setting of this process, is wrong; then nothing is left behind.
        DatabaseRefused, DatabaseUnavailable: if the database cannot be used.
    """
    config = _settings_file()
    given = {"login_url": login_url, "client_id": client_id}
    if config.exists() and any(given.values()):
        raise UsageError(f"{config} exists already, and is not changed.", remedy="Change it yourself, or move it away.")
    made: list[Path] = []
    try:
        if _create(config, _settings_text(since, given), 0o644):
            made.append(config)
        if _create(DOTENV, _DOTENV, 0o600):
            made.append(DOTENV)
        settings = load_settings()
    except SfsyncError:
        for path in made:
            path.unlink()
        raise
    database = open_database(settings.database_url)
    database.close()
    return Started(
        config=config,
        config_made=config in made,
        dotenv=DOTENV,
        dotenv_made=DOTENV in made,
        database=database.shown_url,
        since=settings.orders.since,
        missing=_missing(settings),
    )


def _missing(settings: Settings) -> str | None:
    try:
        settings.org(settings.org_names[0])
    except SettingsError as error:
        return error.message
    return None


def _settings_file() -> Path:
    """Return the settings file that sfsync would read here, or the one that it would read if it were there."""
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    in_folder, plain = FILES
    return next((path for path in FILES if path.is_file()), in_folder if in_folder.parent.is_dir() else plain)


def _settings_text(since: date, given: dict[str, str | None]) -> str:
    text = _with(as_toml(), "since", since.isoformat())
    for name, value in given.items():
        if value:
            text = _with(text, name, value)
    return text


def _with(text: str, name: str, value: str) -> str:
    """Set a setting whose line is commented out: the first of that name, which is the one of its own section."""
    line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
    text, changed = re.subn(rf"^# {name} = .*$", lambda _: line, text, count=1, flags=re.MULTILINE)
    if not changed:
        raise ValueError(f"the settings file has no line for {name}")
    return text


def _create(path: Path, text: str, mode: int) -> bool:
    """Write a new file and return True; False if there is one."""
    try:
        # Made with its rights, not given them afterwards: a secret must not be readable for a moment.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return False
    except OSError as exc:
        raise UsageError(
            f"{path} cannot be written ({exc.strerror}).", remedy="Start sfsync in a folder that you may write."
        ) from exc
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return True
