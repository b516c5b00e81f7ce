from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sfsync.errors import OrgUnavailable
from sfsync.salesforce.outcomes import InDoubt, Locked, Refused, Updated
from sfsync.salesforce.push import OrderState, read_states, update_orders
from sfsync.salesforce.schema import FieldNames
from tests.salesforce.conftest import DATA
from tests.world import START

if TYPE_CHECKING:
    import responses

    from sfsync.salesforce.client import OrgClient
    from tests.world import World

UPDATE = f"{DATA}/composite/sobjects"
RETRIEVE = f"{DATA}/composite/sobjects/Order"
ID = "801000000000001AAA"
OTHER = "801000000000002AAA"


def an_order(world: World, *, lines: int = 1, key: str | None = None) -> str:
    header = {"AccountId": world.account, "EffectiveDate": "2026-03-02", "Status": "Draft", "Pricebook2Id": world.book}
    order = world.org.insert("Order", header | {"SFSync_Key__c": key})
    for _ in range(lines):
        item = {"OrderId": order, "PricebookEntryId": world.entries[0], "Quantity": 1, "UnitPrice": 10}
        world.org.insert("OrderItem", item)
    return order


def test_states_are_read_many_in_a_call_and_missing_orders_are_none(world: World, org_client: OrgClient) -> None:
    first, second, gone = an_order(world, key="k-1"), an_order(world), an_order(world)
    world.org.update("Order", second, {"Status": "Fulfilled"})
    world.org.delete("Order", gone)

    states = read_states(org_client, [first, second, gone])
    [by] = {row["LastModifiedById"] for row in world.org.query("SELECT LastModifiedById FROM Order")}

    assert org_client.calls["collections"] == 1
    assert states == {
        first: OrderState("Draft", "Draft", START, "k-1", by),
        second: OrderState("Fulfilled", "Activated", START, None, by),
        gone: None,
    }


def test_reading_no_states_costs_no_call(org_client: OrgClient) -> None:
    assert read_states(org_client, []) == {}
    assert not org_client.calls


def test_states_are_read_2000_at_a_time(client: OrgClient, http: responses.RequestsMock) -> None:
    http.post(RETRIEVE, json=[None] * 2000)
    http.post(RETRIEVE, json=[None])
    ids = [f"801{number:012}AAA" for number in range(2001)]

    states = read_states(client, ids, FieldNames(order_key="Key__c"))

    assert list(states) == ids
    assert b'"Key__c"' in http.calls[1].request.body


@pytest.mark.parametrize(
    "answer",
    [[], {"what": "?"}, ["?"], [{"Status": "Draft"}], [{"Status": "Draft", "StatusCode": 1, "SystemModstamp": ""}]],
)
def test_states_that_cannot_be_read_are_not_guessed(
    client: OrgClient, http: responses.RequestsMock, answer: Any
) -> None:
    http.post(RETRIEVE, json=answer)

    with pytest.raises(OrgUnavailable):
        read_states(client, [ID])


def test_an_id_that_is_none_is_not_sent(org_client: OrgClient) -> None:
    with pytest.raises(ValueError, match="no Salesforce record id"):
        read_states(org_client, ["k-1"])
    with pytest.raises(ValueError, match="no Salesforce record id"):
        update_orders(org_client, [("k-1", {"Status": "Activated"})])


def test_each_order_is_updated_on_its_own(world: World, org_client: OrgClient) -> None:
    good, empty = an_order(world), an_order(world, lines=0)

    first, second = update_orders(org_client, [(empty, {"Status": "Activated"}), (good, {"Status": "Activated"})])

    assert isinstance(first, Refused)
    assert (first.key, first.code) == (empty, "FAILED_ACTIVATION")
    assert second == Updated(good)
    assert org_client.calls["collections"] == 1
    assert world.org.get("Order", good)["Status"] == "Activated"


def test_a_locked_order_holds_up_no_other(world: World, org_client: OrgClient) -> None:
    orders = [an_order(world), an_order(world)]
    world.org.faults.add("lock_row", path="composite/sobjects", pick=1)

    first, second = update_orders(org_client, [(order, {"Status": "Activated"}) for order in orders])

    assert isinstance(first, Locked)
    assert second == Updated(orders[1])


def test_a_lost_answer_to_an_update_is_in_doubt(world: World, org_client: OrgClient) -> None:
    order = an_order(world)
    world.org.faults.add("lost_answer", path="composite/sobjects")

    with pytest.raises(OrgUnavailable) as caught:
        update_orders(org_client, [(order, {"Status": "Activated"})])

    assert caught.value.in_doubt
    state = read_states(org_client, [order])[order]
    assert state is not None
    assert state.status_label == "Activated"


def test_more_than_200_updates_are_our_mistake(client: OrgClient) -> None:
    with pytest.raises(ValueError, match="201 updates"):
        update_orders(client, [(ID, {})] * 201)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"success": True, "id": ID, "errors": []}, Updated(ID)),
        ({"success": False, "errors": [{"statusCode": "ENTITY_IS_DELETED", "message": "gone", "fields": ["Id"]}]},
         Refused(ID, "ENTITY_IS_DELETED", "gone", ("Id",))),
        ({"success": False, "errors": [{"statusCode": "UNKNOWN_EXCEPTION", "message": "x"}]},
         Locked(ID, "UNKNOWN_EXCEPTION", "x")),
        ({"success": False, "errors": []}, InDoubt(ID)),
        ({}, InDoubt(ID)),
        (None, InDoubt(ID)),
    ],
)  # fmt: skip
def test_every_element_of_the_answer_is_looked_at(
    client: OrgClient, http: responses.RequestsMock, answer: Any, outcome: Any
) -> None:
    http.patch(UPDATE, json=[answer])

    assert update_orders(client, [(ID, {"Status": "x"}), (OTHER, {"Status": "x"})]) == [outcome, InDoubt(OTHER)]
    assert b'"allOrNone":false' in http.calls[1].request.body


def test_an_answer_of_another_kind_leaves_all_updates_in_doubt(client: OrgClient, http: responses.RequestsMock) -> None:
    http.patch(UPDATE, json={"what": "?"})

    with pytest.raises(OrgUnavailable) as caught:
        update_orders(client, [(ID, {"Status": "x"})])

    assert caught.value.in_doubt
