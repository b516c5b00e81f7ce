from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.salesforce import wire

if TYPE_CHECKING:
    from collections.abc import Callable


def test_decimals_are_written_digit_by_digit() -> None:
    written = wire.dumps({"UnitPrice": Decimal("12345678901234567.10"), "Name": "Ünal"})

    assert written == '{"UnitPrice":12345678901234567.10,"Name":"Ünal"}'.encode()


def test_a_value_without_a_json_form_is_not_written() -> None:
    with pytest.raises(TypeError):
        wire.dumps({"EffectiveDate": date(2026, 1, 1)})


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (Decimal("33.3"), Decimal("33.30")),
        (7, Decimal("7.00")),
        (Decimal("1.0E7"), Decimal("10000000.00")),
        (Decimal("0.005"), Decimal("0.01")),
        (Decimal("-0.005"), Decimal("-0.01")),
        (None, None),
    ],
)
def test_numbers_become_decimals_with_two_digits(value: object, read: Decimal | None) -> None:
    found = wire.decimal(value, "Amount")

    assert found == read
    assert found is None or found.as_tuple().exponent == -2


@pytest.mark.parametrize(
    "written", ["2026-01-01T10:00:00.000+0000", "2026-01-01T10:00:00Z", "2026-01-01T11:00:00.000+01:00"]
)
def test_times_are_read_as_utc(written: str) -> None:
    read = wire.parse_datetime(written)

    assert read == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert read.tzinfo is UTC


def test_dates_texts_flags_and_whole_numbers_are_read_as_they_are() -> None:
    assert wire.parse_date("2026-02-28") == date(2026, 2, 28)
    assert wire.text("Draft", "Status") == "Draft"
    assert wire.boolean(False, "IsWon") is False  # noqa: FBT003
    assert wire.integer(3, "SortOrder") == 3


@pytest.mark.parametrize("read", [wire.text, wire.integer, wire.decimal, wire.parse_date, wire.parse_datetime])
def test_null_stays_null(read: Callable[[object, str], object]) -> None:
    assert read(None, "Field") is None


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (wire.text, 5),
        (wire.boolean, None),
        (wire.boolean, "yes"),
        (wire.integer, True),
        (wire.integer, Decimal("1.5")),
        (wire.decimal, 1.5),
        (wire.decimal, "1.5"),
        (wire.decimal, True),
        (wire.decimal, Decimal("1E40")),
        (wire.parse_datetime, 1700000000000),
        (wire.parse_datetime, "yesterday-secret"),
        (wire.parse_datetime, "2026-01-01T10:00:00"),
        (wire.parse_date, 20260101),
        (wire.parse_date, "2026-02-30"),
        (wire.parse_date, "2026-02-28T00:00:00Z"),
        (wire.required, None),
    ],
)
def test_what_does_not_fit_is_refused_by_naming_the_field_but_not_the_value(
    read: Callable[[object, str], object], value: object
) -> None:
    with pytest.raises(ValueError, match=r"Deal\.Field") as caught:
        read(value, "Deal.Field")

    assert value in (None, True) or str(value) not in str(caught.value)


def test_a_required_value_is_passed_on() -> None:
    assert wire.required("001", "Id") == "001"


def test_times_are_sent_in_utc_down_to_the_second() -> None:
    when = datetime(2026, 1, 1, 1, 30, 5, 999000, tzinfo=timezone(timedelta(hours=2)))

    assert wire.format_datetime(when) == "2025-12-31T23:30:05Z"


def test_a_time_without_a_zone_is_not_sent() -> None:
    with pytest.raises(ValueError, match="zone"):
        wire.format_datetime(datetime(2026, 1, 1))  # noqa: DTZ001
