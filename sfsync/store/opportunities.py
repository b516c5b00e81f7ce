"""Opportunities and their lines, written into the mirror as the org showed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from sfsync.store.changed import flag
from sfsync.store.tables import opportunities, opportunity_lines
from sfsync.store.upserts import changed, in_parts, known_hashes, mark_deleted, row_hash, upsert

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from sfsync.domain.model import Deal, DealLine
    from sfsync.store.engine import Tx


def save_deals(tx: Tx, org: str, deals: Sequence[Deal]) -> int:
    """Make the mirror's deals and their line sets equal to what the org showed; return how many deals changed.

    A line that the org no longer shows is marked deleted: lines skip the recycle bin, and those of a deleted deal come
    back with it. Rows that are equal already are not written.
    """
    rows = changed(tx, opportunities, org, [deal_row(org, deal) for deal in deals])
    upsert(tx, opportunities, rows, ("org", "sf_id"))
    shown = [(deal.sf_id, line) for deal in deals for line in deal.lines]
    touched = _save_lines(tx, org, shown)
    kept = {line.sf_id for _, line in shown}
    touched |= _drop_lines(tx, org, [deal.sf_id for deal in deals], kept)
    touched |= {row["sf_id"] for row in rows}
    flag(tx, org, sorted(touched))
    return len(touched)


def save_headers(tx: Tx, org: str, deals: Sequence[Deal]) -> int:
    """Update deals that were read without their lines; those that are not mirrored are left out."""
    known = known_hashes(tx, opportunities, org, [deal.sf_id for deal in deals])
    rows = changed(tx, opportunities, org, [deal_row(org, deal) for deal in deals if deal.sf_id in known])
    flag(tx, org, [row["sf_id"] for row in rows])
    return upsert(tx, opportunities, rows, ("org", "sf_id"))


def save_lines(tx: Tx, org: str, lines: Sequence[tuple[str, DealLine]]) -> int:
    """Update single lines, given as (opportunity id, line); lines of deals that are not mirrored are left out."""
    known = known_hashes(tx, opportunities, org, {opportunity for opportunity, _ in lines})
    touched = _save_lines(tx, org, [pair for pair in lines if pair[0] in known])
    flag(tx, org, sorted(touched))
    return len(touched)


def _save_lines(tx: Tx, org: str, lines: Sequence[tuple[str, DealLine]]) -> set[str]:
    rows = changed(tx, opportunity_lines, org, [line_row(org, opportunity, line) for opportunity, line in lines])
    upsert(tx, opportunity_lines, rows, ("org", "sf_id"))
    return {row["opportunity_id"] for row in rows}


def _drop_lines(tx: Tx, org: str, deals: Sequence[str], kept: Container[str]) -> set[str]:
    gone: dict[str, str] = {}
    for part in in_parts(deals):
        query = select(opportunity_lines.c.sf_id, opportunity_lines.c.opportunity_id).where(
            opportunity_lines.c.org == org,
            opportunity_lines.c.opportunity_id.in_(part),
            ~opportunity_lines.c.is_deleted,
        )
        gone.update((sf_id, deal) for sf_id, deal in tx.execute(query) if sf_id not in kept)
    mark_deleted(tx, opportunity_lines, org, gone)
    return set(gone.values())


def deal_row(org: str, deal: Deal) -> dict[str, Any]:
    """What the org shows of a deal, by column, with the hash of it."""
    contract = deal.contract
    values: dict[str, Any] = {
        "org": org,
        "sf_id": deal.sf_id,
        "name": deal.name,
        "account_id": deal.account_id,
        "account_name": deal.account_name,
        "owner_id": deal.owner_id,
        "pricebook_id": deal.pricebook_id,
        "pricebook_active": deal.pricebook_active,
        "contract_id": contract and contract.sf_id,
        "contract_number": contract and contract.number,
        "contract_account_id": contract and contract.account_id,
        "contract_pricebook_id": contract and contract.pricebook_id,
        "contract_status_code": contract and contract.status_code,
        "contract_starts_on": contract and contract.starts_on,
        "contract_ends_on": contract and contract.ends_on,
        "currency": deal.currency,
        "amount": deal.amount,
        "stage_name": deal.stage_name,
        "type": deal.type,
        "is_won": deal.is_won,
        "is_closed": deal.is_closed,
        "closed_on": deal.closed_on,
        "created_at": deal.created_at,
        "system_modstamp": deal.system_modstamp,
        "is_deleted": deal.is_deleted,
    }
    values["row_hash"] = row_hash(values)
    return values


def line_row(org: str, opportunity_id: str, line: DealLine) -> dict[str, Any]:
    """What the org shows of a deal's line, by column, with the hash of it."""
    values: dict[str, Any] = {
        "org": org,
        "sf_id": line.sf_id,
        "opportunity_id": opportunity_id,
        **{name: getattr(line, name) for name in LINE_FIELDS},
        "system_modstamp": line.system_modstamp,
        "is_deleted": False,
    }
    values["row_hash"] = row_hash(values)
    return values


LINE_FIELDS = (
    "pricebook_entry_id", "product_id", "product_name", "product_code", "quantity", "unit_price", "list_price",
    "total_price", "service_date", "description", "sort_order", "entry_active", "entry_pricebook_id",
    "entry_currency", "product_active",
)  # fmt: skip
