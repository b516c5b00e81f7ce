from __future__ import annotations

from dataclasses import replace

import pytest

from sfsync.domain.soundness import DOUBLED, NOT_WRITTEN_DOWN, PROMISES, Breach, OrderState, contradictions
from sfsync.domain.statuses import Status, StatusMap

SOUND = OrderState("006-1", "801", "Activated", "Active", "Activated", "Activated", None, marked=False)
MAP = StatusMap({Status.DRAFT: "Draft", Status.ACTIVATED: "Active", Status.FULFILLED: "Done", Status.CANCELLED: "Off"})


@pytest.mark.parametrize(
    ("order", "codes"),
    [
        (SOUND, []),
        (replace(SOUND, org_status="Fulfilled"), ["wrong_status"]),
        (replace(SOUND, org_status=None), ["told_too_early"]),
        (replace(SOUND, in_doubt="update", marked=True), []),
        (replace(SOUND, in_doubt="update"), ["update_unmarked"]),
        (replace(SOUND, in_doubt="update", marked=True, sf_id=None), ["update_unmarked"]),
        (replace(SOUND, in_doubt="create", marked=True), ["doubt_unmarked"]),
        (replace(SOUND, in_doubt="create", marked=True, sf_id=None), []),
    ],
)
def test_an_order_that_contradicts_itself_breaks_a_promise(order: OrderState, codes: list[str]) -> None:
    assert [found.promise.code for found in contradictions([order], MAP.to_local)] == codes


def test_a_breach_names_the_first_records_and_the_lane_that_stands_still() -> None:
    assert Breach(DOUBLED, tuple("abcdefg")).message == (
        "Two living orders in the org carry the same key: a, b, c, d, e and 2 more. "
        "The generate lane stands still until that is repaired. " + DOUBLED.remedy
    )
    assert Breach(NOT_WRITTEN_DOWN, ()).message.startswith("More orders were created than the journal tells of. The")
    assert all(code == promise.code for code, promise in PROMISES.items())
