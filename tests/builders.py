"""Values for tests: a deal that can be ordered as it is, and everything around it, changed by keyword."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sfsync.domain.model import Deal, DealContract, DealLine, OrgOrder, OrgOrderItem, StatusChoice

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TODAY = date(2026, 3, 2)
DEAL_ID = "006000000000001AAA"
ACCOUNT_ID = "001000000000001AAA"
BOOK_ID = "01s000000000001AAA"
CONTRACT_ID = "800000000000001AAA"
ORDER_ID = "801000000000001AAA"


def line(**changes: Any) -> DealLine:
    """Build 10 × GPS Tracker at 25.00; the total follows quantity and price unless it is given."""
    values: dict[str, Any] = {
        "sf_id": "00k000000000001AAA",
        "pricebook_entry_id": "01u000000000001AAA",
        "product_id": "01t000000000001AAA",
        "product_name": "GPS Tracker",
        "product_code": "GPS-1",
        "quantity": Decimal(10),
        "unit_price": Decimal("25.00"),
        "list_price": Decimal("30.00"),
        "service_date": None,
        "description": None,
        "sort_order": None,
        "entry_active": True,
        "entry_pricebook_id": BOOK_ID,
        "entry_currency": None,
        "product_active": True,
        "system_modstamp": NOW,
    } | changes
    values.setdefault("total_price", values["quantity"] * (values["unit_price"] or 0))
    return DealLine(**values)


def contract(**changes: Any) -> DealContract:
    """Build an activated contract of the deal's account for 2026."""
    values: dict[str, Any] = {
        "sf_id": CONTRACT_ID,
        "number": "00000100",
        "account_id": ACCOUNT_ID,
        "pricebook_id": None,
        "status_code": "Activated",
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31),
    }
    return DealContract(**values | changes)


def deal(**changes: Any) -> Deal:
    """Build a won deal of one line, without a contract; the amount follows the lines unless it is given."""
    values: dict[str, Any] = {
        "sf_id": DEAL_ID,
        "name": "Apex Manufacturing, spring order",
        "account_id": ACCOUNT_ID,
        "account_name": "Apex Manufacturing",
        "owner_id": "005000000000001AAA",
        "pricebook_id": BOOK_ID,
        "pricebook_active": True,
        "contract": None,
        "currency": None,
        "stage_name": "Closed Won",
        "type": None,
        "is_won": True,
        "is_closed": True,
        "is_deleted": False,
        "closed_on": date(2026, 2, 27),
        "created_at": datetime(2026, 1, 5, tzinfo=UTC),
        "system_modstamp": NOW,
        "lines": (line(),),
    } | changes
    values.setdefault("amount", sum((one.total_price or Decimal(0) for one in values["lines"]), Decimal(0)))
    return Deal(**values)


def item(**changes: Any) -> OrgOrderItem:
    """Build the order item of `line()`, as the org shows it."""
    values: dict[str, Any] = {
        "sf_id": "802000000000001AAA",
        "order_id": ORDER_ID,
        "key": f"{DEAL_ID}-1-1",
        "number": "0000000001",
        "pricebook_entry_id": "01u000000000001AAA",
        "product_id": "01t000000000001AAA",
        "quantity": Decimal(10),
        "unit_price": Decimal("25.00"),
        "list_price": Decimal("30.00"),
        "total_price": Decimal("250.00"),
        "available_quantity": Decimal(10),
        "service_date": None,
        "end_date": None,
        "description": None,
        "original_item_id": None,
        "is_deleted": False,
        "system_modstamp": NOW,
    }
    return OrgOrderItem(**values | changes)


def order(**changes: Any) -> OrgOrder:
    """Build the draft order of `deal()` with its one item, as the org shows it."""
    values: dict[str, Any] = {
        "sf_id": ORDER_ID,
        "key": f"{DEAL_ID}-1",
        "number": "00000100",
        "opportunity_id": DEAL_ID,
        "account_id": ACCOUNT_ID,
        "contract_id": None,
        "pricebook_id": BOOK_ID,
        "original_order_id": None,
        "is_reduction": False,
        "name": "Apex Manufacturing, spring order",
        "type": None,
        "currency": None,
        "effective_date": date(2026, 2, 27),
        "status_label": "Draft",
        "status_code": "Draft",
        "total_amount": Decimal("250.00"),
        "activated_at": None,
        "is_deleted": False,
        "system_modstamp": NOW,
        "items": (item(),),
    }
    return OrgOrder(**values | changes)


def choices(**codes: str) -> tuple[StatusChoice, ...]:
    """Build an org's Order Status picklist: API name = category, Draft being the default."""
    return tuple(StatusChoice(name, name, code, name == "Draft") for name, code in codes.items())
