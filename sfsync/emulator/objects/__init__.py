"""The objects of a plain Sales Cloud org."""

from sfsync.emulator.objects.account import ACCOUNT, CONTACT
from sfsync.emulator.objects.contract import CONTRACT, CONTRACT_STATUS
from sfsync.emulator.objects.opportunity import (
    LINE_DISCOUNT_FIELDS,
    OPPORTUNITY,
    OPPORTUNITY_LINE_ITEM,
    OPPORTUNITY_STAGE,
)
from sfsync.emulator.objects.order import ORDER, ORDER_ITEM, ORDER_STATUS
from sfsync.emulator.objects.organization import GROUP, ORGANIZATION, USER
from sfsync.emulator.objects.permissions import (
    FIELD_PERMISSIONS,
    OBJECT_PERMISSIONS,
    PERMISSION_SET,
    PERMISSION_SET_ASSIGNMENT,
    PROFILE,
)
from sfsync.emulator.objects.products import PRICE_BOOK, PRICE_BOOK_ENTRY, PRODUCT
from sfsync.emulator.objects.record_type import RECORD_TYPE
from sfsync.emulator.objects.rights import USER_PERMISSION_ACCESS
from sfsync.emulator.schema import Schema

STANDARD = (
    *(ACCOUNT, CONTACT, CONTRACT, CONTRACT_STATUS, OPPORTUNITY, OPPORTUNITY_LINE_ITEM, OPPORTUNITY_STAGE),
    *(GROUP, ORDER, ORDER_ITEM, ORDER_STATUS, ORGANIZATION, PRICE_BOOK, PRICE_BOOK_ENTRY, PRODUCT, USER),
    *(FIELD_PERMISSIONS, OBJECT_PERMISSIONS, PERMISSION_SET, PERMISSION_SET_ASSIGNMENT, PROFILE),
    *(RECORD_TYPE, USER_PERMISSION_ACCESS),
)


def standard_schema(*, line_discounts: bool = False) -> Schema:
    """Return a fresh schema; `line_discounts` adds what Quotes bring to opportunity products [facts: orders 6.2]."""
    schema = Schema(list(STANDARD))
    if line_discounts:
        for one in LINE_DISCOUNT_FIELDS:
            schema.add_custom_field("OpportunityLineItem", one)
    return schema
