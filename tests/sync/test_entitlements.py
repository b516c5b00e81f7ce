"""Entitlement in the mirror: the view for today and the function for any day say the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.errors import RecordNotFound, UsageError
from sfsync.store import lookups
from sfsync.store.entitlements import Scope, as_of
from sfsync.sync.cycle import run_cycle

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World

TODAY = datetime.now(UTC).date()
"""The view knows the database's own day only."""


def day(after: int) -> str:
    return (TODAY + timedelta(after)).isoformat()


def ordered(world: World, *lines: dict[str, Any], status: str = "Activated", **header: Any) -> str:
    """An order made in Salesforce, begun ten days ago unless the header says otherwise."""
    order = world.order(EffectiveDate=day(-10), **header)
    for line in lines:
        world.item(order, **line)
    if status != "Draft":
        world.org.update("Order", order, {"Status": status})
    return order


def reduced(world: World, order: str, quantity: float, after: int, *, activate: bool = True) -> str:
    original = world.org.get("Order", order)
    line = world.org.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{order}' ORDER BY Id LIMIT 1")[0]["Id"]
    values = {"AccountId": original["AccountId"], "EffectiveDate": day(after), "Status": "Draft"}
    made = world.org.insert("Order", {**values, "IsReductionOrder": True, "OriginalOrderId": order})
    world.org.insert("OrderItem", {"OrderId": made, "OriginalOrderItemId": line, "Quantity": -quantity})
    if activate:
        world.org.update("Order", made, {"Status": "Activated"})
    return made


@pytest.fixture
def held(world: World, app: App) -> str:
    """Orders of every kind; returns the first, which holds 100 and loses 20 by today, 5 more in five days."""
    org = world.org
    first = ordered(world, {"Quantity": 100})
    reduced(world, first, 20, -1)
    reduced(world, first, 5, 5)
    reduced(world, first, 40, -1, activate=False)
    org.update("Order", reduced(world, first, 3, -1), {"Status": "Cancelled"})
    ordered(world, {"Quantity": 10, "UnitPrice": 90}, {"Quantity": 2, "PricebookEntryId": world.entries[1]})
    ordered(world, {"Quantity": 7, "ServiceDate": day(1)}, {"Quantity": 6, "EndDate": day(0)}, {"Quantity": 4})
    ordered(world, {"Quantity": 1000}, status="Draft")
    ordered(world, {"Quantity": 2000}, status="Cancelled")
    ordered(world, {"Quantity": 30}, EndDate=day(-1))
    org.update("Order", ordered(world, {"Quantity": 1}), {"Status": "Fulfilled"})
    terms = {"AccountId": world.account, "Status": "Draft", "ContractTerm": 1}
    contract = org.insert("Contract", {**terms, "StartDate": day(-15)})
    org.update("Contract", contract, {"Status": "Activated"})
    ordered(world, {"Quantity": 50}, ContractId=contract)
    run_cycle(app)
    with app.db.begin() as tx:  # as if its contract had ended
        tx.exec_driver_sql(
            "INSERT INTO contracts (org, sf_id, contract_number, ends_on, is_deleted) VALUES ('default', 'C', '9', '"
            + day(-1) + "', false)"
        )  # fmt: skip
    ended = ordered(world, {"Quantity": 500})
    run_cycle(app)
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET contract_id = 'C' WHERE sf_id = '{ended}'")
    return first


def numbers(app: App, when: date, scope: Scope | None = None) -> list[tuple[str | None, bool, Decimal, Decimal]]:
    with app.db.read() as tx:
        found = as_of(tx, "default", when, scope)
    return [(one.product_name, one.contract_id is not None, one.ordered, one.reduced) for one in found]


def test_only_what_is_activated_and_runs_on_the_day_counts_as_in_the_view(world: World, app: App, held: str) -> None:
    assert numbers(app, TODAY) == [
        ("Licence A", False, Decimal(121), Decimal(20)),
        ("Licence A", True, Decimal(50), Decimal(0)),
        ("Licence B", False, Decimal(2), Decimal(0)),
    ]
    in_five_days = numbers(app, TODAY + timedelta(5), Scope(account_id=world.account))
    assert in_five_days[0] == ("Licence A", False, Decimal(122), Decimal(25))
    assert numbers(app, TODAY - timedelta(5))[0] == ("Licence A", False, Decimal(151), Decimal(0))
    assert numbers(app, TODAY - timedelta(11)) == []
    assert numbers(app, TODAY, Scope(contract_id="800000000000000AAA")) == []

    view_says_the_same_for_today(app)
    every_number_names_the_orders_and_reductions_behind_it(world, app, held)
    things_are_named_by_id_name_or_code(world, app)


def view_says_the_same_for_today(app: App) -> None:
    columns = (
        "account_id, account_name, contract_id, contract_number, product_id, product_name, product_code, currency, "
        "ordered, reduced, net, ordered_amount, reduced_amount, net_amount"
    )
    order = "ORDER BY account_name, product_name, coalesce(contract_number, '')"
    with app.db.read() as tx:
        rows = tx.exec_driver_sql(f"SELECT {columns} FROM entitlements WHERE org = 'default' {order}").all()
        found = as_of(tx, "default", TODAY)

    def cents(row: Any) -> list[tuple[Any, ...]]:
        return [(*one[:8], *(Decimal(str(value)).quantize(Decimal("0.01")) for value in one[8:])) for one in row]

    names = columns.split(", ")
    assert cents(rows) == cents([[getattr(one, name) for name in names] for one in found])
    assert (found[0].ordered_amount, found[0].reduced_amount) == (Decimal(12000), Decimal(2000))


def every_number_names_the_orders_and_reductions_behind_it(world: World, app: App, held: str) -> None:
    with app.db.read() as tx:
        products = tuple(lookups.products_of(tx, "default", "licence a"))
        [plain, _] = as_of(tx, "default", TODAY, Scope(product_ids=products))

    assert plain.lines[0].order == world.org.get("Order", held)["OrderNumber"]
    assert [(one.quantity, one.amount, one.starts_on) for one in plain.lines[0].reductions] == [
        (20, 2000, TODAY - timedelta(1))
    ]
    assert sum(line.quantity for line in plain.lines) == plain.ordered


def things_are_named_by_id_name_or_code(world: World, app: App) -> None:
    contract = world.org.query("SELECT Id, ContractNumber FROM Contract ORDER BY Id DESC LIMIT 1")[0]
    with app.db.begin() as tx:
        assert lookups.account_of(tx, "default", "cobalt ventures") == (world.account, "Cobalt Ventures")
        assert lookups.account_of(tx, "default", world.account[:15]) == (world.account, "Cobalt Ventures")
        assert lookups.products_of(tx, "default", "B") == lookups.products_of(tx, "default", "Licence B")
        assert lookups.contract_of(tx, "default", contract["ContractNumber"].lstrip("0")) == contract["Id"]
        for unknown in (lookups.account_of, lookups.products_of, lookups.contract_of):
            with pytest.raises(RecordNotFound, match=r"is named “Nobody”"):
                unknown(tx, "default", "Nobody")
        tx.exec_driver_sql(
            "INSERT INTO accounts (org, sf_id, name, is_deleted) VALUES ('default', '001X', 'Cobalt Ventures', false)"
        )
        with pytest.raises(UsageError, match=r"2 accounts are named"):
            lookups.account_of(tx, "default", "Cobalt Ventures")
