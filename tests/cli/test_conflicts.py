"""`sfsync orders set` says what fields are to have; `sfsync conflicts` lists and settles what both sides changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.emulator.fields import Field
from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.store.engine import Database
    from tests.cli.conftest import Ended
    from tests.world import World

    Program = Callable[..., Ended]


@pytest.fixture
def order(org: World, mirror: Database, sfsync: Program, monkeypatch: pytest.MonkeyPatch) -> str:
    """The number of a draft order in the org, with a field of the org's own."""
    org.org.add_custom_field("Order", Field("Seats__c", "double", "Seats", precision=10, scale=2, custom=True))
    org.org.add_custom_field("Order", Field("Urgent__c", "boolean", "Urgent", custom=True, default=False))
    monkeypatch.setenv("SFSYNC_ORDERS__WRITABLE_FIELDS", "Seats__c,Urgent__c")
    org.deal()
    assert sfsync("sync").code == 0
    return str(mirrored(mirror, "orders")[0].order_number)


@pytest.fixture
def clash(org: World, order: str, sfsync: Program) -> str:
    """An order whose PO number both sides have changed."""
    sfsync("orders", "set", order, "--po-number", "ours")
    org.org.update("Order", org.orders()[0]["Id"], {"PoNumber": "theirs"})
    assert sfsync("sync").code == 1
    return order


def test_fields_set_by_command_are_in_the_org_after_a_sync(org: World, order: str, sfsync: Program) -> None:
    given = ("--po-number", "PO-7", "--end-date", "2027-02-28", "--field", "Seats__c=12.5", "--field", "Urgent__c=yes")

    said = sfsync("orders", "set", order, *given)

    assert "PoNumber is to be “PO-7”; the org has “(empty)”." in said.text
    assert "“PO-7”" in sfsync("why", order).text
    assert "Pushed other fields of 1 order." in sfsync("sync").out
    found = org.org.get("Order", org.orders()[0]["Id"])
    assert (found["PoNumber"], found["EndDate"]) == ("PO-7", "2027-02-28")
    assert (found["Seats__c"], found["Urgent__c"]) == (12.5, True)
    assert "PO number PO-7" in sfsync("orders", "show", order).text

    assert sfsync("orders", "set", order, "--po-number", "").code == 0
    assert sfsync("orders", "set", order, "--po-number", "", "--json").json["changed"] == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "No field is given."),
        (("--end-date", "soon"), "“soon” is no date for end_date."),
        (("--field", "Seats__c=many"), "“many” is no number for Seats__c."),
        (("--field", "Seats__c=NaN"), "“NaN” is no number for Seats__c."),
        (("--field", "Urgent__c=perhaps"), "“perhaps” is no boolean for Urgent__c."),
        (("--field", "Other__c=1"), "orders.writable_fields"),
        (("--field", "Name=1"), "is not of the form Name__c=value"),
    ],
)
def test_what_cannot_be_set_is_wrong_use(order: str, sfsync: Program, given: tuple[str, ...], said: str) -> None:
    ended = sfsync("orders", "set", order, *given)

    assert ended.code == 2
    assert said in " ".join(ended.err.split())


def test_a_conflict_is_listed_explained_and_counted(clash: str, sfsync: Program) -> None:
    listed = sfsync("conflicts", "list").text
    assert all(word in listed for word in (clash, "PoNumber", "ours", "theirs"))
    [one] = sfsync("conflicts", "list", "--json").json["conflicts"]
    assert (one["record"], one["field"], one["wanted"], one["org_value"]) == (clash, "po_number", "ours", "theirs")
    assert "take-local" in sfsync("why", clash).text
    assert "(conflict)" in sfsync("orders", "show", clash).text
    assert sfsync("orders", "list", "--held", "--json").json["found"] == 1
    status = sfsync("status").text
    assert "Fields changed on both sides 1" in status
    assert "`sfsync conflicts list`" in status


@pytest.mark.parametrize(("command", "ends"), [("take-org", "theirs"), ("take-local", "ours")])
def test_a_person_settles_a_conflict(org: World, clash: str, sfsync: Program, command: str, ends: str) -> None:
    assert f"Order {clash}: PoNumber" in sfsync("conflicts", command, clash).text

    assert sfsync("sync").code == 0
    assert org.org.get("Order", org.orders()[0]["Id"])["PoNumber"] == ends
    assert sfsync("conflicts", "list").out == "There is no conflict.\n"
    assert command.replace("-", "_") in sfsync("conflicts", "list", "--all").out.replace("\n", "")
    again = sfsync("conflicts", command, clash)
    assert (again.code, "There is no open conflict" in again.err) == (2, True)


def test_a_settled_conflict_is_printed_as_json(clash: str, sfsync: Program) -> None:
    said = sfsync("conflicts", "take-org", clash, "--field", "po_number", "--json").json

    assert said == {"record": clash, "fields": ["po_number"], "resolution": "take_org"}
