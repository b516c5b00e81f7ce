from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from sfsync.domain.references import Account, Contract, Product
from sfsync.store import references
from sfsync.store.tables import accounts, contracts, order_items, orders, products

if TYPE_CHECKING:
    from sfsync.store.engine import Database, Tx

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME = Account("001000000000001AAA", "Acme", is_deleted=False, system_modstamp=NOW)
FRAME = Contract(
    sf_id="800000000000001AAA",
    contract_number="00000100",
    account_id=ACME.sf_id,
    status="Activated",
    status_code="Activated",
    starts_on=date(2026, 1, 1),
    ends_on=None,
    is_deleted=False,
    system_modstamp=NOW,
)
TRACKER = Product("01t000000000001AAA", "GPS Tracker", "GPS-1", None, True, False, NOW)  # noqa: FBT003 - as listed


def add_order(tx: Tx, org: str = "main") -> None:
    order = insert(orders).values(
        org=org,
        account_id=ACME.sf_id,
        contract_id=FRAME.sf_id,
        status="Draft",
        origin="org",
        sf_id="801000000000001AAA",
    )
    order_id = tx.execute(order.returning(orders.c.id)).scalar_one()
    items = [{"org": org, "order_id": order_id, "quantity": Decimal(1), "product_id": TRACKER.sf_id}] * 2
    tx.execute(insert(order_items), items)


def put_all(tx: Tx, org: str = "main") -> list[int]:
    return [
        references.put_accounts(tx, org, [ACME]),
        references.put_contracts(tx, org, [FRAME]),
        references.put_products(tx, org, [TRACKER]),
    ]


def test_records_are_mirrored_with_all_their_values(db: Database) -> None:
    with db.begin() as tx:
        assert put_all(tx) == [1, 1, 1]

        account = tx.execute(select(accounts)).one()
        contract = tx.execute(select(contracts)).one()
        product = tx.execute(select(products)).one()
    assert (account.name, account.system_modstamp, account.is_deleted) == ("Acme", NOW, False)
    assert (contract.contract_number, contract.starts_on, contract.ends_on) == ("00000100", date(2026, 1, 1), None)
    assert (product.name, product.product_code, product.is_active) == ("GPS Tracker", "GPS-1", True)


def test_mirroring_the_same_again_writes_nothing(db: Database) -> None:
    with db.begin() as tx:
        put_all(tx)
        before = db.rows_written

        assert put_all(tx) == [0, 0, 0]
    assert db.rows_written == before


def test_a_changed_record_is_written_again(db: Database) -> None:
    with db.begin() as tx:
        put_all(tx)

        assert references.put_accounts(tx, "main", [replace(ACME, name="Acme Ltd")]) == 1
        assert tx.scalars(select(accounts.c.name)).all() == ["Acme Ltd"]


def test_what_orders_refer_to_is_unknown_until_it_is_mirrored(db: Database) -> None:
    with db.begin() as tx:
        add_order(tx)
        before = references.unknown_ids(tx, "main")
        put_all(tx)
        after = references.unknown_ids(tx, "main")

    assert before == {"accounts": {ACME.sf_id}, "contracts": {FRAME.sf_id}, "products": {TRACKER.sf_id}}
    assert after == {"accounts": set(), "contracts": set(), "products": set()}


def test_the_mirror_of_another_org_does_not_count(db: Database) -> None:
    with db.begin() as tx:
        add_order(tx)
        add_order(tx, "other")
        put_all(tx, "other")

        assert references.unknown_ids(tx, "main")["accounts"] == {ACME.sf_id}


def test_what_the_org_does_not_show_is_asked_for_once(db: Database) -> None:
    with db.begin() as tx:
        add_order(tx)

        assert references.put_missing(tx, "main", "accounts", [ACME.sf_id]) == 1
        assert references.put_missing(tx, "main", "accounts", [ACME.sf_id]) == 0
        assert references.unknown_ids(tx, "main")["accounts"] == set()


def test_what_the_org_shows_later_takes_its_place(db: Database) -> None:
    with db.begin() as tx:
        references.put_missing(tx, "main", "accounts", [ACME.sf_id])
        references.put_accounts(tx, "main", [ACME])

        assert tx.execute(select(accounts.c.name, accounts.c.is_deleted)).all() == [("Acme", False)]


def test_a_mirrored_record_is_not_overwritten_as_missing(db: Database) -> None:
    with db.begin() as tx:
        put_all(tx)
        references.put_missing(tx, "main", "accounts", [ACME.sf_id, "001000000000002AAA"])

        assert tx.scalars(select(accounts.c.name).order_by(accounts.c.sf_id)).all() == ["Acme", None]
        assert references.known_ids(tx, "main", "accounts") == {ACME.sf_id, "001000000000002AAA"}
