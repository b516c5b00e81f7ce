"""What an explanation says of reductions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain.explain_reductions import Reduced, reduction_steps
from sfsync.domain.holdings import OpenReduction
from tests.builders import deal
from tests.domain.test_explain import order, told
from tests.domain.test_reductions import holding

if TYPE_CHECKING:
    from sfsync.domain.facts import OrderFacts


def said(one: OrderFacts, around: Reduced | None, *, several: bool = False) -> list[tuple[str, str]]:
    return [(step.subject, step.text) for step in reduction_steps(one, around, several=several)]


def test_an_order_without_reductions_has_no_such_step() -> None:
    assert said(order(), None) == []
    assert said(order(), Reduced()) == []


def test_an_original_tells_what_is_left_and_what_is_reserved() -> None:
    taking = OpenReduction("00000102", Decimal(5), in_org=True, by_others=False)
    cut = replace(order(), order_number="00000101", is_reduction=True)

    line = holding(reduced=Decimal(25))
    [(subject, text)] = said(order(), Reduced(reductions=(cut,), lines=(line,)), several=True)
    [(_, more)] = said(order(), Reduced(reductions=(cut,), lines=(replace(line, open=(taking,)),)))

    assert subject == f"reductions {order().handle}"
    assert text.startswith("Of 100 ordered, 25 are reduced: net 75. By 00000101;")
    assert "net 75. 5 more are taken by reductions that are not activated. By" in more


def test_a_reduction_tells_what_it_reduces_and_since_when() -> None:
    cut = replace(order(), is_reduction=True, status_code="Draft", effective_date=date(2026, 3, 2))
    handle = order().handle

    assert said(cut, Reduced(original=order())) == [
        ("reduces", f"Order {handle} from 2026-03-02 on; that order stays as it is. It counts once it is activated.")
    ]
    [(_, text)] = said(replace(cut, status_code="Activated", effective_date=None), Reduced(original=order()))
    assert text == f"Order {handle}; that order stays as it is. It counts."


def test_after_a_reduction_is_activated_nothing_is_to_be_done() -> None:
    cut = order(is_reduction=True, status="Activated", org_status="Activated")

    assert told(deal(), cut).next_step == "Nothing: the reduction counts from its day on."


def test_a_draft_reduction_beside_its_activated_order_is_what_waits_for_somebody() -> None:
    main = order(status="Activated", org_status="Activated")
    cut = order(id=2, key=f"{main.key}-R1", sf_id="801000000000009AAA", order_number="00000109", is_reduction=True)

    assert told(deal(), main, cut).next_step == "Review the reduction, then `sfsync orders activate 00000109`."
