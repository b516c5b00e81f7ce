"""What a deal's orders look like now, beside what sfsync made of them: the ground on which changes are judged."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain.planning import effective_date
from sfsync.domain.statuses import DRAFT_CODE, Status

if TYPE_CHECKING:
    from sfsync.domain.model import Deal
    from sfsync.domain.planning import PlanPolicy


@dataclass(frozen=True, slots=True)
class LineValues:
    """What may be changed of an order line that exists."""

    quantity: Decimal
    unit_price: Decimal | None
    service_date: date | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class StandingLine:
    """A line of an order: as the org shows it, or, without `sf_id`, as it is still to be made."""

    id: int
    key: str | None
    sf_id: str | None
    deal_line_id: str | None
    pricebook_entry_id: str | None
    product_id: str | None
    now: LineValues
    planned: LineValues | None
    """As sfsync last wrote it; None for a line of somebody else's."""
    is_deleted: bool = False
    reduced: Decimal = Decimal(0)
    """How much of it activated reduction orders have taken back, whoever made them."""
    reduced_total: Decimal | None = None
    """The money that went with it, as the org has rounded it; None where the org does not show it."""

    @property
    def edited(self) -> bool:
        """Whether somebody else added it, took it away, or gave it another quantity or price."""
        if self.planned is None:
            return not self.is_deleted
        now, planned = self.now, self.planned
        return self.is_deleted or (now.quantity, now.unit_price) != (planned.quantity, planned.unit_price)


@dataclass(frozen=True, slots=True)
class Header:
    """What may be changed of an order's header as long as it is a draft."""

    account_id: str | None
    contract_id: str | None
    effective_date: date | None


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """An order of a deal, no reduction, with all the lines it ever had here."""

    id: int
    key: str | None
    sf_id: str | None
    number: str | None
    origin: str
    status: str
    """What the org shows; before it is there, Draft."""
    status_code: str
    in_doubt: str | None
    header: Header
    planned: Header | None
    pricebook_id: str | None
    currency: str | None
    stands_for: str | None
    asked: bool
    """Whether somebody asked to have the draft brought to its deal, whatever others changed in it."""
    held_for: str | None
    lines: tuple[StandingLine, ...]

    @property
    def handle(self) -> str:
        """What to call it on the command line."""
        return self.number or self.key or self.sf_id or ""

    @property
    def is_draft(self) -> bool:
        """Whether the org still takes other lines for it."""
        return self.sf_id is None or self.status_code == DRAFT_CODE

    @property
    def counts(self) -> bool:
        """Whether what it holds is ordered: not if it is cancelled, nor a draft that is nobody's order of this deal."""
        return self.status != Status.CANCELLED and (self.key is not None or not self.is_draft)

    @property
    def living(self) -> tuple[StandingLine, ...]:
        """Its lines that are not deleted."""
        return tuple(line for line in self.lines if not line.is_deleted)


def fingerprint(deal: Deal, policy: PlanPolicy) -> str:
    """Return 32 hex digits that differ when the deal asks for something else than before.

    Account, contract, price book, currency, the day on which the order starts, and of each line its price book entry,
    quantity, total, service date and description. Not the deal's name, owner, stage or amount; and a policy by which
    orders start on the day of planning makes no deal differ from one day to the next.
    """
    starts_on = effective_date(deal, policy, date.min)
    lines = sorted(
        (line.sf_id, line.pricebook_entry_id, _number(line.quantity), _number(line.total_price),
         str(line.service_date), line.description or "")
        for line in deal.lines
    )  # fmt: skip
    contract = deal.contract.sf_id if deal.contract else None
    asked = [deal.account_id, contract, deal.pricebook_id, deal.currency, str(starts_on), lines]
    return digest(asked)


def digest(values: object) -> str:
    """Return 32 hex digits that differ when the values (of JSON) do."""
    return hashlib.blake2b(json.dumps(values, default=str).encode(), digest_size=16).hexdigest()


def plain_line(values: LineValues) -> list[str | None]:
    """Write a line's values as JSON holds them: two that are equal are written alike."""
    quantity, price, service_date, description = astuple(values)
    return [_number(quantity), _number(price), service_date and service_date.isoformat(), description or None]


def _number(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize() + 0, "f")
