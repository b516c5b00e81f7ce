"""The accounts, contracts and products that orders refer to."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import bindparam, literal, select, union_all

from sfsync.store import tables
from sfsync.store.upserts import changed, known_hashes, row_hash, upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import BindParameter, Column, CompoundSelect, Select, Table

    from sfsync.domain.references import Account, Contract, Product
    from sfsync.store.engine import Tx

Kind = Literal["accounts", "contracts", "products"]
_TABLES: dict[Kind, Table] = {
    "accounts": tables.accounts,
    "contracts": tables.contracts,
    "products": tables.products,
}
_REFERRING: dict[Kind, Column[str]] = {
    "accounts": tables.orders.c.account_id,
    "contracts": tables.orders.c.contract_id,
    "products": tables.order_items.c.product_id,
}


def put_accounts(tx: Tx, org: str, accounts: Sequence[Account]) -> int:
    """Mirror accounts; returns how many were new or had changed."""
    return _put(tx, org, "accounts", accounts)


def put_contracts(tx: Tx, org: str, contracts: Sequence[Contract]) -> int:
    """Mirror contracts; returns how many were new or had changed."""
    return _put(tx, org, "contracts", contracts)


def put_products(tx: Tx, org: str, products: Sequence[Product]) -> int:
    """Mirror products; returns how many were new or had changed."""
    return _put(tx, org, "products", products)


def put_missing(tx: Tx, org: str, kind: Kind, ids: Iterable[str]) -> int:
    """Remember ids that the org was asked for and does not show, so that it is not asked in every cycle.

    They are kept as deleted rows without values; a record that appears later takes its row.
    Rows that are there stay as they are. Returns how many ids were new.
    """
    table = _TABLES[kind]
    wanted = dict.fromkeys(ids)
    known = known_hashes(tx, table, org, wanted)
    rows = [{"org": org, "sf_id": sf_id, "is_deleted": True} for sf_id in wanted if sf_id not in known]
    return upsert(tx, table, rows, ("org", "sf_id"))


def unknown_ids(tx: Tx, org: str) -> dict[Kind, set[str]]:
    """Return the ids that orders and their items refer to and that are not mirrored yet."""
    found: dict[Kind, set[str]] = {kind: set() for kind in _TABLES}
    for row in tx.execute(_all_unknown(), {"org_": org}):
        found[row[0]].add(row[1])
    return found


def unflagged(tx: Tx, org: str) -> set[str]:
    """Return the products of which it was never read whether they are shipped."""
    p = tables.products.c
    return set(tx.scalars(select(p.sf_id).where(p.org == org, p.physical_flag.is_(None), ~p.is_deleted)))


def known_ids(tx: Tx, org: str, kind: Kind) -> set[str]:
    """Return the ids of all mirrored records of a kind."""
    table = _TABLES[kind]
    return set(tx.scalars(select(table.c.sf_id).where(table.c.org == org)))


@cache
def _all_unknown() -> CompoundSelect[Kind, str]:
    return union_all(*(_unknown(kind) for kind in _TABLES))


def _unknown(kind: Kind) -> Select[Kind, str]:
    table, referring = _TABLES[kind], _REFERRING[kind]
    org: BindParameter[str] = bindparam("org_")
    mirrored = select(table.c.sf_id).where(table.c.org == org, table.c.sf_id == referring).exists()
    named = select(literal(kind), referring).distinct()
    return named.where(referring.table.c.org == org, referring.is_not(None), ~mirrored)


def _put(tx: Tx, org: str, kind: Kind, records: Sequence[Account | Contract | Product]) -> int:
    table = _TABLES[kind]
    rows = [row_of(table, org, record) for record in records]
    return upsert(tx, table, changed(tx, table, org, rows), ("org", "sf_id"))


def row_of(table: Table, org: str, record: Account | Contract | Product) -> dict[str, Any]:
    """What the org shows of a record whose attributes have the names of its table's columns, with the hash of it."""
    names = [column.name for column in table.columns if column.name not in ("org", "row_hash", "is_physical")]
    values = {name: getattr(record, name) for name in names}
    return {"org": org, **values, "row_hash": row_hash(values)}
