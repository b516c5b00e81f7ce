"""Tries are spaced by what went wrong: seconds, minutes, hours, or not before something changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.retry import Trouble, retry_at
from tests.builders import NOW


@pytest.mark.parametrize(
    ("trouble", "delays"),
    [
        (Trouble.LOCK, [timedelta(seconds=s) for s in (2, 4, 8, 15, 30, 60, 60, 60)]),
        (Trouble.UNAVAILABLE, [timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30, 30, 30)]),
        (Trouble.REFUSED, [timedelta(hours=h) for h in (1, 4, 12, 24)]),
    ],
)
def test_the_wait_grows_with_the_tries(trouble: Trouble, delays: list[timedelta]) -> None:
    retries = [retry_at(trouble, attempts, NOW, jitter=0) for attempts in range(1, len(delays) + 1)]

    assert retries == [NOW + delay for delay in delays]


def test_a_refusal_is_not_tried_for_ever() -> None:
    assert retry_at(Trouble.REFUSED, 5, NOW, jitter=0) is None


def test_jitter_lengthens_a_wait_by_up_to_a_quarter() -> None:
    assert retry_at(Trouble.LOCK, 3, NOW, jitter=1) == NOW + timedelta(seconds=10)


@given(st.sampled_from([Trouble.LOCK, Trouble.UNAVAILABLE]), st.integers(1, 10**9), st.floats(0, 1))
def test_a_retry_is_always_later(trouble: Trouble, attempts: int, jitter: float) -> None:
    again = retry_at(trouble, attempts, NOW, jitter=jitter)

    assert again is not None
    assert again > NOW


def test_nothing_is_retried_before_it_failed() -> None:
    with pytest.raises(ValueError, match="at least one"):
        retry_at(Trouble.LOCK, 0, NOW, jitter=0)
