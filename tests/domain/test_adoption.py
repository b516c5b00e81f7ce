"""An order that was already made for a deal is found, and the right one of several."""

from __future__ import annotations

import pytest

from sfsync.domain.adoption import choose
from tests.builders import DEAL_ID, order

KEY = f"{DEAL_ID}-1"


def test_a_deal_without_orders_has_none_to_adopt() -> None:
    assert choose([], KEY) is None


def test_our_own_order_comes_before_older_ones_of_others() -> None:
    older, ours = order(sf_id="801A", key=None, number="00000100"), order(sf_id="801B", key=KEY, number="00000101")

    assert choose([older, ours], KEY) is ours


def test_the_oldest_order_of_others_is_adopted() -> None:
    orders = [order(key=None, number=number) for number in ("00000102", "00000101", "100000000")]

    assert choose(orders, KEY) is orders[1]


def test_orders_without_a_number_come_last_and_ids_break_the_tie() -> None:
    numbered = order(sf_id="801C", key=None, number="00000109")
    a, b = order(sf_id="801A", key=None, number=None), order(sf_id="801B", key=None, number=None)

    assert choose([b, a, numbered], KEY) is numbered
    assert choose([b, a], KEY) is a


@pytest.mark.parametrize("code", ["Canceled", "Cancelled", "Expired"])
def test_a_cancelled_order_is_adopted_only_if_there_is_no_other(code: str) -> None:
    cancelled = order(key=None, number="00000100", status_code=code)
    standing = order(key=None, number="00000101")

    assert choose([cancelled, standing], KEY) is standing
    assert choose([cancelled], KEY) is cancelled


@pytest.mark.parametrize("state", [{"is_deleted": True}, {"is_reduction": True}])
@pytest.mark.parametrize("key", [KEY, None])
def test_deleted_orders_and_reductions_never_answer_for_a_deal(state: dict[str, bool], key: str | None) -> None:
    assert choose([order(key=key, **state)], KEY) is None


def test_another_order_of_ours_for_the_same_deal_is_not_this_one() -> None:
    assert choose([order(key=f"{DEAL_ID}-2")], KEY) is None
