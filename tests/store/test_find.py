"""Records are found by every name that people have for them, and orders are listed as they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.domain.model import Problem
from sfsync.domain.statuses import Status, StatusMap
from sfsync.errors import RecordNotFound, UsageError
from sfsync.store.deals import set_problems
from sfsync.store.find import OrderFilter, find, find_order, items_of, list_orders, rejection
from sfsync.store.opportunities import save_deals
from sfsync.store.orders import save_orders
from sfsync.store.tables import products
from tests.builders import DEAL_ID, NOW, ORDER_ID, deal, item, order

if TYPE_CHECKING:
    from sfsync.store.engine import Database

STATUSES = StatusMap({status: status.value for status in Status})


@pytest.fixture
def mirrored_order(db: Database) -> Database:
    """A deal and its order of one line."""
    with db.begin() as tx:
        save_deals(tx, "default", [deal()])
        save_orders(tx, "default", [order()], STATUSES.to_local, NOW)
    return db


@pytest.mark.parametrize(
    "name",
    [f"{DEAL_ID}-1", "00000100", "100", " 100 ", ORDER_ID, ORDER_ID[:15], ORDER_ID.lower(), DEAL_ID, DEAL_ID[:15],
     "802000000000001AAA", f"{DEAL_ID}-1-1"],
)  # fmt: skip
def test_an_order_is_found_by_key_number_id_line_and_deal(mirrored_order: Database, name: str) -> None:
    with mirrored_order.read() as tx:
        found = find(tx, "default", name)

    assert found.opportunity_id == DEAL_ID
    [facts] = found.orders
    assert (facts.sf_id, facts.handle, facts.lines) == (ORDER_ID, "00000100", 1)
    assert (facts.opportunity_name, facts.account_name) == (deal().name, "Apex Manufacturing")


@pytest.mark.parametrize("name", ["", "1000", "006000000000009AAA", "%", "00000101"])
def test_what_is_not_there_is_not_found(mirrored_order: Database, name: str) -> None:
    with mirrored_order.read() as tx, pytest.raises(RecordNotFound, match="holds nothing"):
        find(tx, "default", name)


def test_another_orgs_records_are_not_found(mirrored_order: Database) -> None:
    with mirrored_order.read() as tx, pytest.raises(RecordNotFound):
        find(tx, "emea", ORDER_ID)


@pytest.mark.parametrize("name", [DEAL_ID, f"{DEAL_ID}-1"])
def test_a_deal_without_an_order_is_found_also_by_the_key_that_its_order_would_have(db: Database, name: str) -> None:
    with db.begin() as tx:
        save_deals(tx, "default", [deal()])

        assert find(tx, "default", name).orders == ()
        with pytest.raises(RecordNotFound, match="has no order"):
            find_order(tx, "default", name)


def test_of_several_orders_of_a_deal_one_must_be_named_unless_only_one_stands(mirrored_order: Database) -> None:
    second = order(sf_id="801000000000002AAA", key=None, number="00000101", items=())
    with mirrored_order.begin() as tx:
        save_orders(tx, "default", [second], STATUSES.to_local, NOW)
        with pytest.raises(UsageError, match="2 orders: 00000100, 00000101"):
            find_order(tx, "default", DEAL_ID)

        gone = order(sf_id=second.sf_id, key=None, number="00000101", items=(), is_deleted=True)
        save_orders(tx, "default", [gone], STATUSES.to_local, NOW)

        assert find_order(tx, "default", DEAL_ID).sf_id == ORDER_ID


def test_lines_carry_the_products_names_from_wherever_they_are_known(mirrored_order: Database) -> None:
    with mirrored_order.begin() as tx:
        facts = find_order(tx, "default", ORDER_ID)
        assert [line.product_name for line in items_of(tx, facts)] == [None]

        tx.execute(
            products.insert().values(org="default", sf_id=item().product_id, name="GPS Tracker", product_code="G")
        )

        assert [(line.product_name, line.product_code) for line in items_of(tx, facts)] == [("GPS Tracker", "G")]


def test_the_list_tells_how_many_there_are_beyond_its_limit(mirrored_order: Database) -> None:
    more = [order(sf_id=f"80100000000000{n}AAA", key=None, number=f"0000010{n}", items=()) for n in range(2, 5)]
    with mirrored_order.begin() as tx:
        save_orders(tx, "default", more, STATUSES.to_local, NOW)

        found, number = list_orders(tx, "default", OrderFilter(), limit=2)

    assert [one.order_number for one in found] == ["00000104", "00000103"]
    assert number == 4


def test_a_rejection_is_told_with_its_time(db: Database) -> None:
    problem = Problem("no_account", "The deal has no account.")
    with db.begin() as tx:
        save_deals(tx, "default", [deal()])
        assert rejection(tx, "default", DEAL_ID) == ((), None)

        set_problems(tx, "default", {DEAL_ID: (problem,)}, NOW)

        assert rejection(tx, "default", DEAL_ID) == ((problem,), NOW)
