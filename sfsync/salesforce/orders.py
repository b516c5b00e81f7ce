"""Orders, their items and what they refer to: what is asked for, and how a row becomes ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.domain.model import OrgOrder, OrgOrderItem
from sfsync.domain.references import Account, Contract, Product
from sfsync.salesforce import order_fields as writable_fields
from sfsync.salesforce.schema import select_list
from sfsync.salesforce.wire import boolean, decimal, parse_date, parse_datetime, required, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sfsync.salesforce.schema import FieldNames, OrgSchema

CHILD = "OrderItems"

_HEADER = (
    *("Id", "OrderNumber", "AccountId", "ContractId", "Pricebook2Id", "OriginalOrderId", "IsReductionOrder", "Name"),
    *("Type", "CurrencyIsoCode", "EffectiveDate", "Status", "StatusCode", "TotalAmount", "ActivatedDate"),
    *("CreatedDate", "IsDeleted", "SystemModstamp"),
)
_ITEM = (
    *("Id", "OrderId", "OrderItemNumber", "PricebookEntryId", "Product2Id", "Quantity", "UnitPrice", "ListPrice"),
    *("TotalPrice", "AvailableQuantity", "ServiceDate", "EndDate", "Description", "OriginalOrderItemId", "IsDeleted"),
    "SystemModstamp",
)
_ACCOUNT = ("Id", "Name", "IsDeleted", "SystemModstamp")
_CONTRACT = (
    *("Id", "ContractNumber", "AccountId", "Status", "StatusCode", "StartDate", "EndDate", "IsDeleted"),
    "SystemModstamp",
)
_PRODUCT = ("Id", "Name", "ProductCode", "Family", "IsActive", "IsDeleted", "SystemModstamp")


def order_fields(schema: OrgSchema) -> list[str]:
    """The SELECT list of an order's header."""
    found = tuple(api_name for api_name, _ in writable_fields.readers(schema).values())
    return select_list(schema, "Order", (*_HEADER, *found, schema.names.order_key, schema.names.opportunity_lookup))


def item_fields(schema: OrgSchema) -> list[str]:
    """The SELECT list of an order item."""
    return select_list(schema, "OrderItem", (*_ITEM, schema.names.item_key))


def account_fields(schema: OrgSchema) -> list[str]:
    """The SELECT list of an account."""
    return select_list(schema, "Account", _ACCOUNT)


def contract_fields(schema: OrgSchema) -> list[str]:
    """The SELECT list of a contract."""
    return select_list(schema, "Contract", _CONTRACT)


def product_fields(schema: OrgSchema) -> list[str]:
    """The SELECT list of a product."""
    flag = (schema.names.physical_flag,) if schema.names.physical_flag else ()
    return select_list(schema, "Product2", (*_PRODUCT, *flag))


def order_parser(schema: OrgSchema) -> Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]] | None], OrgOrder]:
    """Return what makes an OrgOrder of a row and the rows of its items (None: they were not read).

    It raises ValueError, naming the field that holds something else than it should.
    """
    key_field, deal_field = schema.names.order_key, schema.names.opportunity_lookup
    item, found = item_parser(schema.names), writable_fields.readers(schema)

    def parse(row: Mapping[str, Any], children: Sequence[Mapping[str, Any]] | None) -> OrgOrder:
        get = row.get
        return OrgOrder(
            sf_id=_id(row, "Order"),
            key=text(get(key_field), key_field),
            number=text(get("OrderNumber"), "Order.OrderNumber"),
            opportunity_id=text(get(deal_field), deal_field),
            account_id=text(get("AccountId"), "Order.AccountId"),
            contract_id=text(get("ContractId"), "Order.ContractId"),
            pricebook_id=text(get("Pricebook2Id"), "Order.Pricebook2Id"),
            original_order_id=text(get("OriginalOrderId"), "Order.OriginalOrderId"),
            is_reduction=_flag(get("IsReductionOrder"), "Order.IsReductionOrder"),
            name=text(get("Name"), "Order.Name"),
            type=text(get("Type"), "Order.Type"),
            currency=text(get("CurrencyIsoCode"), "Order.CurrencyIsoCode"),
            effective_date=parse_date(get("EffectiveDate"), "Order.EffectiveDate"),
            status_label=required(text(get("Status"), "Order.Status"), "Order.Status"),
            status_code=required(text(get("StatusCode"), "Order.StatusCode"), "Order.StatusCode"),
            total_amount=required(decimal(get("TotalAmount"), "Order.TotalAmount"), "Order.TotalAmount"),
            activated_at=parse_datetime(get("ActivatedDate"), "Order.ActivatedDate"),
            created_at=parse_datetime(get("CreatedDate"), "Order.CreatedDate"),
            is_deleted=boolean(get("IsDeleted"), "Order.IsDeleted"),
            system_modstamp=_stamp(row, "Order"),
            items=None if children is None else tuple(item(child) for child in children),
            fields=writable_fields.read(row, found),
        )

    return parse


def item_parser(names: FieldNames) -> Callable[[Mapping[str, Any]], OrgOrderItem]:
    """Return what makes an OrgOrderItem of a row; it raises ValueError, naming the field that is wrong."""
    key_field = names.item_key

    def parse(row: Mapping[str, Any]) -> OrgOrderItem:
        get = row.get
        return OrgOrderItem(
            sf_id=_id(row, "OrderItem"),
            order_id=required(text(get("OrderId"), "OrderItem.OrderId"), "OrderItem.OrderId"),
            key=text(get(key_field), key_field),
            number=text(get("OrderItemNumber"), "OrderItem.OrderItemNumber"),
            pricebook_entry_id=text(get("PricebookEntryId"), "OrderItem.PricebookEntryId"),
            product_id=text(get("Product2Id"), "OrderItem.Product2Id"),
            quantity=required(decimal(get("Quantity"), "OrderItem.Quantity"), "OrderItem.Quantity"),
            unit_price=decimal(get("UnitPrice"), "OrderItem.UnitPrice"),
            list_price=decimal(get("ListPrice"), "OrderItem.ListPrice"),
            total_price=decimal(get("TotalPrice"), "OrderItem.TotalPrice"),
            available_quantity=decimal(get("AvailableQuantity"), "OrderItem.AvailableQuantity"),
            service_date=parse_date(get("ServiceDate"), "OrderItem.ServiceDate"),
            end_date=parse_date(get("EndDate"), "OrderItem.EndDate"),
            description=text(get("Description"), "OrderItem.Description"),
            original_item_id=text(get("OriginalOrderItemId"), "OrderItem.OriginalOrderItemId"),
            is_deleted=boolean(get("IsDeleted"), "OrderItem.IsDeleted"),
            system_modstamp=_stamp(row, "OrderItem"),
        )

    return parse


def parse_account(row: Mapping[str, Any]) -> Account:
    """Make an Account of a row; raises ValueError, naming the field that is wrong."""
    return Account(
        sf_id=_id(row, "Account"),
        name=text(row.get("Name"), "Account.Name"),
        is_deleted=_flag(row.get("IsDeleted"), "Account.IsDeleted"),
        system_modstamp=_stamp(row, "Account"),
    )


def parse_contract(row: Mapping[str, Any]) -> Contract:
    """Make a Contract of a row; raises ValueError, naming the field that is wrong."""
    get = row.get
    return Contract(
        sf_id=_id(row, "Contract"),
        contract_number=text(get("ContractNumber"), "Contract.ContractNumber"),
        account_id=text(get("AccountId"), "Contract.AccountId"),
        status=text(get("Status"), "Contract.Status"),
        status_code=text(get("StatusCode"), "Contract.StatusCode"),
        starts_on=parse_date(get("StartDate"), "Contract.StartDate"),
        ends_on=parse_date(get("EndDate"), "Contract.EndDate"),
        is_deleted=_flag(get("IsDeleted"), "Contract.IsDeleted"),
        system_modstamp=_stamp(row, "Contract"),
    )


def product_parser(schema: OrgSchema) -> Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]] | None], Product]:
    """Return what makes a Product of a row; it raises ValueError, naming the field that is wrong."""
    flag = schema.names.physical_flag

    def parse(row: Mapping[str, Any], _: Sequence[Mapping[str, Any]] | None = None) -> Product:
        get = row.get
        active, physical = get("IsActive"), get(flag) if flag else None
        return Product(
            sf_id=_id(row, "Product2"),
            name=text(get("Name"), "Product2.Name"),
            product_code=text(get("ProductCode"), "Product2.ProductCode"),
            family=text(get("Family"), "Product2.Family"),
            is_active=None if active is None else boolean(active, "Product2.IsActive"),
            is_deleted=_flag(get("IsDeleted"), "Product2.IsDeleted"),
            system_modstamp=_stamp(row, "Product2"),
            physical_flag=None if physical is None else boolean(physical, f"Product2.{flag}"),
        )

    return parse


def _id(row: Mapping[str, Any], sobject: str) -> str:
    return required(text(row.get("Id"), f"{sobject}.Id"), f"{sobject}.Id")


def _stamp(row: Mapping[str, Any], sobject: str) -> datetime:
    field = f"{sobject}.SystemModstamp"
    return required(parse_datetime(row.get("SystemModstamp"), field), field)


def _flag(value: object, field: str) -> bool:
    """A checkbox that the org may not have at all (reductions switched off): then it is false."""
    return value is not None and boolean(value, field)
