"""A forecast of the API usage is only given where the org's own numbers carry it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sfsync.domain.usage import Sample, used_up_at
from tests.builders import NOW


def sample(minutes_ago: int, used: int, limit: int = 1000) -> Sample:
    return Sample(NOW - timedelta(minutes=minutes_ago), used, limit)


def test_what_is_left_divided_by_the_pace_says_when_it_is_used_up() -> None:
    found = used_up_at([sample(0, 600), sample(60, 500)], NOW)

    assert found == NOW + timedelta(hours=4)


def test_an_allowance_that_is_used_up_is_used_up_now() -> None:
    assert used_up_at([sample(60, 900), sample(5, 1000)], NOW) == NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    "samples",
    [
        [],
        [sample(0, 500)],
        [sample(29, 500), sample(0, 600)],
        [sample(60, 500), sample(0, 500)],
        [sample(60, 600), sample(0, 500)],
        [sample(60, 500), sample(0, 501)],  # in 499 hours: all of today's calls have dropped out by then
        [sample(7 * 60, 100), sample(0, 900)],  # of which only the last is of the last hours
    ],
)
def test_nothing_is_said_of_the_future_from_numbers_that_do_not_carry_it(samples: list[Sample]) -> None:
    assert used_up_at(samples, NOW) is None
