from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sfsync.domain.shipments import (
    LineToShip,
    PhysicalRule,
    ShipLabels,
    ShipStatus,
    ToShip,
    judge,
    line_key,
    next_number,
    reference_key,
    shipment_key,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LINE = LineToShip(1, "K-S1-1", Decimal(2), "802x", 7)
SHIPMENT = ToShip(1, "K-S1", None, 7, "801x", False, "K", None, {"status": "Created"}, (LINE,))  # noqa: FBT003 - a row


def test_a_whole_shipment_of_one_order_may_be_sent() -> None:
    assert judge(SHIPMENT) is None
    assert not SHIPMENT.waits


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (replace(SHIPMENT, order_id=None), "no_order"),
        (replace(SHIPMENT, order_deleted=True), "order_deleted"),
        (replace(SHIPMENT, key="a.b"), "bad_key"),
        (replace(SHIPMENT, lines=(replace(LINE, item_order_id=None),)), "no_item"),
        (replace(SHIPMENT, lines=(replace(LINE, item_order_id=8),)), "other_order"),
        (replace(SHIPMENT, lines=(replace(LINE, item_deleted=True),)), "item_deleted"),
        (replace(SHIPMENT, lines=(replace(LINE, quantity=Decimal(0)),)), "bad_quantity"),
        (replace(SHIPMENT, lines=(replace(LINE, key="a b"),)), "bad_key"),
    ],
)
def test_what_is_wrong_with_a_shipment_is_named(changed: ToShip, code: str) -> None:
    problem = judge(changed)

    assert problem is not None
    assert problem.code == code


def test_a_shipment_whose_order_or_item_is_not_in_the_org_waits_without_a_problem() -> None:
    for one in (replace(SHIPMENT, order_sf_id=None), replace(SHIPMENT, lines=(replace(LINE, item_sf_id=None),))):
        assert judge(one) is None
        assert one.waits


def test_what_was_refused_is_held_until_its_time_or_a_change() -> None:
    held = replace(SHIPMENT, problem_code="X", problem_want=SHIPMENT.want)

    assert held.is_held(NOW)
    assert not SHIPMENT.is_held(NOW)
    assert not replace(held, retry_at=NOW).is_held(NOW)
    assert not replace(held, lines=(replace(LINE, quantity=Decimal(3)),)).is_held(NOW)


def test_numbers_go_on_after_the_highest_of_the_same_form() -> None:
    assert next_number([None, "K-S1", "K-S12", "K-Sx", "L-S40", "K-S2-7"], "K-S") == 13
    assert next_number([], "K-S") == 1


def test_a_reference_gives_the_same_key_each_time_and_another_one_another() -> None:
    assert reference_key("K", "box 1") == reference_key("K", "box 1") != reference_key("K", "box 2")
    assert "." not in reference_key("K", "a.b")


def test_labels_that_are_not_mapped_are_of_shipments_that_were_created() -> None:
    labels = ShipLabels({status: f"x{status}" for status in ShipStatus})

    assert labels.to_local("xVoided") is ShipStatus.VOIDED
    assert labels.to_local("Voided") is labels.to_local(None) is ShipStatus.CREATED
    assert labels.to_org(ShipStatus.IN_TRANSIT) == "xIn Transit"


def test_a_checkbox_goes_before_the_families_and_without_rules_all_is_shipped() -> None:
    rule = PhysicalRule(by_flag=True, families=("Goods",), not_families=("Service",))

    assert rule.holds(flag=True, family="Service")
    assert not rule.holds(flag=False, family="Goods")
    assert rule.holds(flag=None, family="Goods")
    assert not rule.holds(flag=None, family="Other")
    assert PhysicalRule().holds(flag=None, family=None)
    assert not PhysicalRule(not_families=("Service",)).holds(flag=False, family="Service")


def test_keys_number_the_shipments_of_an_order_and_their_lines() -> None:
    assert shipment_key("K-1", 2) == "K-1-S2"
    assert line_key(shipment_key("K-1", 2), 3) == "K-1-S2-3"
