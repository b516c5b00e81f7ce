"""What we want, what the org last said, and what it says now, become one row again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.merge import Merged, merge

VALUES = st.sampled_from(["Draft", "Activated", "Fulfilled", None])


def test_where_nothing_was_wanted_the_org_is_followed() -> None:
    assert merge("Draft", "Draft", "Activated") == Merged("Activated", "Activated", conflict=False)


def test_what_is_wanted_survives_a_look_at_an_unchanged_org() -> None:
    assert merge("Activated", "Draft", "Draft") == Merged("Activated", "Draft", conflict=False)


def test_an_org_that_came_to_the_same_settles_the_wish() -> None:
    assert merge("Activated", "Draft", "Activated") == Merged("Activated", "Activated", conflict=False)


def test_different_changes_on_both_sides_are_a_conflict_and_the_wish_is_kept() -> None:
    assert merge("Activated", "Draft", "Cancelled") == Merged("Activated", "Cancelled", conflict=True)


@given(VALUES, VALUES, VALUES)
def test_the_org_is_always_remembered_as_it_is_now(want: str | None, seen: str | None, now: str | None) -> None:
    assert merge(want, seen, now).seen == now


@given(VALUES, VALUES, VALUES)
def test_no_wish_is_lost(want: str | None, seen: str | None, now: str | None) -> None:
    if want != seen:
        assert merge(want, seen, now).want == want
