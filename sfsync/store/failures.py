"""The one place where errors of the database drivers become ours, with words for people."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from sfsync.errors import DatabaseRefused, DatabaseUnavailable
from sfsync.store.connect import SETTING, shown

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy.engine import URL

Failure = type[DatabaseRefused] | type[DatabaseUnavailable]
Row = tuple[Failure, str, str]

_FOLDER = "Give this user the right to write the file and its folder."
_BACKUP = "Restore it from a backup; or move it away: what the org holds is read again, the journal is not."
_LATER = "Try again in a moment; if it stays so, look for the program that keeps a transaction open."
# By primary result code: https://www.sqlite.org/rescode.html
_SQLITE: dict[int, Row] = {
    sqlite3.SQLITE_BUSY: (DatabaseUnavailable, "is locked by another program", _LATER),
    sqlite3.SQLITE_LOCKED: (DatabaseUnavailable, "is locked by another program", _LATER),
    sqlite3.SQLITE_FULL: (DatabaseUnavailable, "cannot grow: the disk is full", "Free some space and try again."),
    sqlite3.SQLITE_IOERR: (DatabaseUnavailable, "could not be read or written", "Check the disk, then try again."),
    sqlite3.SQLITE_READONLY: (DatabaseRefused, "may not be written by this user", _FOLDER),
    sqlite3.SQLITE_PERM: (DatabaseRefused, "may not be written by this user", _FOLDER),
    sqlite3.SQLITE_CANTOPEN: (DatabaseRefused, "cannot be opened by this user", _FOLDER),
    sqlite3.SQLITE_CORRUPT: (DatabaseRefused, "is damaged", _BACKUP),
    sqlite3.SQLITE_NOTADB: (
        DatabaseRefused,
        "is not an SQLite database",
        f"Name another file in {SETTING}, or move this one away.",
    ),
}

_LOGIN = f"Check user and password in {SETTING}."
_CREATE = f"Create it with createdb, or correct {SETTING}."
_RIGHTS = "Give this user the right to create and write tables there (GRANT CREATE, USAGE ON SCHEMA …)."
_SERVER = f"Check that the server runs and that {SETTING} names its host and port; then try again."
# By SQLSTATE or its first two digits: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL: dict[str, Row] = {
    "08": (DatabaseUnavailable, "does not answer", _SERVER),
    "28": (DatabaseRefused, "refused the login", _LOGIN),
    "3D000": (DatabaseRefused, "does not exist", _CREATE),
    "42501": (DatabaseRefused, "does not give this user the rights that sfsync needs", _RIGHTS),
    "3F000": (DatabaseRefused, "has no schema that this user may use", _RIGHTS),
    "25006": (DatabaseRefused, "is read-only (a standby?)", f"Name the primary server in {SETTING}."),
    "40": (DatabaseUnavailable, "gave way to another program's transaction", "Try again."),
    "53100": (DatabaseUnavailable, "cannot grow: the server's disk is full", "Free some space and try again."),
    "53300": (DatabaseUnavailable, "has no connection left", "Try again later, or raise max_connections."),
    "53": (DatabaseUnavailable, "is short of resources", "Try again later."),
    "55P03": (DatabaseUnavailable, "is locked by another program", _LATER),
    "57": (DatabaseUnavailable, "was shut down or cancelled the statement", _SERVER),
    "58": (DatabaseUnavailable, "has trouble with its disk", "Look into the server's log, then try again."),
}
# A connection that was never made has no SQLSTATE, only the server's words (in English unless it was told otherwise).
_WORDS: tuple[tuple[str, str], ...] = (
    ("authentication failed", "28"),
    ("no password supplied", "28"),
    ("pg_hba.conf", "28"),
    ("role ", "28"),
    ("permission denied for database", "42501"),
    ("database ", "3D000"),
    ("too many clients", "53300"),
    ("connection slots", "53300"),
)


@contextmanager
def translated(url: URL) -> Generator[None]:
    """Turn what the drivers raise in the block into our errors; bugs, such as wrong SQL, pass as they are.

    Raises:
        DatabaseRefused: if the database cannot be used as it is.
        DatabaseUnavailable: if it is locked, full or does not answer.
    """
    try:
        yield
    except NoConnectionFree as exc:
        message = f"All connections to the database {shown(url)} are in use."
        raise DatabaseUnavailable(message, remedy="Try again later.") from exc
    except (DBAPIError, sqlite3.Error) as exc:
        origin = exc.orig if isinstance(exc, DBAPIError) else exc
        found = _sqlite(origin) if isinstance(origin, sqlite3.Error) else _postgresql(origin)
        if found is None:
            raise
        failure, what, remedy = found
        own_words = _first_line(origin, url) if failure is DatabaseUnavailable or remedy == _LOGIN else ""
        raise failure(f"The database {shown(url)} {what}{own_words}.", remedy=remedy) from exc


def _sqlite(error: sqlite3.Error) -> Row | None:
    return _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)


def _postgresql(error: BaseException | None) -> Row | None:
    state = getattr(error, "sqlstate", None)
    if state is not None:
        return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
    if type(error).__name__ not in ("OperationalError", "ConnectionTimeout", "InterfaceError"):
        return None
    text = str(error)
    # Only a server that answered says FATAL; all else is about reaching it.
    code = next((code for words, code in _WORDS if words in text), "08") if "FATAL" in text else "08"
    return _POSTGRESQL[code]


def _first_line(error: BaseException | None, url: URL) -> str:
    """Return the driver's own first line in brackets, without the password should it hold it."""
    line = str(error).strip().partition("\n")[0].rstrip(".")
    for secret in (url.password, url.query.get("password")):
        if secret and isinstance(secret, str):
            line = line.replace(secret, "***")
    return f" ({line})" if line else ""
