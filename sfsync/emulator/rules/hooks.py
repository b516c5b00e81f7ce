"""The moments at which an object's rules are asked, and the few errors that several objects share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sfsync.emulator.errors import ApiError
from sfsync.emulator.rounding import round_half_up
from sfsync.emulator.values import out_of_range

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row


_WHOLE_DIGITS = 16  # of a currency field of 18 digits, 2 of them decimals


class BeforeDelete(Protocol):
    """Refuses a delete by raising; cascaded says that the parent goes too."""

    def __call__(self, writer: Writer, row: Row, *, cascaded: bool) -> None:
        """Raise to refuse."""


@dataclass(frozen=True)
class Rules:
    """Functions of one object. before_insert and before_update may set fields of the new row.

    before_update gets the names sent; answering False means: succeed, but leave the row untouched.
    hard_delete: records deleted on their own skip the recycle bin.
    """

    before_insert: Callable[[Writer, Row], None] | None = None
    after_insert: Callable[[Writer, Row], None] | None = None
    before_update: Callable[[Writer, Row, Row, frozenset[str]], bool | None] | None = None
    after_update: Callable[[Writer, Row, Row], None] | None = None
    before_delete: BeforeDelete | None = None
    after_delete: Callable[[Writer, Row], None] | None = None
    hard_delete: bool = False


def integrity(message: str, *fields: str) -> ApiError:
    """A FIELD_INTEGRITY_EXCEPTION."""
    return ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message, fields)


def failed_activation(message: str) -> ApiError:
    """A FAILED_ACTIVATION, whose fields are always empty [facts: orders 4.3]."""
    return ApiError(400, "FAILED_ACTIVATION", message, [])


def required(*fields: str) -> ApiError:
    """A REQUIRED_FIELD_MISSING in the general wording."""
    message = f"Required fields are missing: [{', '.join(fields)}]"
    return ApiError(400, "REQUIRED_FIELD_MISSING", message, fields)


def read_only(writer: Writer) -> ApiError:
    """The refusal for want of a permission [facts: api 5.4]."""
    status = writer.settings.readonly_status
    return ApiError(status, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", [])


def cents(amount: Decimal, label: str) -> Decimal:
    """Round half up to the cent, as currency fields are saved.

    Raises:
        ApiError: NUMBER_OUTSIDE_VALID_RANGE if a computed amount has more digits than the field of that label.
    """
    if amount.adjusted() >= _WHOLE_DIGITS:
        raise out_of_range(label, amount)
    return round_half_up(amount, 2)
