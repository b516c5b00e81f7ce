"""Amounts and times come back from both databases as they were written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import StatementError

from sfsync.store.tables import accounts, opportunity_lines
from tests.mirror import mirrored

if TYPE_CHECKING:
    from sfsync.store.engine import Database


def stored(db: Database, amount: Decimal) -> Decimal | None:
    """Write an amount and read it back."""
    row = {"org": "default", "sf_id": "00k000000000001AAA", "opportunity_id": "006", "quantity": 1, "is_deleted": False}
    with db.begin() as tx:
        tx.execute(opportunity_lines.insert(), [row | {"quantity": Decimal(1), "total_price": amount}])
    total: Decimal | None = mirrored(db, "opportunity_lines")[0].total_price
    return total


@pytest.mark.parametrize("text", ["0.00", "33.33", "-0.01", "99999999999.99", "9999999999999.99", "7.50"])
def test_an_amount_comes_back_to_the_cent(db: Database, text: str) -> None:
    assert str(stored(db, Decimal(text))) == text


def test_an_amount_of_too_many_digits_for_sqlite_is_unknown_there_and_never_bent(db: Database) -> None:
    amount = Decimal("1234567890123456.78")

    assert stored(db, amount) == (None if db.kind == "sqlite" else amount)


def test_a_time_comes_back_in_utc(db: Database) -> None:
    at = datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=2)))
    with db.begin() as tx:
        tx.execute(
            accounts.insert(),
            [{"org": "default", "sf_id": "001000000000001AAA", "system_modstamp": at, "is_deleted": False}],
        )

    [account] = mirrored(db, "accounts")
    assert account.system_modstamp == at
    assert account.system_modstamp.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(db: Database) -> None:
    row = {"org": "default", "sf_id": "001000000000001AAA", "is_deleted": False}
    with pytest.raises(StatementError, match="without a zone"), db.begin() as tx:
        tx.execute(accounts.insert(), [row | {"system_modstamp": datetime(2026, 3, 2)}])  # noqa: DTZ001 - the point
