"""An order moves forward through its life, and never into a category by accident."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.domain.statuses import DEACTIVATION, MOVES, Refusal, Status, StatusMap, judge_move
from tests.builders import choices

ORG = choices(Draft="Draft", Activated="Activated", Fulfilled="Activated", Cancelled="Activated")
PLAIN = StatusMap({status: status.value for status in Status})

READING = StatusMap(
    PLAIN.labels,
    {Status.DRAFT: ("In Review",), Status.FULFILLED: ("Delivered", "Invoiced"), Status.CANCELLED: ("Void",)},
)

LEGAL = {
    ("Draft", "Activated"),
    ("Draft", "Cancelled"),
    ("Activated", "Fulfilled"),
    ("Activated", "Cancelled"),
}


def judged(org: Status, want: Status, **changes: Any) -> str | None:
    """Return the code of the refusal of a move that is otherwise in order, None for none."""
    values: dict[str, Any] = {
        "status_code": "Draft" if org is Status.DRAFT else "Activated",
        "statuses": PLAIN,
        "choices": ORG,
        "item_count": 1,
        "contract_status_code": None,
    }
    refusal = judge_move(org, want, **values | changes)
    return refusal.code if refusal else None


def test_every_ordered_pair_of_statuses_is_legal_or_has_a_reason() -> None:
    assert set(MOVES) == set(product(Status, Status))
    assert {pair for pair, reason in MOVES.items() if reason is None} == LEGAL | {(s, s) for s in Status}
    assert all(reason is None or reason.endswith(".") for reason in MOVES.values())


@pytest.mark.parametrize("pair", [pair for pair, reason in MOVES.items() if reason])
def test_an_illegal_move_is_refused_with_its_reason(pair: tuple[Status, Status]) -> None:
    refusal = judge_move(
        *pair, status_code="Activated", statuses=PLAIN, choices=ORG, item_count=1, contract_status_code=None
    )

    assert refusal == Refusal("illegal_move", str(MOVES[pair]))


def test_legal_moves_pass() -> None:
    assert judged(Status.DRAFT, Status.ACTIVATED) is None
    assert judged(Status.DRAFT, Status.ACTIVATED, contract_status_code="Activated") is None
    assert judged(Status.ACTIVATED, Status.FULFILLED) is None
    assert judged(Status.ACTIVATED, Status.CANCELLED) is None


@pytest.mark.parametrize("status", Status)
def test_staying_is_never_refused(status: Status) -> None:
    assert judged(status, status, choices=()) is None


def test_an_order_without_products_is_not_activated() -> None:
    assert judged(Status.DRAFT, Status.ACTIVATED, item_count=0) == "no_items"


def test_an_order_under_a_draft_contract_is_not_activated() -> None:
    assert judged(Status.DRAFT, Status.ACTIVATED, contract_status_code="InApproval") == "contract_not_activated"


def test_only_activation_looks_at_products_and_contract() -> None:
    assert judged(Status.ACTIVATED, Status.FULFILLED, item_count=0, contract_status_code="Draft") is None


def test_cancelling_an_activated_order_must_not_deactivate_it() -> None:
    org = choices(Draft="Draft", Activated="Activated", Fulfilled="Activated", Cancelled="Draft")

    assert judged(Status.ACTIVATED, Status.CANCELLED, choices=org) == "would_deactivate"
    assert judged(Status.ACTIVATED, Status.CANCELLED, choices=org, status_code="Superseded") == "would_deactivate"
    assert judged(Status.DRAFT, Status.CANCELLED, choices=org) is None


def test_cancelling_a_draft_must_not_activate_it() -> None:
    assert judged(Status.DRAFT, Status.CANCELLED) == "would_activate"


def test_a_status_that_the_org_does_not_offer_is_not_sent() -> None:
    org = choices(Draft="Draft", Activated="Activated")

    assert judged(Status.ACTIVATED, Status.FULFILLED, choices=org) == "status_missing"


def test_activating_with_a_draft_category_value_is_not_sent() -> None:
    org = choices(Draft="Draft", Activated="Draft")

    assert judged(Status.DRAFT, Status.ACTIVATED, choices=org) == "status_wrong_category"


def test_a_mapping_that_fits_has_no_problem() -> None:
    assert PLAIN.check(ORG) == []
    assert PLAIN.check(choices(Draft="Draft", Activated="Activated", Fulfilled="Activated", Cancelled="Draft")) == []


def test_a_mapping_to_a_missing_value_names_setting_and_values() -> None:
    problems = PLAIN.check(choices(Draft="Draft", Activated="Activated", Cancelled="Activated"))

    assert [problem.code for problem in problems] == ["status_missing"]
    assert "statuses.fulfilled" in problems[0].message
    assert "“Draft”, “Activated”, “Cancelled”" in problems[0].message


def test_an_org_without_statuses_misses_all_of_them() -> None:
    problems = PLAIN.check([])

    assert [problem.code for problem in problems] == ["status_missing"] * 4
    assert "it has none" in problems[0].message


@pytest.mark.parametrize(
    ("name", "code"),
    [("Draft", "Activated"), ("Activated", "Draft"), ("Fulfilled", "Draft"), ("Fulfilled", "Superseded")],
)
def test_a_mapping_to_the_wrong_category_is_a_problem(name: str, code: str) -> None:
    org = {choice.api_name: choice.status_code for choice in ORG} | {name: code}

    (problem,) = PLAIN.check(choices(**org))

    assert problem.code == "status_wrong_category"
    assert f"“{name}”" in problem.message


def test_two_statuses_cannot_share_a_value() -> None:
    shared = StatusMap({**PLAIN.labels, Status.FULFILLED: "Activated"})

    (problem,) = shared.check(ORG)

    assert problem.code == "status_ambiguous"
    assert "Activated and Fulfilled" in problem.message


@pytest.mark.parametrize(
    ("label", "code", "status"),
    [
        ("Entwurf", "Draft", Status.DRAFT),
        ("Versandt", "Activated", Status.FULFILLED),
        ("Ready for Review", "Draft", Status.DRAFT),
        ("In delivery", "Activated", Status.ACTIVATED),
        ("Gone", "Canceled", Status.CANCELLED),
        ("Gone", "Cancelled", Status.CANCELLED),
        ("Gone", "Expired", Status.CANCELLED),
        ("Replaced", "Superseded", Status.ACTIVATED),
    ],
)
def test_a_value_of_the_org_is_read_by_its_name_or_else_by_its_category(label: str, code: str, status: Status) -> None:
    german = StatusMap(
        {
            Status.DRAFT: "Entwurf",
            Status.ACTIVATED: "Aktiviert",
            Status.FULFILLED: "Versandt",
            Status.CANCELLED: "Storniert",
        }
    )

    assert german.to_local(label, code) is status


@pytest.mark.parametrize(
    ("label", "code", "status"),
    [
        ("Delivered", "Activated", Status.FULFILLED),
        ("Invoiced", "Superseded", Status.FULFILLED),
        ("In Review", "Draft", Status.DRAFT),
        ("Void", "Draft", Status.CANCELLED),
        # The category is what Salesforce goes by: a value that was moved to another one is not believed.
        ("Activated", "Draft", Status.DRAFT),
        ("Delivered", "Draft", Status.DRAFT),
        ("Draft", "Activated", Status.ACTIVATED),
        ("In Review", "Superseded", Status.ACTIVATED),
    ],
)
def test_other_values_are_read_as_the_settings_say_unless_their_category_says_otherwise(
    label: str, code: str, status: Status
) -> None:
    assert READING.to_local(label, code) is status


def test_what_is_sent_is_read_back_as_the_same_status() -> None:
    by_label = {choice.api_name: choice.status_code for choice in ORG}

    assert [PLAIN.to_local(label := PLAIN.to_org(status), by_label[label]) for status in Status] == list(Status)


def test_a_value_to_read_that_the_org_does_not_offer_names_setting_and_values() -> None:
    (problem,) = READING.check([*ORG, *choices(Delivered="Activated", Invoiced="Superseded", Void="Draft")])

    assert problem.code == "status_missing"
    assert "“In Review” for Draft (setting statuses.also_draft)" in problem.message
    assert "“Delivered”" in problem.message


@pytest.mark.parametrize(("label", "code"), [("Delivered", "Draft"), ("Invoiced", "Draft"), ("In Review", "Activated")])
def test_a_value_of_another_category_cannot_be_read_as_a_status(label: str, code: str) -> None:
    org = {"Delivered": "Activated", "Invoiced": "Superseded", "Void": "Draft", "In Review": "Draft"} | {label: code}

    (problem,) = READING.check([*ORG, *choices(**org)])

    assert (problem.code, f"“{label}” cannot be read as" in problem.message) == ("status_wrong_category", True)


def test_a_value_cannot_be_read_as_two_statuses() -> None:
    both = StatusMap(PLAIN.labels, {Status.FULFILLED: ("Cancelled", "Fulfilled")})

    (problem,) = both.check(ORG)

    assert (problem.code, "Fulfilled and Cancelled" in problem.message) == ("status_ambiguous", True)


def test_what_could_make_an_order_pass_for_another_stops_all_work_and_a_missing_value_only_its_orders() -> None:
    def unsafe(statuses: StatusMap = PLAIN, **org: str) -> list[str]:
        return [problem.code for problem in statuses.unsafe(choices(**org))]

    assert unsafe(Draft="Draft", Activated="Activated") == []
    assert unsafe(Draft="Draft", Freigegeben="Activated") == []
    assert unsafe(Entwurf="Draft", Activated="Activated") == ["status_missing"]
    assert unsafe(Draft="Activated", Activated="Activated") == ["status_wrong_category"]
    assert unsafe(Draft="Draft", Activated="Draft") == ["status_wrong_category"]
    assert unsafe(READING, Draft="Draft", Delivered="Draft") == ["status_wrong_category"]
    shared = StatusMap({**PLAIN.labels, Status.FULFILLED: "Activated"})
    assert unsafe(shared, Draft="Draft", Activated="Activated") == ["status_ambiguous"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"reduced": True}, "has_reductions"),
        ({"status_code": "Superseded"}, "illegal_move"),
        ({"org": Status.FULFILLED}, "illegal_move"),
        ({"org": Status.CANCELLED}, "illegal_move"),
        ({"deactivation": False}, "illegal_move"),
        ({"choices": choices(Draft="Activated", Activated="Activated")}, "status_wrong_category"),
    ],
)
def test_an_order_is_deactivated_only_where_somebody_asked_for_just_that(
    changes: dict[str, Any], code: str | None
) -> None:
    org = changes.pop("org", Status.ACTIVATED)

    assert judged(org, Status.DRAFT, **{"deactivation": True} | changes) == code


def test_the_way_back_to_draft_names_its_command() -> None:
    assert "`sfsync orders deactivate`" in str(MOVES[Status.ACTIVATED, Status.DRAFT])


LABELS = ("Draft", "Activated", "Shipped", "Void", "Review")
CODES = ("Draft", "Activated", "Superseded", "Canceled", "Gone")
one_of_labels = st.sampled_from(LABELS)
maps = st.builds(
    StatusMap,
    st.fixed_dictionaries(dict.fromkeys(Status, one_of_labels)),
    st.dictionaries(st.sampled_from(list(Status)), st.tuples(one_of_labels)),
)


@settings(max_examples=500)
@given(
    statuses=maps,
    # Draft more often than not: that is what must not be sent.
    org=st.fixed_dictionaries({}, optional=dict.fromkeys(LABELS, st.sampled_from(("Draft", *CODES)))),
    shown=st.tuples(one_of_labels, st.sampled_from(CODES)),
    read=st.sampled_from([None, *Status]),
    want=st.sampled_from((*Status, Status.CANCELLED, Status.DRAFT)),
    asked=st.booleans(),
    reduced=st.booleans(),
)
def test_a_draft_value_is_sent_to_an_order_that_is_no_draft_only_where_somebody_asked_for_it(
    statuses: StatusMap,
    org: dict[str, str],
    shown: tuple[str, str],
    read: Status | None,
    want: Status,
    asked: bool,  # noqa: FBT001 - Hypothesis names its arguments
    reduced: bool,  # noqa: FBT001
) -> None:
    """Whatever the settings map, the org offers and shows, and however it was read."""
    was = read or statuses.to_local(*shown)

    refusal = judge_move(
        was, want, status_code=shown[1], statuses=statuses, choices=choices(**org), item_count=1,
        contract_status_code=None, deactivation=asked, reduced=reduced,
    )  # fmt: skip

    sent = refusal is None and was is not want
    if sent and org[statuses.to_org(want)] == "Draft" and shown[1] != "Draft":
        assert (asked, reduced, was, want, shown[1]) == (True, False, *DEACTIVATION, "Activated")
