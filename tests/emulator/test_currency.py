"""An org with several currencies [facts: orders 2, 3, 4.2, 4.6, 6.1, 6.2, 6.3]."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.emulator.currencies import Currency
from sfsync.emulator.objects.build import SYSTEM, sobject
from sfsync.emulator.org import Org
from sfsync.emulator.settings import Settings
from tests.emulator.api import Api, make_api, refusal

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.emulator.http import Response

OTHER_CURRENCY = "Enter the same currency as the parent Order.: Currency ISO Code"


@pytest.fixture
def api() -> Api:
    return make_api(Settings(multicurrency=True))


def entry(api: Api, currency: str, price: float = 10, book: str | None = None) -> Response:
    product = api.value("PricebookEntry", api.entry, "Product2Id")
    fields = {"Pricebook2Id": book or api.book, "Product2Id": product, "UnitPrice": price, "IsActive": True}
    return api.call("POST", "sobjects/PricebookEntry", {**fields, "CurrencyIsoCode": currency})


def entry_id(api: Api, currency: str, price: float = 10) -> str:
    return str(entry(api, currency, price).json()["id"])


def opportunity(api: Api, **fields: Any) -> str:
    needed = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-03-01", "Pricebook2Id": api.book}
    return api.create("Opportunity", **{**needed, **fields})


def test_with_one_currency_nothing_of_it_exists() -> None:
    api = make_api()

    assert refusal(api.call("GET", "query?q=SELECT+CurrencyIsoCode+FROM+Order"))[1] == "INVALID_FIELD"
    assert refusal(api.call("GET", "query?q=SELECT+IsoCode+FROM+CurrencyType"))[1] == "INVALID_TYPE"
    written = api.call("POST", "sobjects/Order", api.order_fields(CurrencyIsoCode="USD"))
    assert refusal(written)[1] == "INVALID_FIELD"
    for name in ("Account", "Order", "OrderItem", "PricebookEntry", "User", "Organization"):
        fields = api.call("GET", f"sobjects/{name}/describe").json()["fields"]
        assert not [one["name"] for one in fields if "IsoCode" in one["name"] and "Currency" in one["name"]]


def test_the_currencies_and_their_rates_can_be_read(api: Api) -> None:
    rows = api.org.query(
        "SELECT IsoCode, ConversionRate, DecimalPlaces, IsActive, IsCorporate FROM CurrencyType ORDER BY IsoCode"
    )

    shown = [tuple(row.values())[1:] for row in rows]
    assert ("USD", 1.0, 2, True, True) in shown
    assert ("JPY", 149.5, 0, True, False) in shown
    assert api.org.query("SELECT DefaultCurrencyIsoCode FROM Organization")[0]["DefaultCurrencyIsoCode"] == "USD"


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("Order", (True, True, False)),
        ("OrderItem", (False, False, False)),
        ("OpportunityLineItem", (False, False, True)),
        ("PricebookEntry", (True, False, True)),
        ("Account", (True, True, True)),
    ],
)
def test_describe_shows_which_currencies_a_record_may_have(api: Api, name: str, flags: tuple[bool, ...]) -> None:
    fields = {one["name"]: one for one in api.call("GET", f"sobjects/{name}/describe").json()["fields"]}

    code = fields["CurrencyIsoCode"]
    assert (code["createable"], code["updateable"], code["nillable"]) == flags
    assert (code["type"], code["length"], code["restrictedPicklist"], code["defaultedOnCreate"]) == (
        "picklist",
        3,
        True,
        True,
    )
    assert [one["value"] for one in code["picklistValues"]] == ["USD", "EUR", "GBP", "JPY"]


def test_records_have_the_currency_of_who_makes_them() -> None:
    api = make_api(Settings(multicurrency=True, user_currency="EUR"))

    assert api.value("Account", api.account, "CurrencyIsoCode") == "EUR"
    assert api.value("Order", api.order(), "CurrencyIsoCode") == "EUR"
    assert api.value("User", api.org.user_id, "DefaultCurrencyIsoCode") == "EUR"


def test_an_order_may_take_the_currency_of_its_account() -> None:
    api = make_api(Settings(multicurrency=True, order_currency_of="account"))
    account = api.create("Account", Name="Paris", CurrencyIsoCode="EUR")

    assert api.value("Order", api.order(AccountId=account), "CurrencyIsoCode") == "EUR"


def test_only_active_currencies_can_be_chosen() -> None:
    currencies = (Currency("USD"), Currency("FRF", "6", active=False))
    api = make_api(Settings(multicurrency=True, currencies=currencies))

    refused = refusal(api.call("POST", "sobjects/Account", {"Name": "A", "CurrencyIsoCode": "FRF"}))
    assert refused[1] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert len(api.org.query("SELECT Id FROM CurrencyType")) == 2


def test_a_product_has_one_price_per_currency_and_book(api: Api) -> None:
    book = api.org.insert("Pricebook2", {"Name": "Export", "IsActive": True})

    assert refusal(entry(api, "EUR", book=book))[1] == "STANDARD_PRICE_NOT_DEFINED"
    assert entry(api, "EUR").status == 201
    assert refusal(entry(api, "EUR"))[1] == "DUPLICATE_VALUE"
    assert entry(api, "EUR", book=book).status == 201


def test_a_line_has_the_currency_of_its_order_and_so_must_its_price(api: Api) -> None:
    order, euros = api.order(CurrencyIsoCode="EUR"), entry_id(api, "EUR")

    assert api.value("OrderItem", api.item(order, PricebookEntryId=euros), "CurrencyIsoCode") == "EUR"
    wrong = api.call("POST", "sobjects/OrderItem", api.item_fields(order))
    assert refusal(wrong) == (400, "FIELD_INTEGRITY_EXCEPTION", OTHER_CURRENCY)
    sent = api.call("POST", "sobjects/OrderItem", api.item_fields(order, CurrencyIsoCode="EUR"))
    assert refusal(sent)[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_product_of_an_opportunity_must_have_its_currency(api: Api) -> None:
    sale, euros = opportunity(api, CurrencyIsoCode="EUR"), entry_id(api, "EUR")
    line = {"OpportunityId": sale, "Quantity": 1, "UnitPrice": 3}

    made = api.create("OpportunityLineItem", **line, PricebookEntryId=euros)
    assert api.value("OpportunityLineItem", made, "CurrencyIsoCode") == "EUR"
    refused = refusal(api.call("POST", "sobjects/OpportunityLineItem", {**line, "PricebookEntryId": api.entry}))
    assert refused[1] == "FIELD_INTEGRITY_EXCEPTION"
    assert "pricebook entry currency code does not match opportunity currency code" in refused[2]


def test_the_currency_of_what_has_lines_cannot_change(api: Api) -> None:
    order, sale = api.order(), opportunity(api)
    assert api.call("PATCH", f"sobjects/Order/{order}", {"CurrencyIsoCode": "EUR"}).status == 204
    assert api.call("PATCH", f"sobjects/Order/{order}", {"CurrencyIsoCode": "USD"}).status == 204

    api.item(order)
    api.create("OpportunityLineItem", OpportunityId=sale, Quantity=1, UnitPrice=3, PricebookEntryId=api.entry)

    for url in (f"sobjects/Order/{order}", f"sobjects/Opportunity/{sale}"):
        assert refusal(api.call("PATCH", url, {"CurrencyIsoCode": "EUR"}))[:2] == (400, "FIELD_INTEGRITY_EXCEPTION")
        assert api.call("PATCH", url, {"CurrencyIsoCode": "USD"}).status == 204


def test_an_order_has_the_currency_of_its_contract(api: Api) -> None:
    contract = api.create("Contract", AccountId=api.account, StartDate="2026-01-01", CurrencyIsoCode="EUR")

    refused = api.call("POST", "sobjects/Order", api.order_fields(ContractId=contract))
    assert refusal(refused)[1] == "FIELD_INTEGRITY_EXCEPTION"
    order = api.order(ContractId=contract, CurrencyIsoCode="EUR")
    assert api.call("PATCH", f"sobjects/Order/{order}", {"CurrencyIsoCode": "USD"}).status == 400
    assert api.call("PATCH", f"sobjects/Contract/{contract}", {"CurrencyIsoCode": "USD"}).status == 400
    loose = api.order()
    assert api.call("PATCH", f"sobjects/Order/{loose}", {"ContractId": contract}).status == 400
    api.org.settings.contract_currency_must_match = False
    assert api.order(ContractId=contract)


def test_a_reduction_order_has_the_currency_of_its_original(api: Api) -> None:
    original, euros = api.order(CurrencyIsoCode="EUR"), entry_id(api, "EUR")
    line = api.item(original, PricebookEntryId=euros)
    api.set_status(original, "Activated")
    fields = api.order_fields(OriginalOrderId=original, IsReductionOrder=True)

    reduction = api.create("Order", **fields)
    less = api.create("OrderItem", OrderId=reduction, OriginalOrderItemId=line, Quantity=-1)

    assert api.value("Order", reduction, "CurrencyIsoCode") == "EUR"
    assert api.value("OrderItem", less, "CurrencyIsoCode") == "EUR"
    assert api.call("POST", "sobjects/Order", {**fields, "CurrencyIsoCode": "USD"}).status == 400
    empty = api.create("Order", **fields)
    for order in (reduction, empty):
        assert api.call("PATCH", f"sobjects/Order/{order}", {"CurrencyIsoCode": "USD"}).status == 400


@pytest.mark.parametrize(("kept", "price", "total"), [(True, "11", "27.00"), (False, "10.50", "25.73")])
def test_yen_have_no_decimals(api: Api, kept: bool, price: str, total: str) -> None:  # noqa: FBT001 - a table
    api.org.settings.currency_decimals_kept = kept
    order, yen = api.order(CurrencyIsoCode="JPY"), entry_id(api, "JPY", 1)

    line = api.item(order, PricebookEntryId=yen, UnitPrice=10.5, Quantity=2.45)

    assert api.value("OrderItem", line, "UnitPrice") == Decimal(price)
    assert api.value("Order", order, "TotalAmount") == Decimal(total)


def test_the_amount_of_a_sale_in_yen_has_no_decimals_either(api: Api) -> None:
    sale, yen = opportunity(api, CurrencyIsoCode="JPY"), entry_id(api, "JPY", 1)
    api.create("OpportunityLineItem", OpportunityId=sale, PricebookEntryId=yen, Quantity=1.5, UnitPrice=101.4)

    row = api.org.get("Opportunity", sale)
    assert (row["Amount"], row["ExpectedRevenue"]) == (Decimal(152), Decimal(15))


@pytest.mark.parametrize(("converts", "amount"), [(True, "92"), (False, "100")])
def test_a_new_currency_converts_amounts_that_are_not_sent(api: Api, converts: bool, amount: str) -> None:  # noqa: FBT001 - a table
    api.org.settings.currency_change_converts = converts
    sale = opportunity(api, Amount=100)

    api.call("PATCH", f"sobjects/Opportunity/{sale}", {"CurrencyIsoCode": "EUR"})
    assert api.value("Opportunity", sale, "Amount") == Decimal(amount)
    api.call("PATCH", f"sobjects/Opportunity/{sale}", {"CurrencyIsoCode": "GBP", "Amount": 7})
    assert api.value("Opportunity", sale, "Amount") == 7


def test_an_org_with_currencies_goes_on_from_its_file(tmp_path: Path) -> None:
    settings, path = Settings(multicurrency=True), str(tmp_path / "org.sqlite")
    first = Org(settings=settings, path=path)
    account = first.insert("Account", {"Name": "A", "CurrencyIsoCode": "GBP"})
    first.db.close()

    second = Org(settings=settings, path=path)

    assert second.get("Account", account)["CurrencyIsoCode"] == "GBP"
    assert len(second.query("SELECT Id FROM CurrencyType")) == 4


def test_custom_objects_have_currencies_too(api: Api) -> None:
    api.org.add_object(sobject("Fee__c", "a0F", f"Price__c | currency 18,2 | CUNP | Price\n{SYSTEM}", custom=True))

    fee = api.create("Fee__c", Price__c=1.6, CurrencyIsoCode="JPY")
    assert api.value("Fee__c", fee, "Price__c") == 2
    assert api.value("Fee__c", api.create("Fee__c"), "CurrencyIsoCode") == "USD"
