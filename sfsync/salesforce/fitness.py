"""Whether an org can be worked with: every field, right and status that is missing, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.salesforce import order_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.salesforce.schema import OrgSchema

_READ = {
    "Opportunity": (
        *("Id", "Name", "AccountId", "Pricebook2Id", "Amount", "StageName", "IsWon", "IsClosed", "IsDeleted"),
        *("CloseDate", "CreatedDate", "SystemModstamp"),
    ),
    "OpportunityLineItem": (
        *("Id", "OpportunityId", "PricebookEntryId", "Quantity", "UnitPrice", "TotalPrice", "SystemModstamp"),
    ),
    "Order": (
        *("Id", "AccountId", "Pricebook2Id", "EffectiveDate", "Status", "StatusCode", "TotalAmount", "OrderNumber"),
        *("IsDeleted", "SystemModstamp"),
    ),
    "OrderItem": (
        *("Id", "OrderId", "PricebookEntryId", "Quantity", "UnitPrice", "TotalPrice", "IsDeleted", "SystemModstamp"),
    ),
    "Account": ("Id", "Name", "SystemModstamp"),
    "Product2": ("Id", "Name", "SystemModstamp"),
    "PricebookEntry": ("Id", "Pricebook2Id", "IsActive"),
}
_CREATE = {
    "Order": ("AccountId", "Pricebook2Id", "EffectiveDate", "Status"),
    "OrderItem": ("OrderId", "PricebookEntryId", "Quantity", "UnitPrice"),
}
_UPDATE = {"Order": ("Status",)}
_NICE = {
    "Opportunity": {"ContractId": "contracts of deals are not carried over", "Type": "deals cannot be chosen by type"},
    "OpportunityLineItem": {
        "ServiceDate": "line dates are not carried over",
        "Description": "line descriptions are not carried over",
        "SortOrder": "lines keep no order",
    },
    "Order": {
        "Name": "orders get no name",
        "ContractId": "orders are not put under contracts",
        "IsReductionOrder": "reduction orders are not recognised",
    },
    "OrderItem": {"ServiceDate": "line dates are not carried over", "Description": "line descriptions are lost"},
    "Contract": {"AccountId": "contracts are not checked before ordering"},
    "Product2": {"IsActive": "inactive products are found out only when the org refuses them"},
}
_REDUCE = {"Order": ("IsReductionOrder", "OriginalOrderId"), "OrderItem": ("OriginalOrderItemId",)}
_KEY_LENGTH = 32
"""Opportunity id (18), sequence, reduction and line number with their hyphens, with room."""


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One thing that is wrong with the org: a stable code, what it means, and what to do."""

    code: str
    message: str
    remedy: str


def problems(schema: OrgSchema) -> list[SchemaProblem]:
    """Find everything that sfsync cannot work without, all at once.

    A field that is missing and one that field permissions hide look the same from outside, so both are said.
    """
    return [
        *_missing_objects(schema),
        *_fields(schema),
        *_writable(schema),
        *_keys(schema),
        *_statuses(schema),
        *_shipping(schema),
    ]


def notes(schema: OrgSchema) -> list[SchemaProblem]:
    """Find what is missing that sfsync does without, and what that costs."""
    return list(_notes(schema))


def reduction_problems(schema: OrgSchema) -> list[SchemaProblem]:
    """Find what reductions need and the org lacks or hides; orders do without it.

    Whether the user has “Create Reduction Orders” no describe shows.
    """
    return [
        found
        for sobject, names in _REDUCE.items()
        for name in names
        if (found := _unfit_for_reductions(schema, sobject, name)) is not None
    ]


def _unfit_for_reductions(schema: OrgSchema, sobject: str, name: str) -> SchemaProblem | None:
    if not schema.has(sobject, name):
        return SchemaProblem(
            "field_hidden",
            f"The field {sobject}.{name} does not exist, or field permissions hide it: orders cannot be reduced.",
            f"Enable reduction orders (Setup, Order Settings), and give the user's permission set access to "
            f"{sobject}.{name}.",
        )
    return None if schema.createable(sobject, name) else _read_only(sobject, name, "create")


def _missing_objects(schema: OrgSchema) -> Iterator[SchemaProblem]:
    for sobject in _READ:
        if sobject not in schema.objects:
            yield SchemaProblem(
                "object_missing",
                f"The object {sobject} does not exist in the org, or the integration user may not see it.",
                "Enable it (Setup, Order Settings for orders) and give the user's permission set access to it.",
            )
    for sobject in _CREATE:
        info = schema.objects.get(sobject)
        if info is not None and not info.createable:
            yield SchemaProblem(
                "object_not_createable",
                f"The integration user may not create {sobject} records.",
                f"Give its permission set Create and Edit on Order (which {sobject} needs too).",
            )


def _fields(schema: OrgSchema) -> Iterator[SchemaProblem]:
    for sobject, names in _READ.items():
        if sobject in schema.objects:
            for name in names:
                if not schema.has(sobject, name):
                    yield _hidden(sobject, name)
    for sobject, names in _CREATE.items():
        for name in names:
            if schema.has(sobject, name) and not schema.createable(sobject, name):
                yield _read_only(sobject, name, "create")
    for sobject, names in _UPDATE.items():
        for name in names:
            info = schema.info(sobject, name)
            if info is not None and not info.updateable:
                yield _read_only(sobject, name, "update")


def _writable(schema: OrgSchema) -> Iterator[SchemaProblem]:
    """Custom fields that the settings name: without them wishes could neither be read back nor sent."""
    for name in schema.names.writable if "Order" in schema.objects else ():
        info = schema.info("Order", name)
        if info is None:
            yield _hidden("Order", name)
        elif not info.updateable:
            yield _read_only("Order", name, "update")
        elif order_fields.kind_of(schema, name) is None:
            yield SchemaProblem(
                "field_type",
                f"The field Order.{name} is of type {info.type}, which cannot be written from here.",
                "Take it out of the setting orders.writable_fields: text, number, checkbox, date and picklist go.",
            )


def _keys(schema: OrgSchema) -> Iterator[SchemaProblem]:
    for sobject, name in (("Order", schema.names.order_key), ("OrderItem", schema.names.item_key)):
        if sobject not in schema.objects:
            continue
        info = schema.info(sobject, name)
        create_it = (
            f"Create {sobject}.{name} as Text(64), External ID, Unique, case-sensitive, and give the user access."
        )
        if info is None:
            yield SchemaProblem(
                "key_missing",
                f"The external id field {sobject}.{name} does not exist, or field permissions hide it from the user:"
                " without it an order could be created twice.",
                create_it,
            )
            continue
        if not info.createable:
            yield _read_only(sobject, name, "create")
        for flag, wrong in (
            (info.unique, "unique"),
            (info.external_id, "an external id"),
            (info.case_sensitive, "case-sensitive"),
            (info.length >= _KEY_LENGTH, f"at least {_KEY_LENGTH} characters long"),
        ):
            if not flag:
                yield SchemaProblem("key_unfit", f"The field {sobject}.{name} is not {wrong}.", create_it)


def _statuses(schema: OrgSchema) -> Iterator[SchemaProblem]:
    if "Order" in schema.objects and schema.draft_status is None:
        yield SchemaProblem(
            "no_draft_status",
            "The org shows no Order status of category Draft: orders could not be created.",
            "Check the picklist Order.Status in Setup, and that the user may read OrderStatus.",
        )


def _notes(schema: OrgSchema) -> Iterator[SchemaProblem]:
    lookup = schema.names.opportunity_lookup
    if "Order" in schema.objects and not schema.createable("Order", lookup):
        yield SchemaProblem(
            "lookup_missing",
            f"The field Order.{lookup} does not exist, or the user may not write it: only keys link orders to deals.",
            f"Give the user access to Order.{lookup}, or name a lookup of your own in order_opportunity_field.",
        )
    for sobject, names in _NICE.items():
        for name, effect in names.items():
            if not schema.has(sobject, name):
                yield SchemaProblem(
                    "optional_field_missing",
                    f"The field {sobject}.{name} does not exist, or field permissions hide it: {effect}.",
                    f"Give the user's permission set read access to {sobject}.{name}, if you want it.",
                )


_DATE_FIELDS = ("shipped_on", "delivered_on")


def _shipping(schema: OrgSchema) -> Iterator[SchemaProblem]:
    """What shipments need, where they are enabled."""
    names = schema.names.shipments
    if names is None:
        return
    run = "Run `sfsync setup-org` to see what it would create, or set shipments.enabled to false."
    for sobject, api_names in ((names.shipment, names.of_shipment), (names.line, names.of_line)):
        info = schema.objects.get(sobject)
        if info is None or not info.createable:
            said = f"The object {sobject} does not exist, or the integration user may not see it and create records."
            yield SchemaProblem("object_missing", said, run)
            continue
        for ours, name in api_names.items():
            found = info.fields.get(name)
            if found is None:
                said = f"The field {sobject}.{name} does not exist, or field permissions hide it from the user."
                yield SchemaProblem("field_hidden", said, run)
            elif not found.createable:
                yield _read_only(sobject, name, "create")
            elif ours in ("key", "line_key") and not (found.unique and found.external_id and found.case_sensitive):
                said = f"The field {sobject}.{name} is not unique, an external id and case-sensitive."
                yield SchemaProblem("key_unfit", said, "Make it so in Setup: without it a shipment could be doubled.")
            elif ours in _DATE_FIELDS and found.type != "date":
                said = f"The field {sobject}.{name} is of type {found.type}, and should be a date."
                yield SchemaProblem("field_type", said, "Name another field in the settings, or none (an empty name).")


def _hidden(sobject: str, name: str) -> SchemaProblem:
    return SchemaProblem(
        "field_hidden",
        f"The field {sobject}.{name} does not exist, or field permissions hide it from the integration user.",
        f"Give the user's permission set read access to {sobject}.{name}.",
    )


def _read_only(sobject: str, name: str, verb: str) -> SchemaProblem:
    return SchemaProblem(
        f"field_not_{verb}able",
        f"The integration user may not {verb} the field {sobject}.{name}.",
        f"Give the user's permission set edit access to {sobject}.{name}.",
    )
