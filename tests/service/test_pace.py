"""How long the daemon waits."""

from datetime import timedelta

import pytest

from sfsync.service.pace import LONGEST, PROBE, Ending, wait_after

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("ending", [Ending.DONE, Ending.HELD])
def test_after_a_cycle_the_next_one_comes_at_the_interval(ending: Ending) -> None:
    assert wait_after(ending, 0, MINUTE) == MINUTE


def test_while_the_org_is_away_each_wait_is_twice_as_long_up_to_a_limit() -> None:
    waits = [wait_after(Ending.AWAY, failures, MINUTE) for failures in (1, 2, 3, 4, 5, 10_000)]

    assert waits == [2 * MINUTE, 4 * MINUTE, 8 * MINUTE, LONGEST, LONGEST, LONGEST]


@pytest.mark.parametrize("failures", [1, 2, 100])
def test_an_org_that_sent_us_away_is_asked_again_every_five_minutes_at_most(failures: int) -> None:
    assert wait_after(Ending.REFUSED, failures, timedelta(seconds=1)) == PROBE


@pytest.mark.parametrize("ending", list(Ending))
def test_no_wait_is_shorter_than_the_interval(ending: Ending) -> None:
    assert wait_after(ending, 1, timedelta(hours=2)) >= timedelta(hours=2)
