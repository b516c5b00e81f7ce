"""What single objects insist on beyond types and references, and what they compute."""

from __future__ import annotations

from sfsync.emulator.rules import (
    contact,
    contract,
    opportunity,
    opportunity_line_item,
    order,
    order_item,
    pricebook_entry,
    product,
)
from sfsync.emulator.rules.hooks import Rules

_NONE = Rules()
_RULES = {
    "Contact": contact.RULES,
    "Contract": contract.RULES,
    "Opportunity": opportunity.RULES,
    "OpportunityLineItem": opportunity_line_item.RULES,
    "Order": order.RULES,
    "OrderItem": order_item.RULES,
    "Pricebook2": product.RULES,
    "PricebookEntry": pricebook_entry.RULES,
    "Product2": product.RULES,
}


def rules_of(sobject: str) -> Rules:
    """The rules of an object, by its canonical name."""
    return _RULES.get(sobject, _NONE)
