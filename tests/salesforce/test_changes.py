from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from sfsync.domain.position import Position
from sfsync.errors import OrgRefused, OrgUnavailable, OrgUnfit
from sfsync.salesforce import feeds, soql, wire
from sfsync.salesforce.changes import Ask, ids_of, read_by_field, read_by_ids, read_round
from sfsync.salesforce.schema import FieldNames, read_schema
from tests.salesforce.conftest import DATA, NOW
from tests.world import START

if TYPE_CHECKING:
    import responses

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.feeds import Feed
    from sfsync.salesforce.schema import OrgSchema
    from tests.world import World

TEN_MINUTES = timedelta(minutes=10)


def read_all(client: OrgClient, feed: Feed, position: Position | None = None) -> tuple[list[str], Position | None]:
    """Read a feed to its end, as pull does; return ids in the order read and where it stands then."""
    ids: list[str] = []
    ask = Ask(feed, position, TEN_MINUTES)
    while True:
        (page,) = read_round(client, [ask])
        assert page.failed is None
        ids += [row.sf_id for row in page.rows]
        if not page.more:
            return ids, page.position
        ask = Ask(feed, page.position, TEN_MINUTES, first_page=False)


def small_pages(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(soql, "PAGE", size)


def test_a_won_deal_is_read_with_its_lines_and_all_that_planning_needs(
    world: World, org_client: OrgClient, schema: OrgSchema
) -> None:
    contract = world.org.insert(
        "Contract", {"AccountId": world.account, "StartDate": "2026-01-01", "ContractTerm": 12, "Status": "Draft"}
    )
    deal_id = world.deal((3, 33.33), (2, 250), name="Spring order", ContractId=contract)
    world.deal(name="Not won", won=False)

    (page,) = read_round(org_client, [Ask(feeds.deals(schema), None)])

    (deal,) = page.rows
    assert (deal.sf_id, deal.name, deal.is_won, deal.is_closed, deal.is_deleted) == (
        deal_id,
        "Spring order",
        True,
        True,
        False,
    )
    assert (deal.account_id, deal.account_name) == (world.account, "Cobalt Ventures")
    assert (deal.pricebook_id, deal.pricebook_active, deal.currency) == (world.book, True, None)
    assert deal.amount == Decimal("599.99")
    assert deal.contract is not None
    assert (deal.contract.sf_id, deal.contract.account_id, deal.contract.status_code) == (
        contract,
        world.account,
        "Draft",
    )
    assert str(deal.contract.starts_on) == "2026-01-01"
    first, second = sorted(deal.lines, key=lambda line: line.sf_id)
    assert (first.quantity, first.unit_price, first.total_price) == (
        Decimal("3.00"),
        Decimal("33.33"),
        Decimal("99.99"),
    )
    assert (first.product_name, first.entry_active, first.entry_pricebook_id) == ("Licence A", True, world.book)
    assert (second.product_name, second.product_active) == ("Licence B", True)
    assert page.position == Position(deal.system_modstamp, deal_id)
    assert not page.more


def test_five_feeds_and_their_deletes_are_one_call(org_client: OrgClient, schema: OrgSchema) -> None:
    me = org_client.user_id
    all_feeds = [feeds.deals(schema), feeds.deal_lines(schema), feeds.orders(schema), feeds.order_items(schema, me)]
    all_feeds += [feeds.accounts(schema), feeds.contracts(schema), feeds.products(schema), feeds.reopened_deals(schema)]
    org_client.calls.clear()

    pages = read_round(org_client, [Ask(feed, None, deleted_since=START) for feed in all_feeds[:5]])
    assert org_client.calls == {"composite": 1}
    assert [page.failed for page in pages] == [None] * 5

    pages = read_round(org_client, [Ask(feed, Position(START, None)) for feed in all_feeds])
    assert org_client.calls == {"composite": 3}
    assert [page.failed for page in pages] == [None] * 8


def test_deals_of_one_second_are_all_read_across_page_edges(
    world: World, org_client: OrgClient, schema: OrgSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    deals = world.deals(7)
    small_pages(monkeypatch, 2)

    ids, position = read_all(org_client, feeds.deals(schema))

    assert sorted(ids) == sorted(deals)
    assert len(ids) == 7
    assert position == Position(START, max(deals))


def test_an_idle_feed_reads_only_the_row_it_stands_at(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    world.deals(3)
    world.org.advance(3600)
    last = world.deal()
    _, position = read_all(org_client, feeds.deals(schema))
    world.org.advance(3600)

    ids, again = read_all(org_client, feeds.deals(schema), position)

    assert ids == [last]
    assert again == position


def test_a_deal_that_commits_late_is_found_by_the_look_back(
    world: World, org_client: OrgClient, schema: OrgSchema
) -> None:
    late = world.deal(won=False)
    world.org.advance(60)
    transaction = world.org.open_transaction()
    transaction.update("Opportunity", late, {"StageName": "Closed Won"})
    world.org.advance(300)
    early = world.deal(AccountId=world.org.insert("Account", {"Name": "Elsewhere"}))  # its own is locked
    ids, position = read_all(org_client, feeds.deals(schema))
    assert ids == [early]
    transaction.commit()

    ids, again = read_all(org_client, feeds.deals(schema), position)

    assert late in ids
    assert again == position


def test_a_look_back_longer_than_a_page_is_read_to_its_end_and_never_moves_the_position_back(
    world: World, org_client: OrgClient, schema: OrgSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world.deals(5)
    world.org.advance(60)
    last = world.deal()
    _, position = read_all(org_client, feeds.deals(schema))
    world.org.advance(60)
    new = world.deals(3)
    small_pages(monkeypatch, 2)

    (page,) = read_round(org_client, [Ask(feeds.deals(schema), position, TEN_MINUTES)])

    assert {*before, last} <= {row.sf_id for row in page.rows}
    assert page.position is not None
    assert position is not None
    assert page.position.stamp >= position.stamp
    ids, _ = read_all(org_client, feeds.deals(schema), position)
    assert {*before, last, *new} == set(ids)


def test_of_the_orders_that_we_wrote_ourselves_only_the_stamps_are_looked_at_again(
    world: World, org_client: OrgClient, schema: OrgSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soql, "PAGE", 2)
    orders = [world.order() for _ in range(4)]
    for order in orders[:3]:
        org_client.write("PATCH", f"sobjects/Order/{order}", {"Description": "ours"})
    world.org.advance(60)
    last = world.order()
    _, position = read_all(org_client, feeds.orders(schema))
    world.org.delete("Order", orders[0])
    ask = Ask(feeds.orders(schema), position, timedelta(minutes=10))

    (page,) = read_round(org_client, [ask])
    (first,) = read_round(org_client, [Ask(feeds.orders(schema), None, timedelta(minutes=10))])

    assert {row.sf_id for row in page.rows} == {orders[3], last}
    assert {(echo.sf_id, echo.is_deleted) for echo in page.echoes} == {
        (orders[0], True),
        (orders[1], False),
        (orders[2], False),
    }
    assert (ask.queries, first.echoes) == (2, ())


def test_what_we_changed_last_of_others_is_looked_at_again(
    world: World, org_client: OrgClient, schema: OrgSchema
) -> None:
    ours, theirs = world.deals(2)
    org_client.write("PATCH", f"sobjects/Opportunity/{ours}", {"NextStep": "none"})
    world.org.advance(60)
    last = world.deal()
    _, position = read_all(org_client, feeds.deals(schema))

    ids, _ = read_all(org_client, feeds.deals(schema), position)

    assert sorted(ids) == sorted([ours, theirs, last])


def test_items_that_we_made_are_not_read_apart_from_their_orders(
    world: World, org_client: OrgClient, schema: OrgSchema
) -> None:
    header = {"AccountId": world.account, "EffectiveDate": "2026-03-02", "Status": "Draft", "Pricebook2Id": world.book}
    item = {"PricebookEntryId": world.entries[0], "Quantity": 2, "UnitPrice": 10}
    order = world.org.insert("Order", header)
    theirs = world.org.insert("OrderItem", item | {"OrderId": order})
    ours = org_client.write("POST", "sobjects/OrderItem", item | {"OrderId": order})["id"]

    ids, _ = read_all(org_client, feeds.order_items(schema, org_client.user_id))
    (page,) = read_round(org_client, [Ask(feeds.orders(schema), None)])

    assert ids == [theirs]
    assert {one.sf_id for one in page.rows[0].items} == {ours, theirs}
    assert (page.rows[0].total_amount, page.rows[0].status_code) == (Decimal("40.00"), "Draft")
    assert page.rows[0].items[0].available_quantity == Decimal("2.00")


def test_deleted_orders_are_read_as_deleted(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    header = {"AccountId": world.account, "EffectiveDate": "2026-03-02", "Status": "Draft", "Pricebook2Id": world.book}
    order = world.org.insert("Order", header)
    _, position = read_all(org_client, feeds.orders(schema))
    world.org.advance(5)
    world.org.delete("Order", order)

    (page,) = read_round(org_client, [Ask(feeds.orders(schema), position)])

    assert [(row.sf_id, row.is_deleted) for row in page.rows][-1] == (order, True)


def test_lines_that_vanish_are_in_the_delete_log(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    deal = world.deal((1, 10), (2, 20))
    line = world.org.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}'")[0]["Id"]
    world.org.delete("OpportunityLineItem", line)
    world.org.advance(120)
    org_client.read("limits")

    (page,) = read_round(org_client, [Ask(feeds.deal_lines(schema), Position(START, None), deleted_since=START)])

    assert page.deleted == (line,)
    assert not page.gap


def test_deletes_older_than_the_orgs_log_are_a_gap(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    org_client.read("limits")
    long_ago = world.org.clock() - timedelta(days=16)
    just_beyond = world.org.clock() - timedelta(days=14, hours=23, minutes=59, seconds=30)

    (old,) = read_round(org_client, [Ask(feeds.orders(schema), None, deleted_since=long_ago)])
    assert world.org.calls[-1].subrequests == 1
    (edge,) = read_round(org_client, [Ask(feeds.orders(schema), None, deleted_since=just_beyond)])

    assert (old.gap, old.deleted, old.failed) == (True, None, None)
    assert (edge.gap, edge.deleted) == (True, None)


def test_a_delete_log_that_fails_is_asked_again_later(
    client: OrgClient, http: responses.RequestsMock, schema: OrgSchema
) -> None:
    denied = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]
    for body, status in ((denied, 403), ({}, 200)):
        elements = [rows_element(0), {"referenceId": "r1", "httpStatusCode": status, "body": body}]
        http.post(f"{DATA}/composite", json={"compositeResponse": elements})

    for _ in range(2):
        (page,) = read_round(client, [Ask(feeds.orders(schema), None, deleted_since=NOW)])

        assert (page.deleted, page.gap, page.failed) == (None, False, None)


def rows_element(number: int, *rows: dict[str, Any], done: bool = True) -> dict[str, Any]:
    return {"referenceId": f"r{number}", "httpStatusCode": 200, "body": {"done": done, "records": list(rows)}}


def test_a_feed_that_fails_holds_up_no_other(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    deal = world.deal()
    world.org.hide_field("Order", "TotalAmount")
    start = Position(START, None)

    orders, deals = read_round(org_client, [Ask(feeds.orders(schema), start), Ask(feeds.deals(schema), None)])

    assert isinstance(orders.failed, OrgUnfit)
    assert (orders.rows, orders.position, orders.more) == ((), start, False)
    assert [row.sf_id for row in deals.rows] == [deal]


@pytest.mark.parametrize(
    "body",
    [{"records": [{"Id": "801000000000001AAA"}]}, {"records": None}, ["?"], {"records": [{"SystemModstamp": 5}]}],
)
def test_an_answer_that_is_none_fails_the_feed(
    client: OrgClient, http: responses.RequestsMock, schema: OrgSchema, body: Any
) -> None:
    http.post(
        f"{DATA}/composite", json={"compositeResponse": [{"referenceId": "r0", "httpStatusCode": 200, "body": body}]}
    )

    (page,) = read_round(client, [Ask(feeds.orders(schema), None)])

    assert isinstance(page.failed, OrgUnavailable)


def test_a_field_of_the_wrong_type_stops_its_feed_and_names_itself(
    client: OrgClient, http: responses.RequestsMock, schema: OrgSchema
) -> None:
    row = {"Id": "801000000000001AAA", "SystemModstamp": "2026-03-02T09:00:00.000+0000", "Status": "secret-status"}
    http.post(f"{DATA}/composite", json={"compositeResponse": [rows_element(0, row | {"StatusCode": 7})]})

    (page,) = read_round(client, [Ask(feeds.orders(schema), None)])

    assert isinstance(page.failed, OrgRefused)
    assert page.failed.code == "UNREADABLE_ROW"
    assert "Order 801000000000001AAA cannot be read: Order.StatusCode" in page.failed.message
    assert "secret-status" not in str(page.failed)
    assert page.position is None


def test_lists_of_children_that_the_org_cut_short_are_read_whole(
    client: OrgClient,
    http: responses.RequestsMock,
    world: World,
    org_client: OrgClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deal = world.deal(*[(number, 10) for number in range(1, 6)])
    schema = read_schema(org_client, FieldNames())
    feed = feeds.deals(schema)
    everything = world.org.query(soql.select(feed.select_list, "Opportunity", where=f"Id = '{deal}'"))
    lines = sorted(everything[0]["OpportunityLineItems"]["records"], key=lambda row: str(row["Id"]))
    cut = everything[0] | {"OpportunityLineItems": {"done": False, "records": lines[:1]}}
    small_pages(monkeypatch, 2)
    http.post(f"{DATA}/composite", body=as_json({"compositeResponse": [rows_element(0, cut)]}))
    for part in (lines[:2], lines[2:4], lines[4:]):
        http.post(f"{DATA}/composite", body=as_json({"compositeResponse": [rows_element(0, *part)]}))

    (page,) = read_round(client, [Ask(feed, None)])

    assert [line.sf_id for line in page.rows[0].lines] == [line["Id"] for line in lines]
    asked = unquote(str(http.calls[3].request.body))
    assert f"(OpportunityId IN ('{deal}')) AND (Id > '{lines[1]['Id']}') ORDER BY Id LIMIT 2" in asked


def as_json(value: Any) -> bytes:
    return wire.dumps(value)


def test_rows_are_read_by_id_whatever_they_are_now(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    won, lost = world.deal(), world.deal(won=False)
    gone = world.deal()
    world.org.delete("Opportunity", gone)

    found = read_by_ids(org_client, feeds.deals(schema), [won, lost, gone, won, "006000000000009AAA"])

    assert {(deal.sf_id, deal.is_won, deal.is_deleted) for deal in found} == {
        (won, True, False),
        (lost, False, False),
        (gone, True, True),
    }
    assert len(found) == 3


def test_many_ids_take_five_queries_of_200_a_call(org_client: OrgClient, schema: OrgSchema) -> None:
    org_client.calls.clear()

    assert read_by_ids(org_client, feeds.deals(schema), [f"006{number:012}AAA" for number in range(1001)]) == []

    assert org_client.calls == {"composite": 2}


def test_no_ids_cost_no_call(org_client: OrgClient, schema: OrgSchema) -> None:
    org_client.calls.clear()

    assert read_by_ids(org_client, feeds.deals(schema), []) == []
    assert not org_client.calls


def test_what_is_no_id_is_not_asked_for(org_client: OrgClient, schema: OrgSchema) -> None:
    with pytest.raises(ValueError, match="no Salesforce record id"):
        read_by_ids(org_client, feeds.deals(schema), ["x' OR Name != '"])


def test_rows_that_did_not_fit_beside_their_children_are_asked_for_again(
    client: OrgClient, http: responses.RequestsMock, schema: OrgSchema
) -> None:
    feed = feeds.accounts(schema)
    rows = [
        {"Id": f"00100000000000{number}AAA", "IsDeleted": False, "SystemModstamp": "2026-03-02T09:00:00.000+0000"}
        for number in range(1, 4)
    ]
    for part, done in ((rows[:2], False), (rows[2:], True)):
        http.post(f"{DATA}/composite", json={"compositeResponse": [rows_element(0, *part, done=done)]})

    found = read_by_field(client, feed, "Id", [row["Id"] for row in rows])

    assert [account.sf_id for account in found] == [row["Id"] for row in rows]
    assert "IN%20%28%27001000000000003AAA%27%29" in str(http.calls[2].request.body)


def test_an_org_that_says_more_but_gives_nothing_is_not_asked_for_ever(
    client: OrgClient, http: responses.RequestsMock, schema: OrgSchema
) -> None:
    http.post(f"{DATA}/composite", json={"compositeResponse": [rows_element(0, done=False)]})

    with pytest.raises(OrgUnavailable):
        read_by_ids(client, feeds.accounts(schema), ["001000000000001AAA"])


def test_rows_that_vanish_while_they_are_read_are_missing(
    client: OrgClient, http: responses.RequestsMock, schema: OrgSchema
) -> None:
    row = {"Id": "001000000000001AAA", "IsDeleted": False, "SystemModstamp": "2026-03-02T09:00:00.000+0000"}
    http.post(f"{DATA}/composite", json={"compositeResponse": [rows_element(0, row, done=False)]})

    found = read_by_ids(client, feeds.accounts(schema), [row["Id"]])

    assert [account.sf_id for account in found] == [row["Id"]]
    assert client.calls["composite"] == 1


def test_an_object_without_records_has_no_ids(org_client: OrgClient, schema: OrgSchema) -> None:
    assert list(ids_of(org_client, feeds.orders(schema))) == []


def test_all_ids_of_an_object_come_page_by_page(
    world: World, org_client: OrgClient, schema: OrgSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [world.deal(won=False) for _ in range(4)]
    world.org.delete("Opportunity", world.deal())
    small_pages(monkeypatch, 2)

    assert list(ids_of(org_client, feeds.deals(schema))) == [kept[:2], kept[2:]]


def test_references_that_orders_name_are_read(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    contract = world.org.insert(
        "Contract", {"AccountId": world.account, "StartDate": "2026-01-01", "ContractTerm": 12, "Status": "Draft"}
    )
    header = {"AccountId": world.account, "EffectiveDate": "2026-03-02", "Status": "Draft", "Pricebook2Id": world.book}
    order = world.org.insert("Order", header | {"ContractId": contract})
    world.org.insert(
        "OrderItem", {"OrderId": order, "PricebookEntryId": world.entries[1], "Quantity": 1, "UnitPrice": 1}
    )
    world.org.insert("Account", {"Name": "Nobody's"})
    asks = [Ask(feed(schema), None) for feed in (feeds.accounts, feeds.contracts, feeds.products)]

    accounts, contracts, products = read_round(org_client, asks)

    assert [(one.sf_id, one.name) for one in accounts.rows] == [(world.account, "Cobalt Ventures")]
    assert [(one.sf_id, one.account_id, one.status_code, str(one.ends_on)) for one in contracts.rows] == [
        (contract, world.account, "Draft", "2026-12-31")
    ]
    assert [(one.name, one.product_code, one.is_active, one.is_deleted) for one in products.rows] == [
        ("Licence B", "B", True, False)
    ]


def test_changed_lines_are_read_with_their_deal(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    deal = world.deal((4, 5))

    (page,) = read_round(org_client, [Ask(feeds.deal_lines(schema), Position(START, None))])

    assert [(row.deal_id, row.line.quantity) for row in page.rows] == [(deal, Decimal("4.00"))]


def test_a_deal_that_is_reopened_shows_up(world: World, org_client: OrgClient, schema: OrgSchema) -> None:
    deal = world.deal()
    world.org.advance(60)
    world.org.update("Opportunity", deal, {"StageName": "Prospecting"})

    (page,) = read_round(org_client, [Ask(feeds.reopened_deals(schema), Position(START, None))])

    assert [(row.sf_id, row.is_won, row.lines) for row in page.rows] == [(deal, False, ())]


def test_optional_fields_that_an_org_lacks_are_left_empty(world: World, org_client: OrgClient) -> None:
    for sobject, field in (
        ("Opportunity", "ContractId"),
        ("Opportunity", "Type"),
        ("OpportunityLineItem", "SortOrder"),
    ):
        world.org.hide_field(sobject, field)
    world.org.hide_field("OpportunityLineItem", "Product2Id")
    world.org.hide_field("PricebookEntry", "IsActive")
    world.org.hide_field("Order", "IsReductionOrder")
    world.deal()
    header = {"AccountId": world.account, "EffectiveDate": "2026-03-02", "Status": "Draft", "Pricebook2Id": world.book}
    world.org.insert("Order", header)
    schema = read_schema(org_client, FieldNames())

    deals, orders = read_round(org_client, [Ask(feeds.deals(schema), None), Ask(feeds.orders(schema), None)])

    deal = deals.rows[0]
    assert (deal.contract, deal.type) == (None, None)
    line = deal.lines[0]
    assert (line.sort_order, line.product_name, line.product_active, line.entry_active) == (None, None, None, None)
    assert orders.rows[0].is_reduction is False
