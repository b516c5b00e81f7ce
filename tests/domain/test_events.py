"""Who hears which event, and when a delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from sfsync.domain.events import ENTERED, LONGEST_ASKED, TRIES, EventType, Sink, next_try, of_reduction
from sfsync.domain.statuses import Status

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_sink_that_names_no_types_hears_all() -> None:
    assert all(Sink("any").wants(kind) for kind in EventType)


def test_a_sink_hears_the_types_it_names() -> None:
    sink = Sink("billing", frozenset({EventType.ORDER_FULFILLED}))

    assert [kind for kind in EventType if sink.wants(kind)] == [EventType.ORDER_FULFILLED]


def test_every_status_has_the_event_of_entering_it() -> None:
    assert set(ENTERED) == set(Status)


def test_an_original_is_told_when_a_reduction_begins_and_ceases_to_count() -> None:
    assert of_reduction("Draft", "Activated") is of_reduction(None, "Fulfilled") is EventType.ORDER_REDUCED
    assert of_reduction("Activated", "Draft") is EventType.ORDER_DEACTIVATED
    assert of_reduction("Fulfilled", "Cancelled") is EventType.ORDER_CANCELLED
    assert of_reduction("Activated", "Fulfilled") is of_reduction("Draft", "Cancelled") is None


def test_a_delivery_is_tried_for_more_than_three_days_and_then_given_up() -> None:
    at, tries = NOW, 0
    while (again := next_try(tries + 1, at, jitter=0.0)) is not None:
        tries, at = tries + 1, again

    assert tries == len(TRIES)
    assert timedelta(days=3) < at - NOW < timedelta(days=4)


def test_the_waits_grow_and_are_only_ever_lengthened_by_chance() -> None:
    waits = [next_try(n, NOW, jitter=0.0) for n in range(1, len(TRIES) + 1)]
    longest = [next_try(n, NOW, jitter=1.0) for n in range(1, len(TRIES) + 1)]

    assert waits == sorted(waits, key=str)
    assert all(short and late and short < late for short, late in zip(waits, longest, strict=True))


@pytest.mark.parametrize(
    ("asked", "wait"),
    [(timedelta(hours=3), timedelta(hours=3)), (timedelta(seconds=1), TRIES[0]), (timedelta(days=9), LONGEST_ASKED)],
)
def test_the_longer_of_our_wait_and_the_receivers_counts_up_to_a_day(asked: timedelta, wait: timedelta) -> None:
    assert next_try(1, NOW, jitter=0.0, asked=asked) == NOW + wait


def test_a_retry_follows_a_failure() -> None:
    with pytest.raises(ValueError, match="at least one"):
        next_try(0, NOW, jitter=0.0)
