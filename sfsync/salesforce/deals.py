"""Opportunities with their lines: what is asked for, and how a row becomes a Deal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.domain.model import Deal, DealContract, DealLine
from sfsync.salesforce.schema import select_list
from sfsync.salesforce.wire import boolean, decimal, integer, parse_date, parse_datetime, required, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfsync.salesforce.schema import OrgSchema

CHILD = "OpportunityLineItems"

_HEADER = (
    *("Id", "Name", "AccountId", "OwnerId", "Pricebook2Id", "ContractId", "CurrencyIsoCode", "Amount", "StageName"),
    *("Type", "IsWon", "IsClosed", "IsDeleted", "CloseDate", "CreatedDate", "SystemModstamp"),
)
_LINE = (
    *("Id", "PricebookEntryId", "Product2Id", "Quantity", "UnitPrice", "ListPrice", "TotalPrice", "ServiceDate"),
    *("Description", "SortOrder", "IsDeleted", "SystemModstamp"),
)
_CONTRACT = ("ContractNumber", "AccountId", "Pricebook2Id", "StatusCode", "StartDate", "EndDate")


@dataclass(frozen=True, slots=True)
class LineOfDeal:
    """A line, and the deal it belongs to."""

    deal_id: str
    line: DealLine
    is_deleted: bool = False
    """It left the deal, or went with it into the recycle bin."""


def deal_fields(schema: OrgSchema) -> list[str]:
    """The SELECT list of a deal's header, with what planning needs of its account, price book and contract."""
    fields = select_list(schema, "Opportunity", _HEADER)
    fields += [*select_list(schema, "Account", ("Name",), prefix="Account."), "Pricebook2.IsActive"]
    if "ContractId" in fields:
        fields += select_list(schema, "Contract", _CONTRACT, prefix="Contract.")
    return fields


def line_fields(schema: OrgSchema) -> list[str]:
    """The SELECT list of a deal's line, with what planning needs of its price book entry and product."""
    fields = select_list(schema, "OpportunityLineItem", _LINE)
    entry = ("IsActive", "Pricebook2Id", "CurrencyIsoCode")
    fields += select_list(schema, "PricebookEntry", entry, prefix="PricebookEntry.")
    if "Product2Id" in fields:
        fields += select_list(schema, "Product2", ("Name", "ProductCode", "IsActive"), prefix="Product2.")
    return fields


def parse_deal(row: Mapping[str, Any], children: Sequence[Mapping[str, Any]] | None) -> Deal:
    """Make a Deal of a row and the rows of its lines. Deleted lines are left out.

    Raises:
        ValueError: naming the field that holds something else than it should.
    """
    get = row.get
    account, pricebook = get("Account") or {}, get("Pricebook2") or {}
    return Deal(
        sf_id=required(text(get("Id"), "Opportunity.Id"), "Opportunity.Id"),
        name=text(get("Name"), "Opportunity.Name") or "",
        account_id=text(get("AccountId"), "Opportunity.AccountId"),
        account_name=text(account.get("Name"), "Account.Name"),
        owner_id=text(get("OwnerId"), "Opportunity.OwnerId"),
        pricebook_id=text(get("Pricebook2Id"), "Opportunity.Pricebook2Id"),
        pricebook_active=_flag(pricebook.get("IsActive"), "Pricebook2.IsActive"),
        contract=_contract(row),
        currency=text(get("CurrencyIsoCode"), "Opportunity.CurrencyIsoCode"),
        amount=decimal(get("Amount"), "Opportunity.Amount"),
        stage_name=text(get("StageName"), "Opportunity.StageName") or "",
        type=text(get("Type"), "Opportunity.Type"),
        is_won=boolean(get("IsWon"), "Opportunity.IsWon"),
        is_closed=boolean(get("IsClosed"), "Opportunity.IsClosed"),
        is_deleted=boolean(get("IsDeleted"), "Opportunity.IsDeleted"),
        closed_on=required(parse_date(get("CloseDate"), "Opportunity.CloseDate"), "Opportunity.CloseDate"),
        created_at=required(parse_datetime(get("CreatedDate"), "Opportunity.CreatedDate"), "Opportunity.CreatedDate"),
        system_modstamp=required(
            parse_datetime(get("SystemModstamp"), "Opportunity.SystemModstamp"), "Opportunity.SystemModstamp"
        ),
        lines=tuple(parse_line(child) for child in children or () if not child.get("IsDeleted")),
    )


def parse_line(row: Mapping[str, Any]) -> DealLine:
    """Make a DealLine of a row.

    Raises:
        ValueError: naming the field that holds something else than it should.
    """
    get = row.get
    entry, product = get("PricebookEntry") or {}, get("Product2") or {}
    return DealLine(
        sf_id=required(text(get("Id"), "OpportunityLineItem.Id"), "OpportunityLineItem.Id"),
        pricebook_entry_id=text(get("PricebookEntryId"), "OpportunityLineItem.PricebookEntryId"),
        product_id=text(get("Product2Id"), "OpportunityLineItem.Product2Id"),
        product_name=text(product.get("Name"), "Product2.Name"),
        product_code=text(product.get("ProductCode"), "Product2.ProductCode"),
        quantity=required(decimal(get("Quantity"), "OpportunityLineItem.Quantity"), "OpportunityLineItem.Quantity"),
        unit_price=decimal(get("UnitPrice"), "OpportunityLineItem.UnitPrice"),
        list_price=decimal(get("ListPrice"), "OpportunityLineItem.ListPrice"),
        total_price=decimal(get("TotalPrice"), "OpportunityLineItem.TotalPrice"),
        service_date=parse_date(get("ServiceDate"), "OpportunityLineItem.ServiceDate"),
        description=text(get("Description"), "OpportunityLineItem.Description"),
        sort_order=integer(get("SortOrder"), "OpportunityLineItem.SortOrder"),
        entry_active=_flag(entry.get("IsActive"), "PricebookEntry.IsActive"),
        entry_pricebook_id=text(entry.get("Pricebook2Id"), "PricebookEntry.Pricebook2Id"),
        entry_currency=text(entry.get("CurrencyIsoCode"), "PricebookEntry.CurrencyIsoCode"),
        product_active=_flag(product.get("IsActive"), "Product2.IsActive"),
        system_modstamp=required(
            parse_datetime(get("SystemModstamp"), "OpportunityLineItem.SystemModstamp"),
            "OpportunityLineItem.SystemModstamp",
        ),
    )


def parse_line_of_deal(row: Mapping[str, Any]) -> LineOfDeal:
    """Make a LineOfDeal of a row that was read without its deal.

    Raises:
        ValueError: naming the field that holds something else than it should.
    """
    field = "OpportunityLineItem.OpportunityId"
    gone = boolean(row.get("IsDeleted"), "OpportunityLineItem.IsDeleted")
    return LineOfDeal(required(text(row.get("OpportunityId"), field), field), parse_line(row), gone)


def _contract(row: Mapping[str, Any]) -> DealContract | None:
    sf_id = text(row.get("ContractId"), "Opportunity.ContractId")
    if sf_id is None:
        return None
    get = (row.get("Contract") or {}).get
    return DealContract(
        sf_id=sf_id,
        number=text(get("ContractNumber"), "Contract.ContractNumber"),
        account_id=text(get("AccountId"), "Contract.AccountId"),
        pricebook_id=text(get("Pricebook2Id"), "Contract.Pricebook2Id"),
        status_code=text(get("StatusCode"), "Contract.StatusCode"),
        starts_on=parse_date(get("StartDate"), "Contract.StartDate"),
        ends_on=parse_date(get("EndDate"), "Contract.EndDate"),
    )


def _flag(value: object, field: str) -> bool | None:
    return None if value is None else boolean(value, field)
