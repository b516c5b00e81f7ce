"""What becomes of orders whose deal was changed: updates of drafts, and amendments of activated orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.domain.amendment import amend, differences
from sfsync.domain.bring_up import next_number, plan_update, summary, values_of
from sfsync.domain.explain_changes import changes_step
from sfsync.domain.judge import judge, judge_draft, judge_hold
from sfsync.domain.model import OrderPlan
from sfsync.domain.planning import PlanPolicy, plan_order
from sfsync.domain.standing import Header, LineValues, StandingLine, StandingOrder, fingerprint
from tests.builders import CONTRACT_ID, NOW, TODAY, contract, deal, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.domain.bring_up import Update
    from sfsync.domain.model import Deal, DealLine, PlannedLine

POLICY = PlanPolicy()
ALL = frozenset(
    ("quantity", "unit_price", "service_date", "description", "account_id", "contract_id", "effective_date")
)
_NO_LINE = LineValues(Decimal(0), None)


def plan_of(one: Deal, sequence: int = 1) -> OrderPlan:
    plan = plan_order(one, policy=POLICY, today=TODAY, sequence=sequence)
    assert isinstance(plan, OrderPlan)
    return plan


def standing_line(number: int, planned: PlannedLine, **changes: Any) -> StandingLine:
    values = values_of(planned)
    known: dict[str, Any] = {
        "id": number,
        "key": planned.key,
        "sf_id": f"802{number:012}AAA",
        "deal_line_id": planned.deal_line_id,
        "pricebook_entry_id": planned.pricebook_entry_id,
        "product_id": planned.product_id,
        "now": values,
        "planned": values,
    }
    return StandingLine(**known | changes)


def standing(plan: OrderPlan, **changes: Any) -> StandingOrder:
    """The order of a plan, as it was made."""
    header = Header(plan.account_id, plan.contract_id, plan.effective_date)
    values: dict[str, Any] = {
        "id": 1,
        "key": plan.key,
        "sf_id": "801000000000001AAA",
        "number": "00000100",
        "origin": "sfsync",
        "status": "Draft",
        "status_code": "Draft",
        "in_doubt": None,
        "header": header,
        "planned": header,
        "pricebook_id": plan.pricebook_id,
        "currency": plan.currency,
        "stands_for": "before",
        "asked": False,
        "held_for": None,
        "lines": tuple(standing_line(number, one) for number, one in enumerate(plan.lines, 1)),
    }
    return StandingOrder(**values | changes)


def activated(plan: OrderPlan, **changes: Any) -> StandingOrder:
    return standing(plan, status="Activated", status_code="Activated", **changes)


def applied(update: Update) -> StandingOrder:
    """The order after the update, as the org would show it."""
    planned = {one.line.id: one for one in (*update.change, *update.kept)}
    removed = {one.id for one in update.remove}
    dropped = {one.id for one in update.drop}
    lines = []
    for one in update.order.lines:
        if one.id in dropped:
            continue
        if one.id in removed:
            lines.append(replace(one, is_deleted=True, planned=None))
        elif one.id in planned:
            change = planned[one.id]
            lines.append(replace(one, now=replace(one.now, **change.values), planned=change.planned))
        else:
            lines.append(one)
    lines += [standing_line(len(lines) + 1 + number, one) for number, one in enumerate(update.add)]
    header = replace(update.order.header, **update.header)
    return replace(update.order, lines=tuple(lines), header=header, planned=header)


def amounts(values: Sequence[Any]) -> list[tuple[str, LineValues]]:
    return sorted(((entry, one) for entry, one in values), key=str)


ENTRIES = [f"01u00000000000{number}AAA" for number in range(3)]
cents = st.integers(0, 100_000).map(lambda number: Decimal(number) / 100)


@st.composite
def deal_lines(draw: st.DrawFn) -> list[DealLine]:
    many = draw(st.integers(1, 5))
    return [
        line(
            sf_id=f"00k{draw(st.integers(1, 6)):012}AAA",
            pricebook_entry_id=draw(st.sampled_from(ENTRIES)),
            quantity=Decimal(draw(st.integers(1, 400))) / draw(st.sampled_from([1, 1, 4])),
            total_price=draw(cents),
            service_date=draw(st.sampled_from([None, date(2026, 4, 1), date(2026, 5, 1)])),
            description=draw(st.sampled_from([None, "", "for the lab"])),
        )
        for _ in range(many)
    ]


def of(lines: Sequence[DealLine]) -> Deal:
    return deal(lines=tuple({one.sf_id: one for one in lines}.values()))


@settings(max_examples=60)
@given(st.lists(deal_lines(), min_size=2, max_size=4))
def test_a_draft_has_after_each_update_exactly_what_its_deal_says(edits: list[list[DealLine]]) -> None:
    order = standing(plan_of(of(edits[0])))
    used = {one.key for one in order.lines}
    for lines in edits[1:]:
        plan = plan_of(of(lines))

        update = plan_update(order, plan, force=False, writable=ALL)

        assert not update.edited
        assert not used & {one.key for one in update.add}
        used |= {one.key for one in update.add}
        order = applied(update)
        now = [(one.pricebook_entry_id, one.now) for one in order.living]
        assert amounts(now) == amounts([(one.pricebook_entry_id, values_of(one)) for one in plan.lines])
        assert not plan_update(order, plan, force=True, writable=ALL).size
        assert amend(plan, [order]).agrees


@settings(max_examples=80)
@given(lines=deal_lines(), quantity=st.integers(1, 50), price=cents, again=st.booleans())
def test_orders_and_what_is_more_add_up_to_the_deal_to_the_cent(
    *, lines: list[DealLine], quantity: int, price: Decimal, again: bool
) -> None:
    before = of(lines)
    first = before.lines[0]
    unit = (first.total_price or Decimal(0)) / first.quantity
    grown = replace(
        first,
        quantity=first.quantity + quantity,
        total_price=((first.total_price or Decimal(0)) + unit * quantity).quantize(Decimal("0.01")),
    )
    new = line(sf_id="00k000000000009AAA", pricebook_entry_id="01u000000000009AAA", total_price=price)
    after = deal(lines=(grown, *before.lines[1:], *([new] if again else [])))
    order, plan = activated(plan_of(before)), plan_of(after, 2)

    amendment = amend(plan, [order])

    held = sum((one.total for one in plan_of(before).lines), Decimal(0))
    assert held + amendment.amount == plan.total
    if not amendment.less:
        supplement = standing(replace(plan, lines=amendment.more), id=2, sf_id=None)
        assert amend(plan, [order, supplement]).agrees
    assert [one.key for one in amendment.more] == [f"{plan.key}-{n}" for n in range(1, len(amendment.more) + 1)]


@settings(max_examples=60)
@given(deal_lines(), deal_lines())
def test_what_is_taken_back_and_what_is_added_leaves_what_the_deal_says(
    before: list[DealLine], after: list[DealLine]
) -> None:
    order, plan = activated(plan_of(of(before))), plan_of(of(after), 2)

    amendment = amend(plan, [order])

    held: dict[str, Decimal] = {}
    for one in order.lines:
        held[one.pricebook_entry_id or ""] = held.get(one.pricebook_entry_id or "", Decimal(0)) + one.now.quantity
    for more in amendment.more:
        held[more.pricebook_entry_id] = held.get(more.pricebook_entry_id, Decimal(0)) + more.quantity
    for less in amendment.less:
        held[less.pricebook_entry_id] -= less.quantity
        assert less.quantity > 0
    wanted: dict[str, Decimal] = {}
    for asked in plan.lines:
        wanted[asked.pricebook_entry_id] = wanted.get(asked.pricebook_entry_id, Decimal(0)) + asked.quantity
    assert {entry: many for entry, many in held.items() if many} == wanted


def test_fewer_licences_take_a_reduction_of_the_newest_line_of_an_activated_order() -> None:
    plan = plan_of(deal(lines=(line(quantity=Decimal(100)),)))
    older, newer = activated(plan), activated(plan, id=2, key=f"{plan.deal_id}-2", number="00000101")
    draft = standing(plan, id=3, key=f"{plan.deal_id}-3", number="00000102")

    amendment = amend(plan_of(deal(lines=(line(quantity=Decimal(75)),))), [older, newer, draft])

    assert [(one.order, one.quantity, one.total, one.is_draft) for one in amendment.less] == [
        ("00000101", 100, 2500, False),
        ("00000100", 100, 2500, False),
        ("00000102", 25, 625, True),
    ]
    assert amendment.amount == -5625
    fewer = amend(plan_of(deal(lines=(line(quantity=Decimal(275)),))), [older, newer, draft])
    assert [(one.order, one.quantity) for one in fewer.less] == [("00000101", 25)]


def test_what_was_reduced_already_does_not_count_as_ordered() -> None:
    plan = plan_of(deal(lines=(line(quantity=Decimal(100)),)))
    reduced = (standing_line(1, plan.lines[0], reduced=Decimal(25)),)
    order = activated(plan, lines=reduced)
    changed = deal(lines=(line(quantity=Decimal(75)),))

    assert amend(plan_of(changed), [order]).agrees
    judgement = judge(changed, [order], policy=POLICY, writable=ALL)
    assert judgement is not None
    assert judgement.agrees


def test_a_higher_price_is_ordered_anew_and_the_old_taken_back() -> None:
    order = activated(plan_of(deal()))
    plan = plan_of(deal(lines=(line(unit_price=Decimal(30)),)))

    amendment = amend(plan, [order])

    assert [(one.quantity, one.unit_price) for one in amendment.more] == [(10, 30)]
    assert [(one.quantity, one.unit_price) for one in amendment.less] == [(10, 25)]
    assert [(one.ordered, one.deal, one.difference) for one in differences(plan, [order])] == [
        (0, 10, 10),
        (10, 0, -10),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [(("3", "100.00"), ("6", "200.00")), (("3", "100.00"), ("7", "233.33")), (("1.5", "49.99"), ("2.5", "83.32"))],
)
def test_more_at_the_price_of_before_is_only_more_however_the_lines_are_cut(
    before: tuple[str, str], after: tuple[str, str]
) -> None:
    old, new = (
        plan_of(deal(lines=(line(quantity=Decimal(many), total_price=Decimal(total)),)))
        for many, total in (before, after)
    )

    amendment = amend(new, [activated(old)])

    assert not amendment.less
    assert sum(one.quantity for one in amendment.more) == Decimal(after[0]) - Decimal(before[0])
    assert amendment.amount == Decimal(after[1]) - Decimal(before[1])


def test_more_of_a_negative_quantity_is_ordered_on_top() -> None:
    policy = PlanPolicy(negative_quantity=True)
    plans = [
        plan_order(deal(lines=(line(quantity=Decimal(-number)),)), policy=policy, today=TODAY) for number in (3, 5)
    ]
    assert isinstance(plans[0], OrderPlan)
    assert isinstance(plans[1], OrderPlan)

    amendment = amend(plans[1], [activated(plans[0])])

    assert [(one.quantity, one.total) for one in amendment.more] == [(-2, -50)]
    assert not amendment.less


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"name": "Renamed", "owner_id": "005000000000009AAA", "stage_name": "Won", "amount": None}, False),
        ({"account_id": "001000000000009AAA"}, True),
        ({"contract": contract()}, True),
        ({"closed_on": date(2026, 2, 28)}, True),
        ({"lines": (line(quantity=Decimal(11)),)}, True),
        ({"lines": (line(quantity=Decimal("10.00"), unit_price=None, total_price=Decimal("250.0")),)}, False),
        ({"lines": (line(description="text"),)}, True),
    ],
)
def test_only_what_an_order_is_made_of_counts_as_a_change(*, changes: dict[str, Any], differs: bool) -> None:
    assert (fingerprint(deal(**changes), POLICY) != fingerprint(deal(), POLICY)) is differs
    assert fingerprint(deal(closed_on=date(2026, 3, 1)), PlanPolicy("today")) == fingerprint(
        deal(), PlanPolicy("today")
    )


def test_what_only_others_changed_stays_unless_the_deal_changes_it_too() -> None:
    plan = plan_of(deal())
    noted = standing_line(1, plan.lines[0], now=LineValues(Decimal(10), Decimal(25), description="checked"))
    order = standing(plan, lines=(noted,), header=Header(plan.account_id, CONTRACT_ID, plan.effective_date))
    grown = plan_of(deal(lines=(line(quantity=Decimal(12)),)))
    words = plan_of(deal(lines=(line(description="from the deal"),)))

    update = plan_update(order, grown, force=False, writable=ALL)
    assert ([dict(one.values) for one in update.change], dict(update.header), update.edited) == (
        [{"quantity": Decimal(12)}],
        {},
        False,
    )
    assert plan_update(order, words, force=False, writable=ALL).edited
    forced = plan_update(order, grown, force=True, writable=ALL)
    assert dict(forced.change[0].values) == {"quantity": Decimal(12), "description": None}
    assert dict(forced.header) == {"contract_id": None}
    assert list(summary(forced)) == ["1 line changed", "another contract"]
    hidden = plan_update(order, grown, force=True, writable={"quantity"})
    assert (hidden.size, dict(hidden.header)) == (1, {})


def test_a_header_that_both_sides_changed_is_not_overwritten() -> None:
    plan = plan_of(deal())
    order = standing(plan, header=Header("001000000000008AAA", None, plan.effective_date))

    update = plan_update(order, plan_of(deal(account_id="001000000000009AAA")), force=False, writable=ALL)

    assert update.edited


def test_a_line_that_was_never_made_is_made_under_its_own_key_or_forgotten() -> None:
    plan = plan_of(deal(lines=(line(), line(sf_id="00k000000000002AAA", pricebook_entry_id=ENTRIES[0]))))
    order = standing(plan)
    unmade = replace(order, lines=(order.lines[0], replace(order.lines[1], sf_id=None)))

    kept = plan_update(unmade, plan, force=False, writable=ALL)
    assert [one.key for one in kept.add] == [plan.lines[1].key]
    gone = plan_update(unmade, plan_of(deal()), force=False, writable=ALL)
    assert ([one.key for one in gone.drop], gone.size) == ([plan.lines[1].key], 0)


def test_numbers_of_other_keys_do_not_count() -> None:
    plan = plan_of(deal())
    strangers = [
        replace(standing_line(number, plan.lines[0]), key=key) for number, key in enumerate((None, "x", "y-9"))
    ]

    assert next_number(standing(plan, lines=tuple(strangers))) == 1


@pytest.mark.parametrize(
    ("changes", "order", "kind"),
    [
        ({"is_won": False, "is_closed": False}, {"status_code": "Activated", "status": "Activated"}, "deal_reopened"),
        ({"is_won": False}, {"status_code": "Activated", "status": "Activated"}, "deal_lost"),
        ({"is_deleted": True}, {"status_code": "Activated", "status": "Fulfilled"}, "deal_deleted"),
        ({"pricebook_active": False}, {}, "rejected"),
        ({"lines": (line(quantity=Decimal(9)),)}, {"origin": "adopted"}, "adopted"),
        ({"lines": (line(quantity=Decimal(9)),)}, {"pricebook_id": "01s000000000009AAA"}, "fixed"),
        ({"account_id": "001000000000009AAA"}, {"status_code": "Activated", "status": "Activated"}, "ordered"),
    ],
)
def test_what_sfsync_does_not_settle_unasked_is_found(
    changes: dict[str, Any], order: dict[str, Any], kind: str
) -> None:
    judgement = judge(deal(**changes), [standing(plan_of(deal()), **order)], policy=POLICY, writable=ALL)

    assert judgement is not None
    assert judgement.found is not None
    assert judgement.found.kind == kind
    assert judgement.found.message
    assert not judgement.agrees


def test_an_update_of_more_lines_than_go_as_a_whole_is_left_to_a_person() -> None:
    lines = tuple(line(sf_id=f"00k{n:012}AAA", pricebook_entry_id=f"01u{n:012}AAA") for n in range(501))
    order = standing(plan_of(deal(lines=lines)))
    plan = plan_of(deal(lines=tuple(replace(one, quantity=Decimal(9)) for one in lines)))

    update = plan_update(order, plan, force=True, writable=ALL)

    assert "too many" in (judge_draft(order, update) or "")


@pytest.mark.parametrize("orders", [{"status": "Cancelled"}, {"key": None}, {"sf_id": None}])
def test_a_deal_without_an_order_that_stands_for_it_needs_nothing(orders: dict[str, Any]) -> None:
    judgement = judge(deal(), [standing(plan_of(deal()), **orders)], policy=POLICY, writable=ALL)

    assert judgement is not None
    assert (judgement.found, judgement.update, judgement.agrees) == (None, None, False)


def test_nothing_is_judged_while_a_write_is_in_doubt() -> None:
    assert judge(deal(), [standing(plan_of(deal()), in_doubt="update")], policy=POLICY, writable=ALL) is None


def test_a_supplementary_order_that_was_planned_for_another_deal_is_dropped() -> None:
    changed = deal(lines=(line(quantity=Decimal(12)),))
    main = activated(plan_of(deal()))
    planned = standing(plan_of(changed, 2), id=2, sf_id=None, stands_for="other")

    judgement = judge(changed, [main, planned], policy=POLICY, writable=ALL)

    assert judgement is not None
    assert judgement.drop == (planned.key,)
    assert judgement.found is not None
    assert judgement.found.amendment.amount == 50


def test_a_draft_of_a_deal_that_is_not_won_waits_and_only_drafts_do() -> None:
    judgement = judge(deal(is_won=False), [standing(plan_of(deal()))], policy=POLICY, writable=ALL)

    assert judgement is not None
    assert (judgement.hold, judgement.found) == ("deal_lost", None)
    assert judge_hold(None) is None
    refusal = judge_hold("deal_lost")
    assert refusal is not None
    assert refusal.code == "deal_not_won"


def explained(**changes: Any) -> tuple[list[str], list[tuple[str, str | None]]]:
    order = SimpleNamespace(**{"in_doubt": None, "discrepancy": None, "held_for": None, "handle": "00000100"} | changes)
    steps, obstacles = changes_step(order)  # type: ignore[arg-type] - only what is asked of it
    return [step.state.value for step in steps], [(one.code, one.remedy) for one in obstacles]


def test_an_explanation_names_what_a_changed_deal_keeps_waiting() -> None:
    refused = SimpleNamespace(kind="refused", message="No.", since=NOW)
    assert explained() == ([], [])
    assert explained(in_doubt="amend") == (["doubt"], [])
    assert explained(discrepancy=SimpleNamespace(kind="ordered", message="Differs.", since=NOW)) == (
        ["blocked"],
        [("ordered", None)],
    )
    [(code, remedy)] = explained(discrepancy=refused)[1]
    assert (code, "orders retry 00000100" in (remedy or "")) == ("refused", True)
    assert explained(held_for="deal_lost")[0] == ["blocked"]
