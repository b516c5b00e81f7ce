"""How SOQL compares and sorts text, and tells local time: functions that SQLite lacks."""

from functools import lru_cache
from unicodedata import combining, normalize
from weakref import WeakSet

from sfsync.emulator.database import Database
from sfsync.emulator.soql.moments import local_time

_READY: WeakSet[Database] = WeakSet()


@lru_cache(maxsize=8192)
def fold(text: str | None) -> str | None:
    """Return the text as it is compared for equality: without regard to case, in any script [facts: api 8.2]."""
    return None if text is None else text.lower()


@lru_cache(maxsize=8192)
def order_key(text: str | None) -> str | None:
    """Return what text is ordered by: letters first, then accents, as in the user's language [facts: api 8.3].

    Two texts have the same key exactly if they are equal but for case.
    """
    if text is None:
        return None
    folded = text.lower()
    if folded.isascii():
        return folded + "\0"
    letters = (char for char in normalize("NFKD", folded) if not combining(char))
    return f"{''.join(letters)}\0{folded}"


def prepare_functions(db: Database) -> None:
    """Make the functions known to a database's connection, once: doing it again would drop its compiled statements."""
    if db in _READY:
        return
    db.connection.create_function("soql_fold", 1, fold, deterministic=True)
    db.connection.create_function("soql_order", 1, order_key, deterministic=True)
    db.connection.create_function("soql_local", 2, local_time, deterministic=True)
    db.connection.create_collation("soql", _compare)
    _READY.add(db)


def _compare(left: str, right: str) -> int:
    first, second = order_key(left) or "", order_key(right) or ""
    return (first > second) - (first < second)
