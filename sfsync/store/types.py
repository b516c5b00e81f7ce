"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import DateTime
from sqlalchemy.types import TypeDecorator, UserDefinedType

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Dialect


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite drops the zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: they would be read back as something else."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every time its zone."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Exact(UserDefinedType[Decimal]):
    """A Decimal of 18 digits, 2 of them decimals, exact on both databases.

    SQLite has no decimal type: its NUMERIC columns hold doubles, which other programs can sum and
    compare, and which are exact to 15 digits. A value that would not survive is stored as unknown
    (null), never bent: a deal of that size is then rejected for want of a total. PostgreSQL takes it.
    """

    cache_ok = True

    _CENT = Decimal("0.01")

    def get_col_spec(self, **_kw: object) -> str:
        """Return the type's name in CREATE TABLE."""
        return "NUMERIC(18, 2)"

    def bind_processor(self, dialect: Dialect) -> Callable[[Decimal | None], object]:
        """Bind text on SQLite, the Decimal itself elsewhere."""
        if dialect.name != "sqlite":
            return lambda value: value
        return _as_sqlite_number

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[object], Decimal | None]:
        """Read back what was written, with two decimals."""
        del dialect, coltype
        return lambda value: None if value is None else Decimal(str(value)).quantize(self._CENT)


def _as_sqlite_number(value: Decimal | None) -> str | None:
    if value is None:
        return None
    if Decimal(repr(float(value))) != value:
        return None
    return format(value, "f")
