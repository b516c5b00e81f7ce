"""The chain of a record is told in the order of time, whoever made it happen, down to who was told of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain.explain import Story, explain
from sfsync.domain.steps import State
from sfsync.domain.timeline import Milestone, Note, timeline
from sfsync.domain.told import Sent, Told, hitch, where_to
from tests.builders import DEAL_ID, NOW, ORDER_ID, deal
from tests.domain.test_explain import order

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.domain.facts import OrderFacts
    from sfsync.domain.model import Deal

KEY = f"{DEAL_ID}-1"


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def note(minutes: float, action: str, message: str = "So it was.", **changes: Any) -> Note:
    values: dict[str, Any] = {
        "at": at(minutes), "run_id": 1, "action": action, "message": message, "level": "info", "actor": "sfsync",
        "order_key": KEY, "sf_id": ORDER_ID, "details": {},
    }  # fmt: skip
    return Note(**values | changes)


def pushed(minutes: float, before: str, after: str, **changes: Any) -> Note:
    fields = {"status": {"before": before, "after": after, "by": "ada"}}
    return note(minutes, "order.status_pushed", f"Status {before} → {after}.", details={"fields": fields}, **changes)


def sent(**changes: Any) -> Sent:
    values: dict[str, Any] = {
        "sink": "provisioning", "state": "delivered", "attempts": 1, "next_at": at(9), "last_error": None,
        "delivered_at": at(3),
    }  # fmt: skip
    return Sent(**values | changes)


def told(minutes: float, kind: str, *to: Sent, record: str = KEY) -> Told:
    return Told(f"evt_{kind}", kind, at(minutes), record, to)


def chain(
    notes: list[Note], events: list[Told], *orders: OrderFacts, of: Deal | None = None
) -> tuple[tuple[Milestone, ...], str]:
    story = Story(of, orders, told=tuple(events))
    explanation = explain(story, remedy=lambda _: None)
    return timeline(story, explanation, notes, events), explanation.next_step


def words(milestones: tuple[Milestone, ...]) -> list[str]:
    return [one.what for one in milestones]


def test_the_whole_chain_from_the_deal_to_billing_in_the_order_of_time() -> None:
    notes = [
        note(0, "order.created", "Order created with 1 line over 250.00."),
        note(1, "order.status_wanted", "Activated is wanted.", actor="ada", run_id=None),
        pushed(2, "Draft", "Activated", actor="ada", run_id=2),
        note(4, "order.fields_pushed", "Both.", actor="sql", run_id=3,
             details={"fields": {"po_number": {}, "status": {"after": "Fulfilled"}}}),
    ]  # fmt: skip
    # Events are stamped a moment before the entry of the same transaction.
    events = [
        told(0, "order.created"),
        told(1.9999, "order.activated", sent()),
        told(4, "order.fulfilled", sent(sink="billing", delivered_at=at(60 * 24), attempts=3)),
    ]

    found, next_step = chain(notes, events, order(status="Fulfilled", org_status="Fulfilled"), of=deal())

    assert words(found) == ["won", "created", "told", "wanted", "activated", "told", "fulfilled", "told"]
    assert (found[0].at, found[0].day) == (None, date(2026, 2, 27))
    assert found[0].text == "“Apex Manufacturing, spring order”, Apex Manufacturing: 250.00 over 1 line."
    assert found[1].text == f"Order created with 1 line over 250.00. Planned as {KEY}, it is 00000100."
    assert [(one.by, one.run) for one in found if one.what == "fulfilled"] == [("plain SQL", 3)]
    assert [(one.by, one.run) for one in found if one.what == "activated"] == [("ada", 2)]
    assert [one.text for one in found if one.what == "told"] == [
        "Nobody of order.created: no sink asks for it.",
        "provisioning took order.activated at 09:33:00.",
        "billing took order.fulfilled at 2026-03-03 09:30:00, after 3 tries.",
    ]
    assert next_step == "Nothing: everything has crossed and the order is closed."
    assert all(one.order is None for one in found)


def test_an_order_that_others_made_and_activated_reads_from_their_deeds_on() -> None:
    adopted = order(
        origin="adopted", status="Activated", org_status="Activated", created_at=at(-60), first_activated_at=at(-30)
    )

    found, _ = chain(
        [note(0, "order.adopted", "It is used as is.")], [], adopted, of=deal(amount=None, account_name=None)
    )

    assert [(one.what, one.by) for one in found] == [
        ("won", "in Salesforce"), ("created", "in Salesforce"), ("activated", "in Salesforce"), ("adopted", None)
    ]  # fmt: skip
    assert found[0].text.endswith("order”: no amount over 1 line.")
    assert found[1].text == "The order 00000100 was made, not by sfsync."


def test_an_order_without_a_deal_a_reduction_and_one_that_is_deleted_read_well_side_by_side() -> None:
    reduction = order(
        id=2, key=None, sf_id="801000000000002AAA", order_number="00000101", origin="org", is_reduction=True,
        created_at=at(-9),
    )  # fmt: skip
    gone = order(is_deleted=True, created_at=at(-10), problem_code="deleted_in_org")
    notes = [
        note(1, "order.deleted_in_org", "Gone.", level="warning", actor="org", order_key=None),
        note(2, "order.status_in_org", "Activated there.", actor="org", order_key=None, sf_id=reduction.sf_id,
             details={"field": "status", "before": "Draft", "after": "Activated"}),
        note(3, "order.fields_pushed", "PO.", details={"field": "po_number", "before": None, "after": "7"}),
        note(4, "order.status_pushed", "Landed.", details={"field": "status", "before": "Draft", "after": "Cancelled"}),
        note(5, "sink.paused", "Another thing.", order_key=None, sf_id=None, run_id=None),
    ]  # fmt: skip
    events = [told(6, "order.deleted", record="elsewhere")]

    found, _ = chain(notes, events, gone, reduction)

    assert [(one.what, one.order) for one in found if one.at] == [
        ("created", "00000100"), ("created", "00000101"), ("deleted", "00000100"), ("activated", "00000101"),
        ("updated", "00000100"), ("cancelled", "00000100"), ("paused", None), ("told", None),
    ]  # fmt: skip
    assert found[0].text == f"The order 00000100 was made under the key {KEY}."
    assert found[1].text == "The reduction order 00000101 was made, not by sfsync."
    assert found[2].state is State.BLOCKED
    # What stands in the way is last, and has no time.
    assert (found[-1].what, found[-1].at, found[-1].state) == ("now", None, State.BLOCKED)


def test_a_deal_of_many_lines_that_is_not_won_has_no_beginning() -> None:
    assert chain([], [], of=deal(is_won=False))[0] == ()
    assert "over 2 lines" in chain([], [], of=deal(lines=deal().lines * 2))[0][0].text


@pytest.mark.parametrize(
    ("changes", "said", "do"),
    [
        ({"state": "dead", "attempts": 11, "last_error": "HTTP 500"},
         "provisioning did not take order.activated: given up after 11 tries (HTTP 500).", "events replay --id evt_"),
        ({"state": "pending", "attempts": 1, "last_error": "timed out"},
         "provisioning has not taken order.activated in 1 try (timed out); next at 2026-03-02 09:39:00 UTC.",
         "events show evt_order.activated"),
        ({"state": "pending", "paused": True}, "provisioning waits for order.activated: it is paused.",
         "events resume provisioning"),
        ({"state": "pending", "attempts": 0}, "provisioning is to be told of order.activated.", "sfsync deliver"),
        ({"delivered_at": None}, "provisioning took order.activated.", "orders fulfil 00000100"),
    ],
)  # fmt: skip
def test_a_delivery_is_told_in_words_and_one_that_hangs_is_what_to_do_next(
    changes: dict[str, Any], said: str, do: str
) -> None:
    event = told(2, "order.activated", sent(**changes))

    _, next_step = chain([], [event], order(status="Activated", org_status="Activated"), of=deal())

    assert where_to(event) == said
    assert do in next_step


def test_what_was_given_up_is_seen_to_before_what_only_waits() -> None:
    waits = told(1, "order.created", sent(state="pending", paused=True))
    dead = told(2, "order.activated", sent(state="dead"))

    assert "replay" in str(hitch([waits, dead]))
    assert "resume" in str(hitch([told(1, "order.created", sent(state="pending", attempts=2)), waits]))
    assert hitch([]) is None


def test_an_activated_order_waits_for_those_who_heard_of_it() -> None:
    both = told(2, "order.activated", sent(), sent(sink="warehouse"))

    _, next_step = chain([], [both], order(status="Activated", org_status="Activated"), of=deal())

    assert next_step == (
        "Waiting for provisioning and warehouse to confirm that all is delivered: `sfsync orders fulfil 00000100`."
    )
