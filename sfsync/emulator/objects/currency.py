"""What several currencies add to an org: CurrencyIsoCode and CurrencyType [facts: orders 2, 3, 6, 7]."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.emulator.fields import Field, PicklistValue
from sfsync.emulator.objects.build import SET_UP, SYSTEM, sobject

if TYPE_CHECKING:
    from sfsync.emulator.schema import Schema, SObject
    from sfsync.emulator.settings import Settings
    from sfsync.emulator.world import Row, World

CODE = "CurrencyIsoCode"
_DEFAULT = "DefaultCurrencyIsoCode"
# Whether it can be created, updated, and empty; lines have the currency of what they are on.
_FLAGS = {
    "Account": (True, True, True),
    "Contact": (True, True, True),
    "Contract": (True, True, True),
    "Opportunity": (True, True, True),
    "OpportunityLineItem": (False, False, True),
    "Order": (True, True, False),
    "OrderItem": (False, False, False),
    "Pricebook2": (True, True, True),
    "PricebookEntry": (True, False, True),
    "Product2": (True, True, True),
}
_CURRENCY_TYPE = f"""
IsoCode | picklist 40 | RF | Currency ISO Code
ConversionRate | double 18,6 | | Conversion Rate
DecimalPlaces | int 9 | | Decimal Places
IsActive | boolean | D | Active
IsCorporate | boolean | D | Corporate Currency
{SYSTEM}
"""


def add_currencies(schema: Schema, settings: Settings) -> None:
    """Fit a schema to an org with several currencies."""
    for name in _FLAGS:
        known = schema.get(name)
        if known is not None:
            schema.add_object(with_currency(known, settings))
    default = _code(settings, _DEFAULT, "Default Currency ISO Code", createable=True, updateable=True)
    own = _code(settings, CODE, "Currency ISO Code", createable=True, updateable=True)
    for name, fields in (("User", (default, own)), ("Organization", (replace(default, createable=False),))):
        for one in fields:
            schema.add_custom_field(name, one)
    known = sobject("CurrencyType", "01L", _CURRENCY_TYPE, label="Currency Type", **SET_UP)
    every = tuple(PicklistValue(one.iso_code, one.iso_code) for one in settings.currencies)
    schema.add_object(
        replace(known, fields={**known.fields, "IsoCode": replace(known.fields["IsoCode"], picklist=every)})
    )


def with_currency(known: SObject, settings: Settings) -> SObject:
    """An object with CurrencyIsoCode, in front of its owner or its stamps; what has no records of its own is left."""
    if known.field(CODE) is not None or not known.createable:
        return known
    createable, updateable, nillable = _FLAGS.get(known.name, (True, True, True))
    new = _code(settings, CODE, "Currency ISO Code", createable=createable, updateable=updateable)
    names = list(known.fields)
    place = next((names.index(name) for name in ("OwnerId", "CreatedDate") if name in known.fields), len(names))
    fields = [*known.fields.items()]
    fields.insert(place, (CODE, replace(new, nillable=nillable)))
    return replace(known, fields=dict(fields))


def fill_currencies(world: World, stamps: Row) -> None:
    """Put in the rows of CurrencyType, and the defaults of the org and its users."""
    settings = world.settings
    for one in settings.currencies:
        row: Row = {"Id": world.ids.next("01L"), "IsoCode": one.iso_code, "ConversionRate": Decimal(one.rate)}
        row |= {"DecimalPlaces": one.decimals, "IsActive": one.active}
        world.db.insert_row("CurrencyType", row | {"IsCorporate": one.iso_code == settings.corporate_currency} | stamps)
    world.db.update_row("Organization", settings.org_id, {_DEFAULT: settings.corporate_currency})
    users = settings.user_currency or settings.corporate_currency
    for user in world.db.find("User", {}):
        world.db.update_row("User", str(user["Id"]), {_DEFAULT: users, CODE: users})


def _code(settings: Settings, name: str, label: str, *, createable: bool, updateable: bool) -> Field:
    active = tuple(PicklistValue(one.iso_code, one.iso_code) for one in settings.currencies if one.active)
    return Field(
        name,
        "picklist",
        label,
        length=3,
        createable=createable,
        updateable=updateable,
        defaulted_on_create=True,
        restricted=True,
        picklist=active,
    )
