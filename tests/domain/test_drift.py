from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from sfsync.domain.drift import WHY, Drift, Held, Kind, Shown, Tally, is_on_its_way, judge, kinds, looks_hidden, summary
from sfsync.domain.position import Position

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=1)
ALIVE, DELETED = Shown(NOW), Shown(NOW, is_deleted=True)
SAME = Held(NOW)
LOOKBACK = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("shown", "held", "columns", "kind"),
    [
        (None, None, (), None),
        (None, Held(NOW, is_deleted=True), (), None),
        (None, SAME, (), Kind.VANISHED),
        (ALIVE, None, (), Kind.MISSED_NEW),
        (DELETED, None, (), None),
        (DELETED, Held(BEFORE, is_deleted=True), ("name",), None),
        (DELETED, SAME, (), Kind.MISSED_DELETE),
        (Shown(NOW, is_deleted=True, merged=True), SAME, (), Kind.MERGED),
        (ALIVE, Held(BEFORE, is_deleted=True), (), Kind.UNDELETED),
        (ALIVE, Held(NOW, is_deleted=True), (), Kind.TAMPERED),
        (ALIVE, SAME, (), None),
        (ALIVE, Held(NOW, orphan=True), (), Kind.LINE_WITHOUT_ORDER),
        (ALIVE, Held(BEFORE), ("name",), Kind.MISSED_CHANGE),
        (ALIVE, Held(None), ("name",), Kind.MISSED_CHANGE),
        (ALIVE, Held(NOW + LOOKBACK), ("name",), Kind.AHEAD),
        (ALIVE, Held(NOW, touched=True), ("name",), Kind.TAMPERED),
        (ALIVE, SAME, ("name",), Kind.UNSTAMPED),
    ],
)
def test_what_the_org_shows_and_what_the_mirror_holds_tell_the_kind(
    shown: Shown | None, held: Held | None, columns: tuple[str, ...], kind: Kind | None
) -> None:
    assert judge(shown, held, columns, on_its_way=False) == kind


@pytest.mark.parametrize(
    ("shown", "held", "columns", "kind"),
    [
        (None, SAME, (), None),
        (ALIVE, None, (), None),
        (DELETED, SAME, (), None),
        (ALIVE, Held(BEFORE, is_deleted=True), (), None),
        (ALIVE, Held(BEFORE), ("name",), None),
        (ALIVE, SAME, ("name",), None),
        (ALIVE, Held(NOW, touched=True), ("name",), Kind.TAMPERED),
        (ALIVE, Held(NOW, is_deleted=True), (), None),
        (ALIVE, Held(NOW + LOOKBACK, is_deleted=True), (), Kind.TAMPERED),
        (ALIVE, Held(NOW + LOOKBACK), ("name",), Kind.AHEAD),
    ],
)
def test_what_is_on_its_way_is_no_drift_but_what_somebody_wrote_here_is(
    shown: Shown | None, held: Held | None, columns: tuple[str, ...], kind: Kind | None
) -> None:
    assert judge(shown, held, columns, on_its_way=True) == kind


def test_a_record_that_only_the_delete_log_names_was_deleted_for_good() -> None:
    assert judge(None, SAME, (), on_its_way=False, logged=True) is Kind.HARD_DELETED


@pytest.mark.parametrize(
    ("stamp", "sf_id", "again", "expected"),
    [
        (NOW, "b", False, True),
        (NOW, "a", False, False),
        (NOW + LOOKBACK, "a", False, True),
        (NOW, "a", True, True),
        (NOW - LOOKBACK, "a", True, True),
        (NOW - LOOKBACK - timedelta(seconds=1), "z", True, False),
    ],
)
def test_the_next_pull_reads_what_is_behind_the_cursor_and_what_it_looks_at_again(
    stamp: datetime, sf_id: str, *, again: bool, expected: bool
) -> None:
    assert is_on_its_way(stamp, sf_id, Position(NOW, "b"), lookback=LOOKBACK, again=again) is expected
    assert is_on_its_way(stamp, sf_id, None, lookback=LOOKBACK, again=again)


def test_many_records_that_vanish_at_once_look_like_a_lost_right() -> None:
    assert [looks_hidden(10, 10), looks_hidden(11, 21), looks_hidden(11, 22)] == [False, True, False]


def test_every_kind_is_explained_and_counted_in_words() -> None:
    tally = Tally("Order", found=Counter({Kind.TAMPERED: 1200, Kind.MERGED: 1}), repaired=Counter({Kind.MERGED: 1}))

    assert WHY.keys() == set(Kind)
    assert tally.open == 1200
    assert kinds(tally.found) == "1 merged in the org, 1,200 changed here"
    assert summary([Tally("Account"), tally]) == "Order: 1 merged in the org, 1,200 changed here"
    assert Drift("Order", "801", Kind.MISSED_CHANGE, ("name", "type")).what == "outdated here: name, type"
