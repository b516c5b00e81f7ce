"""Who is in whose way: rows, parents and unique keys that an open transaction holds [facts: api 5.5]."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.emulator.errors import ApiError
from sfsync.emulator.fields import Field
from sfsync.emulator.objects.build import DELETED, SYSTEM, sobject
from tests.emulator.api import Api, V, make_api, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.emulator.http import Response
    from sfsync.emulator.transactions import OpenTransaction

LOCKED = "UNABLE_TO_LOCK_ROW"


@pytest.fixture
def api() -> Api:
    return make_api()


def locked_by(response: Response, record_id: str) -> bool:
    """Whether the call was refused for that row, in the words of the platform."""
    text = f"unable to obtain exclusive access to this record or 1 records: {record_id[:15]}"
    return response.status == 400 and refusal(response) == (400, LOCKED, text)


def opportunity_fields(api: Api) -> dict[str, Any]:
    return {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-03-01", "AccountId": api.account}


def contract(api: Api) -> str:
    return api.create("Contract", AccountId=api.account, StartDate="2026-01-01", ContractTerm=12)


# -- parents


def test_an_order_locks_its_account_and_contract(api: Api) -> None:
    agreed = contract(api)
    late = api.org.open_transaction()
    late.insert("Order", api.order_fields(ContractId=agreed))

    assert locked_by(api.call("PATCH", f"sobjects/Account/{api.account}", {"Name": "B"}), api.account)
    assert locked_by(api.call("PATCH", f"sobjects/Contract/{agreed}", {"Description": "B"}), agreed)
    late.commit()
    assert api.call("PATCH", f"sobjects/Account/{api.account}", {"Name": "B"}).status == 204


@pytest.mark.parametrize("act", ["insert", "update"])
@pytest.mark.parametrize("other", ["Order", "Opportunity", "Contact", "Contract"])
def test_children_of_one_account_exclude_each_other(api: Api, act: str, other: str) -> None:
    order = api.order()
    fields = {
        "Order": api.order_fields(),
        "Opportunity": opportunity_fields(api),
        "Contact": {"LastName": "C", "AccountId": api.account},
        "Contract": {"AccountId": api.account},
    }[other]
    late = api.org.open_transaction()
    if act == "insert":
        late.insert("Order", api.order_fields())
    else:
        late.update("Order", order, {"Description": "late"})

    assert locked_by(api.call("POST", f"sobjects/{other}", fields), api.account)


def test_orders_of_other_accounts_are_free(api: Api) -> None:
    elsewhere = api.create("Account", Name="Elsewhere")
    late = api.org.open_transaction()
    late.insert("Order", api.order_fields())

    assert api.call("POST", "sobjects/Order", api.order_fields(AccountId=elsewhere)).status == 201
    assert api.call("GET", f"sobjects/Account/{api.account}").status == 200


def act_on_line(late: OpenTransaction, api: Api, order: str, line: str, act: str) -> None:
    if act == "insert":
        late.insert("OrderItem", api.item_fields(order, UnitPrice=0))
    elif act == "update":
        late.update("OrderItem", line, {"Description": "late"})
    else:
        late.delete("OrderItem", line)


@pytest.mark.parametrize("act", ["insert", "update", "delete"])
def test_a_line_locks_its_order_for_everybody_else(api: Api, act: str) -> None:
    order = api.order()
    line, other = api.item(order, UnitPrice=0), api.item(order)  # no price: the total stays, and is locked yet
    late = api.org.open_transaction()
    act_on_line(late, api, order, line, act)

    assert locked_by(api.call("POST", "sobjects/OrderItem", api.item_fields(order)), order)
    assert locked_by(api.call("PATCH", f"sobjects/OrderItem/{other}", {"Description": "early"}), order)
    assert locked_by(api.call("DELETE", f"sobjects/OrderItem/{other}"), order)
    assert locked_by(api.call("PATCH", f"sobjects/Order/{order}", {"Description": "early"}), order)
    assert locked_by(api.call("DELETE", f"sobjects/Order/{order}"), order)
    late.rollback()
    assert api.call("DELETE", f"sobjects/OrderItem/{other}").status == 204


@pytest.mark.parametrize("act", ["insert", "update", "delete"])
def test_a_line_locks_its_opportunity(api: Api, act: str) -> None:
    deal = api.create("Opportunity", **opportunity_fields(api))
    fields = {"OpportunityId": deal, "PricebookEntryId": api.entry, "Quantity": 1, "UnitPrice": 5}
    line = api.create("OpportunityLineItem", **fields)
    late = api.org.open_transaction()
    if act == "insert":
        late.insert("OpportunityLineItem", fields)
    elif act == "update":
        late.update("OpportunityLineItem", line, {"Description": "late"})
    else:
        late.delete("OpportunityLineItem", line)

    assert locked_by(api.call("POST", "sobjects/OpportunityLineItem", fields), deal)
    assert locked_by(api.call("PATCH", f"sobjects/Opportunity/{deal}", {"NextStep": "x"}), deal)


def test_deleting_an_order_leaves_its_account_alone(api: Api) -> None:
    order = api.order()
    late = api.org.open_transaction()
    late.delete("Order", order)

    assert api.call("POST", "sobjects/Order", api.order_fields()).status == 201


def test_a_parent_cannot_be_deleted_while_a_child_is_written(api: Api) -> None:
    contact = api.create("Contact", LastName="C", AccountId=api.account)
    late = api.org.open_transaction()
    late.update("Contact", contact, {"LastName": "D"})

    assert locked_by(api.call("DELETE", f"sobjects/Account/{api.account}"), api.account)


def test_moving_a_child_locks_the_old_and_the_new_parent(api: Api) -> None:
    elsewhere = api.create("Account", Name="Elsewhere")
    contact = api.create("Contact", LastName="C", AccountId=api.account)
    late = api.org.open_transaction()
    late.update("Contact", contact, {"AccountId": elsewhere})

    for account in (api.account, elsewhere):
        assert locked_by(api.call("PATCH", f"sobjects/Account/{account}", {"Name": "B"}), account)


def test_price_lists_and_users_are_locked_only_where_the_org_says_so(api: Api) -> None:
    order = api.order()
    elsewhere = api.order_fields(AccountId=api.create("Account", Name="Elsewhere"))
    with api.org.open_transaction() as late:
        late.insert("OrderItem", api.item_fields(order))
        assert api.call("POST", "sobjects/Order", elsewhere).status == 201
        assert api.call("PATCH", f"sobjects/PricebookEntry/{api.entry}", {"UnitPrice": 13}).status == 204

    api.org.settings.price_lists_are_locked = True
    with api.org.open_transaction() as late:
        late.insert("OrderItem", api.item_fields(order))
        assert locked_by(api.call("PATCH", f"sobjects/PricebookEntry/{api.entry}", {"UnitPrice": 12}), api.entry)


def test_a_roll_up_can_lock_what_its_row_belongs_to(api: Api) -> None:
    order = api.order()
    with api.org.open_transaction() as late:
        late.insert("OrderItem", api.item_fields(order))
        assert api.call("PATCH", f"sobjects/Account/{api.account}", {"Name": "B"}).status == 204

    api.org.settings.rollups_lock_parents = True
    with api.org.open_transaction() as late:
        late.insert("OrderItem", api.item_fields(order))
        assert locked_by(api.call("PATCH", f"sobjects/Account/{api.account}", {"Name": "C"}), api.account)


def shipments(api: Api, *, detail: bool) -> str:
    """Add a custom object below orders, as a detail or by a plain lookup; returns one shipment's id."""
    order = Field(
        "Order__c",
        "reference",
        "Order",
        reference_to=("Order",),
        custom=True,
        nillable=not detail,
        cascade_delete=detail,
    )
    shipment = sobject("Shipment__c", "a00", f"Name | string 80 | CUF | Name\n{SYSTEM}{DELETED}", custom=True)
    api.org.add_object(replace(shipment, fields={**shipment.fields, order.name: order}))
    return api.org.insert("Shipment__c", {"Name": "S", "Order__c": api.order()})


@pytest.mark.parametrize(
    ("detail", "switch", "act", "expected"),
    [
        (True, False, "update", True),
        (True, False, "delete", True),
        (False, True, "update", True),
        (False, True, "delete", False),
        (False, False, "update", False),
    ],
)
def test_custom_details_lock_their_master_and_lookups_by_a_switch(
    api: Api, *, detail: bool, switch: bool, act: str, expected: bool
) -> None:
    api.org.settings.custom_lookups_lock = switch
    shipment = shipments(api, detail=detail)
    order = api.org.get("Shipment__c", shipment)["Order__c"]
    late = api.org.open_transaction()
    if act == "update":
        late.update("Shipment__c", shipment, {"Name": "T"})
    else:
        late.delete("Shipment__c", shipment)

    changed = api.call("PATCH", f"sobjects/Order/{order}", {"Description": "early"})

    assert locked_by(changed, order) is expected
    assert (changed.status == 204) is not expected


# -- transactions among themselves


def test_a_transaction_is_never_in_its_own_way(api: Api) -> None:
    with api.org.open_transaction() as late:
        order = late.insert("Order", api.order_fields(SFSync_Key__c="k"))
        line = late.insert("OrderItem", api.item_fields(order))
        late.update("OrderItem", line, {"Quantity": 3})
        late.delete("OrderItem", line)
        late.update("Account", api.account, {"Name": "B"})

    assert (api.value("Account", api.account, "Name"), api.value("Order", order, "TotalAmount")) == ("B", 0)


def test_two_open_transactions_exclude_each_other(api: Api) -> None:
    order = api.order()
    first, second = api.org.open_transaction(), api.org.open_transaction()
    first.insert("OrderItem", api.item_fields(order))

    with pytest.raises(ApiError) as caught:
        second.insert("OrderItem", api.item_fields(order))
    first.commit()
    second.insert("OrderItem", api.item_fields(order))
    second.commit()

    assert caught.value.code == LOCKED
    assert api.value("Order", order, "TotalAmount") == 42


def test_a_transaction_that_commits_by_itself_makes_way_for_another(api: Api) -> None:
    order = api.order()
    due = api.org.open_transaction(due=10**6)
    due.insert("OrderItem", api.item_fields(order))
    with api.org.open_transaction() as late:
        late.insert("OrderItem", api.item_fields(order))
        assert api.org.transactions == [late]

    assert api.value("Order", order, "TotalAmount") == 42


# -- what the client hears


def line_part(api: Api, order: str, name: str) -> dict[str, Any]:
    body = api.item_fields(order)
    return {"method": "POST", "url": f"{V}/sobjects/OrderItem", "referenceId": name, "body": body}


@pytest.fixture
def busy(api: Api) -> tuple[str, str]:
    """An order that somebody else is writing, and one of another account that is free."""
    order = api.order()
    free = api.order(AccountId=api.create("Account", Name="Elsewhere"))
    api.org.open_transaction().insert("OrderItem", api.item_fields(order))
    return order, free


def test_in_collections_only_the_record_fails(api: Api, busy: tuple[str, str]) -> None:
    records = [{"attributes": {"type": "OrderItem"}, **api.item_fields(order)} for order in busy]

    held, free = api.call("POST", "composite/sobjects", {"records": records}).json()
    both = api.call("POST", "composite/sobjects", {"records": records, "allOrNone": True}).json()

    assert (held["success"], held["errors"][0]["statusCode"], free["success"]) == (False, LOCKED, True)
    assert [one["errors"][0]["statusCode"] for one in both] == [LOCKED, "ALL_OR_NONE_OPERATION_ROLLED_BACK"]
    assert len(api.org.query("SELECT Id FROM OrderItem")) == 1


def test_in_graphs_the_graph_fails_and_the_others_go_on(api: Api, busy: tuple[str, str]) -> None:
    graphs = [
        {"graphId": f"g{number}", "compositeRequest": [line_part(api, order, "a")]} for number, order in enumerate(busy)
    ]

    answers = api.call("POST", "composite/graph", {"graphs": graphs}).json()["graphs"]

    assert [one["isSuccessful"] for one in answers] == [False, True]
    part = answers[0]["graphResponse"]["compositeResponse"][0]
    assert (part["httpStatusCode"], part["body"][0]["errorCode"]) == (400, LOCKED)


@pytest.mark.parametrize(("strict", "lines"), [(True, 0), (False, 1)])
def test_in_composite_the_subrequest_fails(api: Api, busy: tuple[str, str], *, strict: bool, lines: int) -> None:
    parts = [line_part(api, order, f"r{number}") for number, order in enumerate(busy)]

    answers = api.call("POST", "composite", {"allOrNone": strict, "compositeRequest": parts}).json()

    statuses = [one["httpStatusCode"] for one in answers["compositeResponse"]]
    assert statuses == [400, 400 if strict else 201]
    assert answers["compositeResponse"][0]["body"][0]["errorCode"] == LOCKED
    assert len(api.org.query("SELECT Id FROM OrderItem")) == lines


# -- waiting


class Watched(threading.Condition):
    """Says when somebody begins to wait."""

    def __init__(self, lock: threading.RLock) -> None:
        super().__init__(lock)
        self.waits = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.set()
        return super().wait(timeout)


@pytest.fixture
def watched(api: Api) -> Watched:
    api.org.freed = Watched(api.org.lock)
    return api.org.freed


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_write_waits_for_a_lock_as_long_as_the_org_does(api: Api, watched: Watched, end: str) -> None:
    order = api.order()
    api.org.settings.lock_wait_seconds = 60
    late = api.org.open_transaction()
    late.insert("OrderItem", api.item_fields(order))
    finish: Callable[[], None] = late.commit if end == "commit" else late.rollback

    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(api.call, "POST", "sobjects/OrderItem", api.item_fields(order))
        assert watched.waits.wait(30)
        finish()
        assert call.result(30).status == 201

    assert api.value("Order", order, "TotalAmount") == (42 if end == "commit" else 21)


def test_what_waited_in_vain_is_refused_and_undone(api: Api, watched: Watched, busy: tuple[str, str]) -> None:
    api.org.settings.lock_wait_seconds = 0.001
    records = [{"attributes": {"type": "OrderItem"}, **api.item_fields(order)} for order in reversed(busy)]

    free, held = api.call("POST", "composite/sobjects", {"records": records}).json()

    assert watched.waits.is_set()
    assert (free["success"], held["errors"][0]["statusCode"]) == (True, LOCKED)
    assert [row["Id"] for row in api.org.query("SELECT Id FROM OrderItem")] == [free["id"]]
