from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain.model import OrderPlan, PlannedLine
from sfsync.errors import OrgRefused, OrgUnavailable, OrgUnfit
from sfsync.salesforce.create import create_big_order, create_items, create_orders, pack
from sfsync.salesforce.outcomes import AlreadyThere, Created, Halted, InDoubt, ItemCreated, Locked, Refused
from sfsync.salesforce.schema import FieldNames, read_schema
from sfsync.salesforce.settle import find_orders
from tests.salesforce.conftest import DATA

if TYPE_CHECKING:
    import responses

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.schema import OrgSchema
    from tests.world import World

NAMES = FieldNames()
GRAPH = f"{DATA}/composite/graph"
BIG = f"{DATA}/commerce/sale/order"
HALTED = [{"errorCode": "PROCESSING_HALTED", "message": "The transaction was rolled back."}]


def a_plan(world: World, deal: str, *, lines: int = 2, price: str = "33.33", **changes: Any) -> OrderPlan:
    planned = tuple(
        PlannedLine(
            key=f"{deal}-1-{number}",
            deal_line_id="00k000000000001AAA",
            pricebook_entry_id=world.entries[0],
            product_id=None,
            quantity=Decimal("1.00"),
            unit_price=Decimal(price),
            total=Decimal(price),
            service_date=date(2026, 3, 2),
            description=f"Line {number}",
        )
        for number in range(1, lines + 1)
    )
    plan = OrderPlan(
        key=f"{deal}-1",
        deal_id=deal,
        account_id=world.account,
        contract_id=None,
        pricebook_id=world.book,
        currency=None,
        effective_date=date(2026, 3, 1),
        name="Spring order",
        total=Decimal(price) * lines,
        lines=planned,
    )
    return replace(plan, **changes)


def element(reference: str, body: Any, status: int = 400) -> dict[str, Any]:
    return {"referenceId": reference, "httpStatusCode": status, "body": body, "httpHeaders": {}}


def made(reference: str, sf_id: str) -> dict[str, Any]:
    return element(reference, {"id": sf_id, "success": True, "errors": []}, 201)


def failed(reference: str, code: str, message: str = "because", **more: Any) -> dict[str, Any]:
    return element(reference, [{"errorCode": code, "message": message, **more}])


def graph(number: int, *elements: dict[str, Any], ok: bool = False) -> dict[str, Any]:
    return {"graphId": f"g{number}", "isSuccessful": ok, "graphResponse": {"compositeResponse": list(elements)}}


def test_orders_are_packed_by_graphs_and_by_nodes_in_their_order(world: World) -> None:
    small = [a_plan(world, f"d{number}", lines=5) for number in range(80)]
    large = [a_plan(world, f"e{number}", lines=200) for number in range(3)]
    full = [a_plan(world, "f", lines=499)]

    packed = list(pack(small + large + full))

    assert [len(batch) for batch in packed] == [75, 7, 1, 1]
    assert [plan for batch in packed for plan in batch] == small + large + full
    assert list(pack([])) == []


def test_an_order_that_fits_no_graph_is_not_packed(world: World) -> None:
    with pytest.raises(ValueError, match="too many for a graph"):
        list(pack([a_plan(world, "d", lines=500)]))


def test_many_orders_are_created_whole_in_one_call(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    deals = [world.deal(), world.deal()]
    plans = [a_plan(world, deal) for deal in deals]
    org_client.calls.clear()

    outcomes = create_orders(org_client, plans, NAMES, schema)

    assert org_client.calls == {"graph": 1}
    for plan, outcome in zip(plans, outcomes, strict=True):
        (row,) = world.orders(plan.deal_id)
        assert isinstance(outcome, Created)
        assert (outcome.key, outcome.order_id) == (plan.key, row["Id"])
        assert outcome.item_ids == {item["SFSync_Key__c"]: item["Id"] for item in row["OrderItems"]["records"]}
        assert set(outcome.item_ids) == {line.key for line in plan.lines}
        order = world.org.get("Order", outcome.order_id)
        assert (order["Name"], order["Status"], order["EffectiveDate"]) == ("Spring order", "Draft", "2026-03-01")
        assert order["TotalAmount"] == Decimal("66.66")
        item = world.org.get("OrderItem", outcome.item_ids[plan.lines[0].key])
        assert (item["Description"], item["ServiceDate"]) == ("Line 1", "2026-03-02")


def test_an_order_that_is_there_already_is_not_made_twice(
    world: World, org_client: OrgClient, schema: OrgSchema
) -> None:
    plan, other = a_plan(world, world.deal()), a_plan(world, world.deal())
    create_orders(org_client, [plan], NAMES, schema)

    first, second = create_orders(org_client, [plan, other], NAMES, schema)

    assert first == AlreadyThere(plan.key)
    assert isinstance(second, Created)
    assert len(world.orders(plan.deal_id)) == 1


def test_a_refused_order_names_its_line_and_leaves_the_others_alone(
    world: World, org_client: OrgClient, schema: OrgSchema
) -> None:
    good, bad = a_plan(world, world.deal()), a_plan(world, world.deal())
    bad = replace(bad, lines=(bad.lines[0], replace(bad.lines[1], quantity=Decimal("0.00"))))

    first, second = create_orders(org_client, [bad, good], NAMES, schema)

    assert isinstance(first, Refused)
    assert (first.key, first.line_key) == (bad.key, bad.lines[1].key)
    assert "quantities of zero" in first.message
    assert isinstance(second, Created)
    assert world.orders(bad.deal_id) == []


def test_after_fourteen_failures_the_rest_is_halted_not_refused(
    world: World, org_client: OrgClient, schema: OrgSchema
) -> None:
    bad = [a_plan(world, world.deal(), account_id="001000000000009AAA") for _ in range(14)]
    good = a_plan(world, world.deal())

    *outcomes, last = create_orders(org_client, [*bad, good], NAMES, schema)

    assert all(isinstance(outcome, Refused) for outcome in outcomes)
    assert last == Halted(good.key)


def test_a_locked_row_is_no_refusal(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    plans = [a_plan(world, world.deal()), a_plan(world, world.deal())]
    world.org.faults.add("lock_row", path="graph", pick=1)

    first, second = create_orders(org_client, plans, NAMES, schema)

    assert isinstance(first, Locked)
    assert first.code == "UNABLE_TO_LOCK_ROW"
    assert isinstance(second, Created)


@pytest.mark.parametrize("fault", ["lost_answer", "lost_answer_timeout", "truncated", "html_503"])
def test_a_lost_answer_is_in_doubt_and_settled_by_the_keys(
    world: World, org_client: OrgClient, schema: OrgSchema, fault: str
) -> None:
    plans = [a_plan(world, world.deal()), a_plan(world, world.deal())]
    world.org.faults.add(fault, path="graph")

    with pytest.raises(OrgUnavailable) as caught:
        create_orders(org_client, plans, NAMES, schema)
    found = find_orders(org_client, schema, [*(plan.key for plan in plans), "nobody-1"])

    assert caught.value.in_doubt
    there = fault != "html_503"
    assert set(found) == ({plan.key for plan in plans} if there else set())
    for plan in plans if there else ():
        assert {item.key for item in found[plan.key].items or ()} == {line.key for line in plan.lines}


def test_a_living_order_is_found_before_a_deleted_one_of_its_key(
    world: World, org_client: OrgClient, schema: OrgSchema
) -> None:
    plan = a_plan(world, world.deal())
    (gone,) = create_orders(org_client, [plan], NAMES, schema)
    assert isinstance(gone, Created)
    world.org.delete("Order", gone.order_id)
    assert find_orders(org_client, schema, [plan.key])[plan.key].is_deleted
    (living,) = create_orders(org_client, [plan], NAMES, schema)
    assert isinstance(living, Created)

    found = find_orders(org_client, schema, [plan.key])
    assert (found[plan.key].sf_id, found[plan.key].is_deleted) == (living.order_id, False)


def test_whatever_order_the_org_answers_in_the_living_one_is_found(
    client: OrgClient, http: responses.RequestsMock, schema: OrgSchema
) -> None:
    rows = [
        {
            "Id": f"80100000000000{number}AAA",
            "SFSync_Key__c": "d-1",
            "Status": "Draft",
            "StatusCode": "Draft",
            "TotalAmount": 1,
            "IsDeleted": deleted,
            "SystemModstamp": "2026-03-02T09:00:00.000+0000",
            "OrderItems": None,
        }
        for number, deleted in ((1, False), (2, True))
    ]
    for order in (rows, rows[::-1]):
        body = {"compositeResponse": [element("r0", {"done": True, "records": order}, 200)]}
        http.post(f"{DATA}/composite", json=body)

    for _ in range(2):
        assert find_orders(client, schema, ["d-1"])["d-1"].sf_id == "801000000000001AAA"


def test_the_status_to_create_with_may_be_chosen(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    plan = a_plan(world, world.deal())

    (outcome,) = create_orders(org_client, [plan], NAMES, schema, status="Activated")

    assert isinstance(outcome, Refused)
    assert outcome.code == "FAILED_ACTIVATION"


def test_without_a_draft_status_nothing_is_sent(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    org_client.calls.clear()

    with pytest.raises(OrgUnfit, match="Draft"):
        create_orders(org_client, [a_plan(world, "d")], NAMES, replace(schema, statuses=()))

    assert not org_client.calls


def test_what_the_user_may_not_write_is_left_out(
    world: World, org_client: OrgClient, client: OrgClient, http: responses.RequestsMock
) -> None:
    for sobject, field in (
        ("Order", "Name"),
        ("Order", "OpportunityId"),
        ("OrderItem", "ServiceDate"),
        ("OrderItem", "Description"),
    ):
        world.org.hide_field(sobject, field)
    schema = read_schema(org_client, NAMES)
    http.post(GRAPH, json={"graphs": []})

    create_orders(client, [a_plan(world, "d", lines=1, currency="EUR")], NAMES, schema)

    order, item = json.loads(http.calls[1].request.body)["graphs"][0]["compositeRequest"]
    assert (order["method"], order["url"]) == ("POST", "/services/data/v66.0/sobjects/Order")
    assert set(order["body"]) == {"AccountId", "EffectiveDate", "Status", "Pricebook2Id", "SFSync_Key__c"}
    assert set(item["body"]) == {"OrderId", "PricebookEntryId", "Quantity", "UnitPrice", "SFSync_Key__c"}
    assert item["body"]["OrderId"] == "@{o.id}"
    assert b'"UnitPrice":33.33' in http.calls[1].request.body


def outcomes_of(
    client: OrgClient, http: responses.RequestsMock, plans: list[OrderPlan], schema: OrgSchema, *graphs: Any
) -> list[Any]:
    http.post(GRAPH, json={"graphs": list(graphs)})
    return list(create_orders(client, plans, NAMES, schema))


OK = (made("o", "801A"), made("l0", "802A"), made("l1", "802B"))


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {"graphId": "g0", "isSuccessful": True},
        {"graphId": "g0", "isSuccessful": True, "graphResponse": {}},
        graph(0, *OK[:2], ok=True),
        graph(0, *OK[:2], element("l1", {"id": "802B"}, 400), ok=True),
        graph(0, *OK[:2], element("l1", None, 201), ok=True),
        graph(0, *OK[:2], element("l1", {"success": True}, 201), ok=True),
        graph(0, *OK),
        graph(0),
    ],
)
def test_an_answer_that_lacks_something_leaves_its_order_in_doubt(
    world: World, client: OrgClient, http: responses.RequestsMock, schema: OrgSchema, answer: Any
) -> None:
    plans = [a_plan(world, "d"), a_plan(world, "e")]

    first, second = outcomes_of(client, http, plans, schema, *([answer] if answer else []), graph(1, *OK, ok=True))

    assert first == InDoubt("d-1")
    assert isinstance(second, Created)


@pytest.mark.parametrize(
    ("elements", "outcome"),
    [
        ((failed("o", "FIELD_INTEGRITY_EXCEPTION", fields=["EffectiveDate"]), element("l0", HALTED)),
         Refused("d-1", "FIELD_INTEGRITY_EXCEPTION", "because", ("EffectiveDate",))),
        ((element("o", HALTED), element("l0", HALTED), failed("l1", "STRING_TOO_LONG")),
         Refused("d-1", "STRING_TOO_LONG", "because", (), "d-1-2")),
        ((failed("o", "DUPLICATE_VALUE", "duplicate value found: sfsync_key__c duplicates 801"),),
         AlreadyThere("d-1")),
        ((failed("o", "DUPLICATE_VALUE", "<unknown> duplicates value on record with id: <unknown>"),),
         AlreadyThere("d-1")),
        ((failed("o", "DUPLICATE_VALUE", "duplicate value found: PO__c duplicates value on record with id: 801"),),
         Refused("d-1", "DUPLICATE_VALUE", "duplicate value found: PO__c duplicates value on record with id: 801")),
        ((element("o", HALTED), failed("l0", "DUPLICATE_VALUE", "duplicate value found: SFSync_Key__c duplicates")),
         Refused("d-1", "DUPLICATE_VALUE", "duplicate value found: SFSync_Key__c duplicates", (), "d-1-1")),
        ((failed("o", "UNKNOWN_EXCEPTION"),), Locked("d-1", "UNKNOWN_EXCEPTION", "because")),
        ((failed("o", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "caused by: UNABLE_TO_LOCK_ROW"),),
         Locked("d-1", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "caused by: UNABLE_TO_LOCK_ROW")),
        ((failed("o", "NOBODY_KNOWS"),), Refused("d-1", "NOBODY_KNOWS", "because")),
    ],
)  # fmt: skip
def test_a_graph_that_failed_is_judged_by_its_culprit(
    world: World, client: OrgClient, http: responses.RequestsMock, schema: OrgSchema, elements: Any, outcome: Any
) -> None:
    assert outcomes_of(client, http, [a_plan(world, "d")], schema, graph(0, *elements)) == [outcome]


def test_what_is_halted_without_anybody_failing_is_refused(
    world: World, client: OrgClient, http: responses.RequestsMock, schema: OrgSchema
) -> None:
    plans = [a_plan(world, "d"), a_plan(world, "e")]

    first, second = outcomes_of(client, http, plans, schema, graph(0, element("o", HALTED)), graph(1, *OK, ok=True))

    assert isinstance(first, Refused)
    assert first.code == "PROCESSING_HALTED"
    assert isinstance(second, Created)


@pytest.mark.parametrize("answer", ["[]", '{"graphs":{}}', '{"other":1}'])
def test_an_answer_of_another_kind_leaves_all_in_doubt(
    world: World, client: OrgClient, http: responses.RequestsMock, schema: OrgSchema, answer: str
) -> None:
    http.post(GRAPH, body=answer)

    with pytest.raises(OrgUnavailable) as caught:
        create_orders(client, [a_plan(world, "d")], NAMES, schema)

    assert caught.value.in_doubt


def test_a_big_order_is_created_whole_in_one_call(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    plan = a_plan(world, world.deal(), lines=700)
    org_client.calls.clear()

    outcome = create_big_order(org_client, plan, NAMES, schema)

    assert isinstance(outcome, Created)
    assert outcome.item_ids == {}
    assert org_client.calls == {"place_order": 1}
    found = find_orders(org_client, schema, [plan.key])[plan.key]
    assert found.sf_id == outcome.order_id
    assert {item.key for item in found.items or ()} == {line.key for line in plan.lines}
    assert found.total_amount == plan.total
    assert create_big_order(org_client, plan, NAMES, schema) == AlreadyThere(plan.key)


def test_a_big_order_with_one_bad_line_is_refused_whole(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    plan = a_plan(world, world.deal(), lines=600)
    plan = replace(plan, lines=(*plan.lines[:-1], replace(plan.lines[-1], quantity=Decimal("0.00"))))

    outcome = create_big_order(org_client, plan, NAMES, schema)

    assert isinstance(outcome, Refused)
    assert outcome.message == "Can't save order products with quantities of zero"
    assert world.orders(plan.deal_id) == []


def test_more_lines_than_place_order_takes_are_our_mistake(
    world: World, org_client: OrgClient, schema: OrgSchema
) -> None:
    with pytest.raises(ValueError, match="more than Place Order takes"):
        create_big_order(org_client, a_plan(world, "d", lines=2000), NAMES, schema)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"json": {"records": []}}, InDoubt("d-1")),
        ({"json": {"records": [{"attributes": {}}]}}, InDoubt("d-1")),
        ({"json": [1]}, InDoubt("d-1")),
        ({"json": [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "busy"}], "status": 400},
         Locked("d-1", "UNABLE_TO_LOCK_ROW", "busy")),
        ({"json": [{"errorCode": "INVALID_CROSS_REFERENCE_KEY", "message": "gone", "fields": ["X"]}], "status": 400},
         Refused("d-1", "INVALID_CROSS_REFERENCE_KEY", "gone", ("X",))),
    ],
)  # fmt: skip
def test_the_answer_to_a_big_order_is_judged_like_any_other(
    world: World, client: OrgClient, http: responses.RequestsMock, schema: OrgSchema, answer: Any, outcome: Any
) -> None:
    http.post(BIG, **answer)

    assert create_big_order(client, a_plan(world, "d"), NAMES, schema) == outcome


@pytest.mark.parametrize(
    ("answer", "kind", "in_doubt"),
    [
        ({"json": [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "x"}], "status": 403}, OrgUnavailable, False),
        ({"json": [{"errorCode": "API_DISABLED_FOR_ORG", "message": "x"}], "status": 403}, OrgUnfit, None),
        ({"json": [{"errorCode": "JSON_PARSER_ERROR", "message": "x"}], "status": 400}, OrgRefused, None),
        ({"body": "<html>x</html>", "status": 502}, OrgUnavailable, True),
        ({"json": [{"errorCode": "UNKNOWN_EXCEPTION", "message": "x"}], "status": 500}, OrgUnavailable, True),
    ],
)  # fmt: skip
def test_what_concerns_the_whole_org_is_raised(
    world: World,
    client: OrgClient,
    http: responses.RequestsMock,
    schema: OrgSchema,
    answer: Any,
    kind: type[Exception],
    in_doubt: bool | None,  # noqa: FBT001
) -> None:
    http.post(BIG, **answer)

    with pytest.raises(kind) as caught:
        create_big_order(client, a_plan(world, "d"), NAMES, schema)

    assert getattr(caught.value, "in_doubt", None) is in_doubt


def test_missing_lines_are_added_to_their_order(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    plan = a_plan(world, world.deal(), lines=201)
    (order,) = create_orders(org_client, [replace(plan, lines=plan.lines[:1])], NAMES, schema)
    assert isinstance(order, Created)
    org_client.calls.clear()

    outcomes = create_items(org_client, order.order_id, plan.lines[1:], NAMES, schema)

    assert org_client.calls == {"collections": 1}
    assert [outcome.key for outcome in outcomes] == [line.key for line in plan.lines[1:]]
    assert all(isinstance(outcome, ItemCreated) for outcome in outcomes)
    assert world.org.get("Order", order.order_id)["TotalAmount"] == plan.total


def test_lines_that_are_there_or_rolled_back_with_others_are_told_apart(
    world: World, org_client: OrgClient, schema: OrgSchema
) -> None:
    plan = a_plan(world, world.deal())
    (order,) = create_orders(org_client, [replace(plan, lines=plan.lines[:1])], NAMES, schema)
    assert isinstance(order, Created)

    assert create_items(org_client, order.order_id, plan.lines, NAMES, schema) == [
        AlreadyThere(plan.lines[0].key),
        Halted(plan.lines[1].key),
    ]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "busy", "fields": []}]},
         Locked("d-1-1", "UNABLE_TO_LOCK_ROW", "busy")),
        ({"success": False, "errors": [{"statusCode": "ENTITY_IS_LOCKED", "message": "no", "fields": ["X"]}]},
         Refused("d-1-1", "ENTITY_IS_LOCKED", "no", ("X",), "d-1-1")),
        ({"success": False, "errors": [{"statusCode": "DUPLICATE_VALUE", "message": "Other__c", "fields": []}]},
         Refused("d-1-1", "DUPLICATE_VALUE", "Other__c", (), "d-1-1")),
        ({"success": False, "errors": []}, InDoubt("d-1-1")),
        ({"success": True}, InDoubt("d-1-1")),
        (None, InDoubt("d-1-1")),
    ],
)  # fmt: skip
def test_every_line_of_a_collections_answer_is_judged(
    world: World, client: OrgClient, http: responses.RequestsMock, schema: OrgSchema, answer: Any, outcome: Any
) -> None:
    http.post(f"{DATA}/composite/sobjects", json=[answer])

    found = create_items(client, "801000000000001AAA", a_plan(world, "d").lines, NAMES, schema)

    assert found == [outcome, InDoubt("d-1-2")]


def test_a_collections_answer_of_another_kind_leaves_all_lines_in_doubt(
    world: World, client: OrgClient, http: responses.RequestsMock, schema: OrgSchema
) -> None:
    http.post(f"{DATA}/composite/sobjects", json={"what": "?"})

    with pytest.raises(OrgUnavailable) as caught:
        create_items(client, "801000000000001AAA", a_plan(world, "d").lines, NAMES, schema)

    assert caught.value.in_doubt
