"""What single objects insist on beyond types and references, and what they compute."""

from __future__ import annotations

from sfsync.emulator.rules import (
    contact,
    contract,
    currency,
    opportunity,
    opportunity_line_item,
    order,
    order_item,
    permissions,
    pricebook_entry,
    product,
)
from sfsync.emulator.rules.hooks import Rules

_NONE = Rules()
_RULES = {
    "Contact": contact.RULES,
    "Contract": contract.RULES,
    "FieldPermissions": permissions.FIELD_PERMISSIONS,
    "ObjectPermissions": permissions.OBJECT_PERMISSIONS,
    "Opportunity": opportunity.RULES,
    "OpportunityLineItem": opportunity_line_item.RULES,
    "Order": order.RULES,
    "OrderItem": order_item.RULES,
    "PermissionSet": permissions.PERMISSION_SET,
    "PermissionSetAssignment": permissions.ASSIGNMENT,
    "Pricebook2": product.RULES,
    "PricebookEntry": pricebook_entry.RULES,
    "Product2": product.RULES,
    "User": permissions.USER,
}


_WITH_CURRENCY: dict[str, Rules] = {}


def rules_of(sobject: str, *, multicurrency: bool = False) -> Rules:
    """The rules of an object, by its canonical name."""
    rules = _RULES.get(sobject, _NONE)
    if not multicurrency:
        return rules
    if sobject not in _WITH_CURRENCY:
        _WITH_CURRENCY[sobject] = currency.around(sobject, rules)
    return _WITH_CURRENCY[sobject]
