"""Keys say which deal an order is for, and nothing else passes for one."""

from __future__ import annotations

import pytest

from sfsync.domain.keys import deal_of, line_key, order_key, reduction_key, reduction_number
from tests.builders import DEAL_ID


def test_keys_count_orders_and_lines_and_have_no_dots() -> None:
    assert order_key(DEAL_ID) == f"{DEAL_ID}-1"
    assert line_key(order_key(DEAL_ID, 2), 13) == f"{DEAL_ID}-2-13"


def test_an_order_key_names_its_deal() -> None:
    assert deal_of(order_key(DEAL_ID, 12)) == DEAL_ID


@pytest.mark.parametrize("key", [None, "", DEAL_ID, f"{DEAL_ID}-0", f"{DEAL_ID}-1-1", "001000000000001AAA-1", "SO-17"])
def test_other_texts_name_no_deal(key: str | None) -> None:
    assert deal_of(key) is None


def test_a_reduction_has_the_key_of_its_original_and_a_number() -> None:
    key = reduction_key("006000000000001AAA-1", 12)

    assert key == "006000000000001AAA-1-R12"
    assert (reduction_number(key), deal_of(key)) == (12, "006000000000001AAA")
    assert reduction_number(line_key(key, 1)) is None
    assert reduction_number(None) is None
    assert deal_of(reduction_key("801000000000001AAA", 1)) is None
