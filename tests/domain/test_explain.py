"""Every record can be explained: how far it is, what blocks it, and what to do next."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sfsync.domain.explain import Explanation, Story, explain
from sfsync.domain.facts import ConflictFacts, OrderFacts
from sfsync.domain.fields import digest
from sfsync.domain.model import Deal, Problem
from sfsync.domain.steps import State
from tests.builders import ACCOUNT_ID, DEAL_ID, NOW, ORDER_ID, deal, line

KEY = f"{DEAL_ID}-1"


def order(**changes: Any) -> OrderFacts:
    """A draft order that sfsync made, as the org has it."""
    values: dict[str, Any] = dict.fromkeys(OrderFacts.__dataclass_fields__)
    values |= {
        "id": 1, "key": KEY, "sf_id": ORDER_ID, "order_number": "00000100", "opportunity_id": DEAL_ID,
        "account_id": ACCOUNT_ID, "planned_total": Decimal("250.00"), "total_amount": Decimal("250.00"),
        "status": "Draft", "org_status": "Draft", "org_status_label": "Draft", "origin": "sfsync",
        "is_reduction": False, "is_deleted": False, "attempts": 0, "lines": 1, "conflicts": (),
    }  # fmt: skip
    return OrderFacts(**values | changes)


def planned(**changes: Any) -> OrderFacts:
    """An order that is planned and not in the org."""
    absent = {"sf_id": None, "order_number": None, "total_amount": None, "org_status": None, "org_status_label": None}
    return order(**absent | changes)


def told(story_deal: Deal | None, *orders: OrderFacts, **rest: Any) -> Explanation:
    """What is explained of a deal and its orders; the only remedy anybody knows is for LOCKED."""
    known = {"LOCKED": "Unlock it."}
    return explain(Story(story_deal, orders, **rest), remedy=known.get)


def states(explanation: Explanation) -> dict[str, State]:
    return {step.subject: step.state for step in explanation.steps}


def text(explanation: Explanation, subject: str) -> str:
    return next(step.text for step in explanation.steps if step.subject == subject)


def test_an_order_that_the_org_has_as_it_is_wanted_is_explained_from_the_deal_to_its_status() -> None:
    found = told(deal(), order())

    assert states(found) == dict.fromkeys(("deal", "order", "total", "status"), State.DONE)
    assert text(found, "total") == "250.00 over 1 line: the deal's amount to the cent."
    assert found.obstacles == ()
    assert "orders activate 00000100" in found.next_step


def test_an_order_over_another_amount_than_its_deal_says_so_and_that_it_is_what_was_planned() -> None:
    found = told(deal(amount=Decimal("200.00")), order())

    assert text(found, "total") == "250.00 over 1 line: what was planned, to the cent."
    assert states(found)["total"] == State.DONE


@pytest.mark.parametrize(
    ("status", "said"), [("Activated", "orders fulfil 00000100"), ("Fulfilled", "Nothing"), ("Cancelled", "Nothing")]
)
def test_what_to_do_next_follows_the_status(status: str, said: str) -> None:
    found = told(deal(), order(status=status, org_status=status, org_status_label="Live", activated_at=NOW))

    assert said in found.next_step
    assert text(found, "status") == f"{status} (“Live”), here and in the org, activated at 2026-03-02 09:30:00 UTC."


def test_a_rejected_deal_shows_all_its_problems_and_that_fixing_it_is_enough() -> None:
    problems = (Problem("no_account", "The deal has no account."), Problem("no_lines", "The deal has no products."))

    found = told(deal(lines=(), amount=None, account_name=None), problems=problems, rejected_at=NOW)

    assert states(found) == {"deal": State.DONE, "order": State.BLOCKED}
    assert [obstacle.code for obstacle in found.obstacles] == ["no_account", "no_lines"]
    assert "since 2026-03-02 09:30 UTC for 2 problems" in text(found, "order")
    assert "no amount" in text(found, "deal")
    assert "Fix this in Salesforce" in found.next_step


def test_a_rejection_without_a_time_is_told_without_one() -> None:
    found = told(deal(), problems=(Problem("no_account", "The deal has no account."),))

    assert text(found, "order") == "There is none: the deal is rejected for 1 problem."


def test_a_new_deal_waits_for_the_next_sync() -> None:
    found = told(deal(), since=date(2026, 2, 27), types=("",))

    assert states(found)["order"] is State.WAITING
    assert "`sfsync sync`" in found.next_step


@pytest.mark.parametrize(
    ("settings", "code", "setting"),
    [
        ({"since": date(2026, 2, 28)}, "before_since", "orders.since"),
        ({"types": ("New", "Renewal")}, "other_type", "orders.opportunity_types"),
    ],
)
def test_a_deal_that_the_settings_leave_out_names_the_setting(
    settings: dict[str, Any], code: str, setting: str
) -> None:
    found = told(deal(), **settings)

    [obstacle] = found.obstacles
    assert obstacle.code == code
    assert setting in str(obstacle.remedy)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"is_won": False, "stage_name": "Prospecting"}, "its stage is Prospecting"), ({"is_deleted": True}, "deleted")],
)
def test_a_deal_that_is_not_won_or_gone_gets_no_order(changes: dict[str, Any], said: str) -> None:
    found = told(deal(**changes))

    assert states(found) == {"deal": State.BLOCKED, "order": State.NONE}
    assert said in text(found, "deal")
    assert "Once the deal is won" in found.next_step


def test_a_record_of_which_nothing_is_mirrored_is_explained_too() -> None:
    assert states(told(None)) == {"order": State.NONE}


@pytest.mark.parametrize(
    ("lines", "total", "said"),
    [
        (1, Decimal("250.00"), f"Planned as {KEY}: 1 line over 250.00; not sent yet."),
        (700, None, f"Planned as {KEY}: 700 lines; not sent yet."),
    ],
)
def test_a_planned_order_waits(lines: int, total: Decimal | None, said: str) -> None:
    found = told(deal(), planned(lines=lines, planned_total=total))

    assert (states(found)["order"], text(found, "order")) == (State.WAITING, said)
    assert "`sfsync sync`" in found.next_step


def test_an_order_whose_answer_was_lost_is_in_doubt_and_sync_settles_it() -> None:
    found = told(deal(), planned(in_doubt="create", sent_at=NOW))

    assert states(found)["order"] is State.DOUBT
    assert "reads in the org" in found.next_step


@pytest.mark.parametrize(
    ("changes", "said", "remedy"),
    [
        ({"problem_code": "LOCKED", "problem": "It is locked.", "attempts": 1}, "once", "Unlock it. Then try it again"),
        (
            {"problem_code": "X", "attempts": 3, "retry_at": NOW},
            "3 times",
            "It is tried again at 2026-03-02 09:30:00 UTC, or",
        ),
    ],
)
def test_a_refused_order_says_how_often_what_helps_and_when_it_is_tried_again(
    changes: dict[str, Any], said: str, remedy: str
) -> None:
    found = told(deal(), planned(**changes))

    assert said in text(found, "order")
    [obstacle] = found.obstacles
    assert str(obstacle.remedy).startswith(remedy)
    assert f"orders retry {KEY}" in str(obstacle.remedy)
    assert "See to what blocks it" in found.next_step


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"origin": "adopted"}, "adopted: no second one"),
        ({"origin": "org"}, "not by sfsync"),
        ({"origin": "org", "is_reduction": True, "order_number": None}, f"Order ({ORDER_ID}), a reduction"),
    ],
)
def test_it_is_said_who_made_the_order(changes: dict[str, Any], said: str) -> None:
    subject = "reduction" if changes.get("is_reduction") else "order"

    assert said in text(told(deal(), order(**changes)), subject)


@pytest.mark.parametrize(("origin", "codes"), [("sfsync", ["order_deleted"]), ("org", [])])
def test_a_deleted_order_blocks_only_the_deal_that_it_was_made_for(origin: str, codes: list[str]) -> None:
    found = told(deal(), order(origin=origin, is_deleted=True))

    assert states(found)["order"] is State.BLOCKED
    assert [obstacle.code for obstacle in found.obstacles] == codes


def test_several_orders_of_a_deal_are_told_apart_the_standing_one_first() -> None:
    gone = order(id=1, is_deleted=True, origin="org", order_number="00000099")

    found = told(deal(), gone, order(id=2))

    assert [step.subject for step in found.steps] == [
        "deal", "order 00000100", "total 00000100", "status 00000100", "order 00000099",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "state", "said"),
    [
        ({"total_amount": None}, State.WAITING, "Not read back"),
        ({"planned_total": None, "total_amount": Decimal("250.00")}, State.DONE, "the deal's amount to the cent"),
        ({"total_amount": Decimal("249.99"), "lines": 2}, State.NONE, "249.99 over 2 lines, and the deal says 250.00."),
        ({"is_reduction": True, "total_amount": Decimal("-20.00")}, State.DONE, "-20.00 over 1 line."),
    ],
)
def test_the_total_is_compared_with_what_the_deal_promised(changes: dict[str, Any], state: State, said: str) -> None:
    found = told(deal(), order(**changes))

    assert states(found)["total"] is state
    assert said in text(found, "total")


def test_the_total_of_an_order_without_a_deal_stands_for_itself() -> None:
    assert text(told(None, order(planned_total=None)), "total") == "250.00 over 1 line."


def test_a_total_that_differs_from_the_deal_blocks_until_somebody_has_looked() -> None:
    wrong = order(total_amount=Decimal(1), problem_code="total_mismatch", problem="They differ.", currency="EUR")

    found = told(deal(), wrong)

    assert states(found)["total"] is State.BLOCKED
    [obstacle] = found.obstacles
    assert (obstacle.code, obstacle.what) == ("total_mismatch", "They differ.")
    assert "orders retry 00000100" in str(obstacle.remedy)


def test_a_wanted_status_waits_for_the_next_cycle() -> None:
    found = told(deal(), order(status="Activated", org_status_label="Entwurf"))

    assert states(found)["status"] is State.WAITING
    assert text(found, "status").startswith("Activated is wanted; the org has Draft (“Entwurf”).")


def test_a_move_that_is_not_legal_is_foretold_and_can_be_taken_back() -> None:
    found = told(deal(), order(status="Fulfilled"))

    assert states(found)["status"] is State.BLOCKED
    [obstacle] = found.obstacles
    assert obstacle.code == "illegal_move"
    assert "activate it first" in obstacle.what
    assert "orders set-status 00000100 Draft" in str(obstacle.remedy)


@pytest.mark.parametrize(("code", "said"), [("no_items", "orders set-status 00000100 Draft"), ("LOCKED", "Unlock it.")])
def test_a_status_that_did_not_go_through_says_why(code: str, said: str) -> None:
    held = order(status="Activated", problem_code=code, problem="No.", problem_want="Activated")

    found = told(deal(), held)

    assert states(found)["status"] is State.BLOCKED
    assert said in str(found.obstacles[0].remedy)


def test_another_status_than_the_refused_one_is_tried() -> None:
    found = told(deal(), order(status="Activated", problem_code="X", problem="No.", problem_want="Cancelled"))

    assert states(found)["status"] is State.WAITING
    assert found.obstacles == ()


@pytest.mark.parametrize("code", ["no_items", "X"])
def test_a_problem_of_an_order_that_has_the_wanted_status_is_told_too(code: str) -> None:
    found = told(deal(), order(problem_code=code))

    assert [obstacle.code for obstacle in found.obstacles] == [code]
    assert found.obstacles[0].what


def dispute(name: str) -> ConflictFacts:
    return ConflictFacts(1, "00000100", None, DEAL_ID, name, "ours", "theirs", "old", NOW)


def test_a_field_that_is_wanted_waits_for_the_next_cycle() -> None:
    found = told(deal(), order(po_number="PO-7", custom={"Seats__c": 5}))

    assert states(found)["fields"] is State.WAITING
    assert "PoNumber “PO-7” is wanted; the org has “(empty)”." in text(found, "fields")
    assert "Seats__c “5” is wanted" in text(found, "fields")


def test_a_field_in_conflict_blocks_and_says_how_to_settle_it() -> None:
    found = told(deal(), order(po_number="ours", org_po_number="theirs", conflicts=(dispute("po_number"),)))

    assert (states(found)["fields"], states(found)["status"]) == (State.BLOCKED, State.DONE)
    [obstacle] = found.obstacles
    assert (obstacle.code, "“ours”" in obstacle.what, "“theirs”" in obstacle.what) == ("conflict", True, True)
    assert "conflicts take-local 00000100 --field po_number" in str(obstacle.remedy)


def test_a_status_in_conflict_blocks() -> None:
    found = told(deal(), order(status="Activated", org_status="Cancelled", conflicts=(dispute("status"),)))

    assert states(found)["status"] is State.BLOCKED
    assert [obstacle.code for obstacle in found.obstacles] == ["conflict"]


def test_refused_fields_say_why_and_are_in_doubt_when_the_answer_was_lost() -> None:
    refused = {"problem_code": "LOCKED", "problem": "No.", "problem_want": digest({"po_number": "x"})}
    found = told(deal(), order(po_number="x", **refused))

    assert states(found)["fields"] is State.BLOCKED
    assert [obstacle.code for obstacle in found.obstacles] == ["LOCKED"]
    assert states(told(deal(), order(po_number="x", in_doubt="update")))["fields"] is State.DOUBT
    assert "fields" not in states(told(deal(), planned(po_number="x")))


def test_a_refused_status_and_field_are_told_once() -> None:
    both = {"status": "Activated", "po_number": "x"}
    refused = {"problem_code": "LOCKED", "problem": "No.", "problem_want": digest(both)}

    assert [one.code for one in told(deal(), order(**both, **refused)).obstacles] == ["LOCKED"]


def test_a_status_whose_answer_was_lost_is_in_doubt() -> None:
    found = told(deal(), order(status="Activated", in_doubt="update"))

    assert states(found)["status"] is State.DOUBT
    assert text(found, "status") == "Activated was sent, and the answer was lost; before, it was Draft."


def test_an_order_whose_status_the_org_has_not_told_is_not_judged() -> None:
    found = told(deal(), order(org_status=None, org_status_label=None))

    assert states(found)["status"] is State.WAITING


def test_a_deal_with_several_lines_counts_them() -> None:
    two = (line(), line(sf_id="00k000000000002AAA"))

    assert "500.00 over 2 lines" in text(told(deal(lines=two)), "deal")


def test_an_order_is_called_by_the_best_name_that_it_has() -> None:
    assert [order().handle, planned().handle, order(order_number=None, key=None).handle] == ["00000100", KEY, ORDER_ID]


def test_the_total_of_an_order_is_the_plan_until_the_org_has_told_its_own() -> None:
    assert [planned().total, order(total_amount=Decimal(1)).total] == [Decimal("250.00"), Decimal(1)]


def test_only_an_order_that_is_in_the_org_wants_another_value_there() -> None:
    assert planned(description="By truck.").wanted_fields == {}
    assert order(description="By truck.").wanted_fields == {"description": ("By truck.", None)}
