"""Order and OrderItem as the object reference has them [facts: orders 1-3]; no describe of them was recorded."""

from functools import cache
from typing import Any

import pytest

from sfsync.emulator.describe import describe
from sfsync.emulator.objects import standard_schema

# Name, type, size, and who may do what: C create, U update, N null, D defaulted on create, R restricted picklist.
ORDER = """
OwnerId reference(Group,User) - CUD
AccountId reference(Account) - CUN
ContractId reference(Contract) - CUN
Pricebook2Id reference(Pricebook2) - CUND
OriginalOrderId reference(Order) - CND
OpportunityId reference(Opportunity) - CUN
EffectiveDate date - CU
EndDate date - CUN
IsReductionOrder boolean - CD
Status picklist 100 CUR
StatusCode picklist 40 UR
Description textarea 32000 CUN
CustomerAuthorizedById reference(Contact) - CUN
CustomerAuthorizedDate date - CUN
CompanyAuthorizedById reference(User) - CUN
CompanyAuthorizedDate date - CUN
Type picklist 255 CUN
BillingStreet textarea 255 CUN
ShippingStreet textarea 255 CUN
BillingCity string 40 CUN
BillingState string 80 CUN
BillingPostalCode string 20 CUN
BillingCountry string 80 CUN
BillingLatitude double 18,15 CUN
ShippingLongitude double 18,15 CUN
BillingGeocodeAccuracy picklist 40 CUNR
BillingAddress address - N
ShippingAddress address - N
ActivatedDate datetime - UN
ActivatedById reference(User) - UN
BillToContactId reference(Contact) - CUN
ShipToContactId reference(Contact) - CUN
Name string 80 CUN
PoDate date - CUN
PoNumber string 80 CUN
OrderReferenceNumber string 80 CUN
OrderNumber string 30 D
TotalAmount currency 18,2 -
"""
ITEM = """
OrderId reference(Order) - C
PricebookEntryId reference(PricebookEntry) - C
Product2Id reference(Product2) - CN
OriginalOrderItemId reference(OrderItem) - CN
AvailableQuantity double 18,2 N
Quantity double 18,2 CU
UnitPrice currency 18,2 CUN
ListPrice currency 18,2 CN
TotalPrice currency 18,2 N
ServiceDate date - CUN
EndDate date - CUN
Description string 255 CUN
OrderItemNumber string 30 D
"""
TABLES = [(sobject, line) for sobject, table in (("Order", ORDER), ("OrderItem", ITEM)) for line in table.split("\n")]
LABELS = {
    ("Order", "EffectiveDate"): "Order Start Date",
    ("Order", "EndDate"): "Order End Date",
    ("Order", "IsReductionOrder"): "Reduction Order",
    ("Order", "StatusCode"): "Status Category",
    ("Order", "Name"): "Order Name",
    ("Order", "TotalAmount"): "Order Amount",
    ("OrderItem", "ServiceDate"): "Start Date",
    ("OrderItem", "Description"): "Line Description",
}
FLAGS = {
    "C": "createable",
    "U": "updateable",
    "N": "nillable",
    "D": "defaultedOnCreate",
    "R": "restrictedPicklist",
}


@cache
def fields(sobject: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in describe(standard_schema(), sobject)["fields"]}


@pytest.mark.parametrize(("sobject", "line"), [(sobject, line) for sobject, line in TABLES if line])
def test_a_field_is_as_the_object_reference_has_it(sobject: str, line: str) -> None:
    name, kind, size, flags = line.split(" ")

    found = fields(sobject)[name]

    targets = f"({','.join(found['referenceTo'])})" if found["referenceTo"] else ""
    assert found["type"] + targets == kind
    assert {letter for letter, key in FLAGS.items() if found[key]} == set(flags) - {"-"}
    if "," in size:
        assert f"{found['precision']},{found['scale']}" == size
    elif size != "-":
        assert found["length"] == int(size)


def test_fields_have_the_labels_that_errors_name() -> None:
    for (sobject, name), label in LABELS.items():
        assert fields(sobject)[name]["label"] == label


def test_numbers_are_given_out_by_the_org_and_stand_for_the_record() -> None:
    for sobject, name in (("Order", "OrderNumber"), ("OrderItem", "OrderItemNumber")):
        number = fields(sobject)[name]
        assert all(number[key] for key in ("autoNumber", "idLookup", "nameField"))
        assert not fields(sobject)["Id"]["nameField"]


def test_what_other_licences_and_other_line_items_have_is_not_there() -> None:
    assert not {"GrandTotalAmount", "SalesStoreId", "RelatedOrderId", "CurrencyIsoCode"} & set(fields("Order"))
    assert not {"Discount", "SortOrder", "LineNumber", "ProductCode", "CurrencyIsoCode"} & set(fields("OrderItem"))


def test_relationships_lead_from_order_to_lines_and_to_reductions_and_back() -> None:
    order, item = describe(standard_schema(), "Order"), describe(standard_schema(), "OrderItem")

    def children(described: dict[str, Any]) -> set[tuple[str, str, str]]:
        named = (one for one in described["childRelationships"] if one["relationshipName"])
        return {(one["relationshipName"], one["childSObject"], one["field"]) for one in named}

    assert {("OrderItems", "OrderItem", "OrderId"), ("Orders", "Order", "OriginalOrderId")} <= children(order)
    assert ("ChildOrderItems", "OrderItem", "OriginalOrderItemId") in children(item)
    parents = {one["name"]: one["relationshipName"] for one in order["fields"] if one["type"] == "reference"}
    assert parents["OriginalOrderId"] == "OriginalOrder"
    assert parents["CustomerAuthorizedById"] == "CustomerAuthorizedBy"
    assert {"Order", "Product2", "PricebookEntry", "OriginalOrderItem"} <= {
        one["relationshipName"] for one in item["fields"]
    }


def test_lines_can_neither_be_undeleted_nor_searched() -> None:
    order, item = describe(standard_schema(), "Order"), describe(standard_schema(), "OrderItem")

    assert (order["undeletable"], order["searchable"]) == (True, True)
    assert (item["undeletable"], item["searchable"]) == (False, False)
    assert (order["keyPrefix"], item["keyPrefix"]) == ("801", "802")


def test_a_contact_that_an_order_names_cannot_be_deleted_as_recorded_describes_say() -> None:
    children = describe(standard_schema(), "Contact")["childRelationships"]

    restricting = {(one["childSObject"], one["field"]) for one in children if one["restrictedDelete"]}
    assert restricting == {
        ("Contract", "CustomerSignedId"),
        ("Order", "BillToContactId"),
        ("Order", "CustomerAuthorizedById"),
        ("Order", "ShipToContactId"),
        ("User", "ContactId"),
    }
