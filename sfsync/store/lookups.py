"""Accounts, products and contracts as people name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from sfsync.domain.sfid import full_id
from sfsync.errors import RecordNotFound, UsageError
from sfsync.store.tables import accounts, contracts, products

if TYPE_CHECKING:
    from sqlalchemy import Column

    from sfsync.store.engine import Tx


def account_of(tx: Tx, org: str, text: str) -> tuple[str, str]:
    """Return the Id and the name of the account that is meant, by Id or name.

    Raises:
        RecordNotFound: if no order in the mirror is of such an account.
        UsageError: if several accounts have the name.
    """
    found = _found(tx, org, text, accounts.c.sf_id, accounts.c.name)
    if not found:
        raise RecordNotFound(f"No mirrored account is named “{text}”.", remedy="Give its Id, or its whole name.")
    if len(found) > 1:
        raise UsageError(f"{len(found)} accounts are named “{text}”: {', '.join(found)}.", remedy="Give one's Id.")
    [(sf_id, name)] = found.items()
    return sf_id, name or sf_id


def products_of(tx: Tx, org: str, text: str) -> list[str]:
    """Return the Ids of the products that are meant, by Id, name or code.

    Raises:
        RecordNotFound: if no order in the mirror has such a product.
    """
    found = _found(tx, org, text, products.c.sf_id, products.c.name, products.c.product_code)
    if not found:
        raise RecordNotFound(
            f"No mirrored product is named “{text}”.", remedy="Give its Id, its code, or its whole name."
        )
    return list(found)


def contract_of(tx: Tx, org: str, text: str) -> str:
    """Return the Id of the contract that is meant, by Id or number.

    Raises:
        RecordNotFound: if no order in the mirror is under such a contract.
    """
    number = text.strip().zfill(8) if text.strip().isdecimal() else text
    found = _found(tx, org, number, contracts.c.sf_id, contracts.c.contract_number)
    if not found:
        raise RecordNotFound(f"No mirrored contract is named “{text}”.", remedy="Give its Id or its number.")
    return next(iter(found))


def _found(tx: Tx, org: str, text: str, sf_id: Column[str], *names: Column[str]) -> dict[str, str | None]:
    named = text.strip()
    conditions = [or_(name == named, func.lower(name) == named.lower()) for name in names]
    query = select(sf_id, names[0]).where(sf_id.table.c.org == org, or_(sf_id == full_id(named), *conditions))
    return {row[0]: row[1] for row in tx.execute(query.order_by(sf_id))}
