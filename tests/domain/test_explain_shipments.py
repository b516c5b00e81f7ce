"""What an explanation says of shipments."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sfsync.domain.explain_shipments import Shipped, Stuck, shipment_steps
from sfsync.domain.steps import State
from tests.domain.test_explain import order

HALF = Shipped(due=Decimal(10), shipped=Decimal(5), confirmed=Decimal(5), percent=Decimal("50.00"))


def said(gone: Shipped | None, *, several: bool = False, status: str = "Activated") -> list[tuple[State, str, str]]:
    steps, obstacles = shipment_steps(order(org_status=status), gone, several=several)
    assert not obstacles
    return [(step.state, step.subject, step.text) for step in steps]


def test_an_order_of_which_nothing_is_to_be_shipped_has_no_such_step() -> None:
    assert said(None) == []
    assert said(replace(HALF, shipped=Decimal(0), percent=None), status="Cancelled") == []


def test_how_much_is_gone_is_told_with_what_the_org_has_of_it() -> None:
    assert said(HALF) == [(State.NONE, "shipped", "5 of 10 due (50 %).")]
    assert said(replace(HALF, shipped=Decimal(10), confirmed=Decimal(10), percent=Decimal(100)), several=True) == [
        (State.DONE, f"shipped {order().handle}", "10 of 10 due (100 %).")
    ]
    assert said(replace(HALF, due=Decimal(0), percent=None)) == [(State.DONE, "shipped", "5 of 0 due.")]


def test_shipments_that_are_not_across_are_named() -> None:
    waiting = tuple(f"BOX-{number}" for number in range(7))

    [(state, _, text)] = said(replace(HALF, confirmed=Decimal(2), waiting=waiting))
    [(doubt, _, unsure)] = said(replace(HALF, waiting=waiting[:1], in_doubt=("BOX-9",)))

    assert state == State.WAITING
    assert text.endswith("The org has 2 of that. Not sent yet: BOX-0, BOX-1, BOX-2, BOX-3, BOX-4 and 2 more.")
    assert doubt == State.DOUBT
    assert unsure.endswith("Not sent yet: BOX-0. Sent and not answered: BOX-9.")


def test_a_shipment_that_was_refused_and_one_too_many_block_the_order_with_what_to_do() -> None:
    gone = replace(HALF, stuck=(Stuck("BOX-1", "LOCKED", "The order is locked."),), over="Pump: 11 shipped of 10 due")

    [step], [refused, over] = shipment_steps(order(), gone, several=False)

    assert step.state == State.BLOCKED
    assert (refused.code, refused.what) == ("LOCKED", "Shipment BOX-1: The order is locked.")
    assert refused.remedy == "Then `sfsync shipments retry BOX-1`."
    assert over.code == "over_shipped"
    assert "Pump: 11 shipped of 10 due." in over.what
