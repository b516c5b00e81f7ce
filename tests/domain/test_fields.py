"""How values of fields compare, are remembered and judged."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from sfsync.domain.fields import Kind, Policies, Policy, api_name, digest, judge_value, plain, same, shown
from sfsync.domain.merge import Merged, merge

if TYPE_CHECKING:
    from sfsync.domain.fields import Value


def test_an_empty_text_is_no_value_as_for_salesforce() -> None:
    assert same("", None)
    assert not same(0, None)
    assert same(date(2026, 5, 1), "2026-05-01")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "(empty)"), ("", "(empty)"), (True, "true"), (False, "false"), (5, "5"), (date(2026, 5, 1), "2026-05-01")],
)
def test_values_are_shown_as_people_write_them(value: Value, text: str) -> None:
    assert shown(value) == text


def test_a_set_of_wishes_is_remembered_whatever_its_order_and_a_status_alone_by_its_word() -> None:
    assert digest({"status": "Activated"}) == "Activated"
    assert digest({"a": 1, "b": date(2026, 5, 1)}) == digest({"b": date(2026, 5, 1), "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def test_each_field_has_its_policy_and_all_custom_ones_share_one() -> None:
    policies = Policies(po_number=Policy.ORG_WINS, custom=Policy.LOCAL_WINS)

    assert [policies.of(name) for name in ("status", "po_number", "Any__c")] == [
        *(Policy.ASK, Policy.ORG_WINS, Policy.LOCAL_WINS),
    ]
    assert [api_name(name) for name in ("status", "end_date", "Any__c")] == ["Status", "EndDate", "Any__c"]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Kind.TEXT, "x", 5),
        (Kind.NUMBER, 5.5, "5"),
        (Kind.NUMBER, 5, True),
        (Kind.BOOLEAN, False, 0),
        (Kind.DATE, "2026-05-01", "20260501"),
        (Kind.DATE, date(2026, 5, 1), "soon"),
        (Kind.DATE, "2026-05-01", 5),
    ],
)
def test_a_value_must_be_of_its_fields_kind(kind: Kind, good: Value, bad: Value) -> None:
    assert judge_value("Any__c", good, kind) is None
    assert judge_value("Any__c", None, kind) is None
    refusal = judge_value("Any__c", bad, kind)
    assert refusal is not None
    assert (refusal.code, shown(bad) in refusal.message) == ("bad_value", True)


@pytest.mark.parametrize(("field", "setting"), [("Any__c", True), ("po_number", False)])
def test_a_field_that_may_not_be_written_says_what_to_do(field: str, setting: bool) -> None:  # noqa: FBT001 - parameter
    refusal = judge_value(field, "x", None)

    assert refusal is not None
    assert refusal.code == "not_writable"
    assert ("orders.writable_fields" in refusal.message) is setting


def test_what_was_sent_and_not_answered_is_no_change_of_somebody_else() -> None:
    assert merge("second", "old", "first", sent=("first",)) == Merged("second", "first", conflict=False)
    assert merge("old", "old", "first", sent=("first",)) == Merged("old", "first", conflict=False)
    assert merge("second", "old", "theirs", sent=("first",)).conflict


def test_json_knows_no_dates() -> None:
    assert [plain(date(2026, 5, 1)), plain(""), plain(5)] == ["2026-05-01", None, 5]
