from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sfsync.service.nightly import next_after

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("02:30", datetime(2026, 3, 3, 2, 30, tzinfo=UTC)),
        ("09:00", NOW + timedelta(days=1)),
        ("09:01", NOW + timedelta(minutes=1)),
        ("", None),
    ],
)
def test_the_next_reconcile_is_at_the_next_such_time_of_day(at: str, expected: datetime | None) -> None:
    assert next_after(at, NOW) == expected
