"""Switches and values of an org that no other test changes, and that each setting is read and explained."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

import sfsync.emulator
from sfsync.emulator.currencies import Currency
from sfsync.emulator.document.switches import switches
from sfsync.emulator.http import Request
from sfsync.emulator.settings import Settings, Stage
from tests.emulator.api import NOW, Api, ask_token, make_api, refusal

if TYPE_CHECKING:
    from sfsync.emulator.http import Response

DAY = 86_400
NAMES = [one.name for one in fields(Settings)]


def test_every_setting_has_its_sentence() -> None:
    assert [one.name for one in switches()] == NAMES
    assert [one.name for one in switches() if not one.sentence.endswith(".")] == []


def test_every_setting_is_read_by_the_emulator() -> None:
    root = Path(str(sfsync.emulator.__file__)).parent
    source = "\n".join(one.read_text(encoding="utf-8") for one in root.rglob("*.py") if one.name != "settings.py")
    read = set(re.findall(r"settings\.(\w+)", source)) | set(re.findall(r'\.may\("(\w+)"\)', source))

    assert [name for name in NAMES if name not in read] == []


# -- codes and statuses that the facts leave open


@pytest.mark.parametrize("status", [400, 403])
def test_want_of_a_permission_has_the_status_of_the_org(status: int) -> None:
    api = make_api(Settings(readonly_status=status, activate_orders=False))
    order = api.order()
    api.item(order)

    assert refusal(api.set_status(order, "Activated"))[:2] == (status, "INSUFFICIENT_ACCESS_OR_READONLY")


@pytest.mark.parametrize("status", [400, 401])
def test_a_wrong_client_secret_has_the_status_of_the_org(status: int) -> None:
    org = make_api(Settings(wrong_secret_status=status)).org

    response = ask_token(org, client_secret="x")

    assert (response.status, response.json()["error"]) == (status, "invalid_client")


@pytest.mark.parametrize("status", [200, 201])
def test_an_order_that_was_placed_has_the_status_of_the_org(status: int) -> None:
    api = make_api(Settings(place_order_status=status))
    order = {"attributes": {"type": "Order"}, **api.order_fields()}

    assert api.call("POST", "commerce/sale/order", {"order": [order]}).status == status


@pytest.mark.parametrize("status", [200, 201])
def test_a_tree_that_was_created_has_the_status_of_the_org(status: int) -> None:
    api = make_api(Settings(tree_status=status))
    record = {"attributes": {"type": "Account", "referenceId": "a"}, "Name": "A"}

    assert api.call("POST", "composite/tree/Account", {"records": [record]}).status == status


@pytest.mark.parametrize("code", ["UNSUPPORTED_API_VERSION", "INVALID_OPERATION"])
def test_a_soap_login_of_today_is_refused_with_the_code_of_the_org(code: str) -> None:
    org = make_api(Settings(soap_login_gone_code=code)).org
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        '<login xmlns="urn:partner.soap.sforce.com"><username>u</username><password>p</password></login>'
        "</e:Body></e:Envelope>"
    )

    response = org.handle(Request.of("POST", "/services/Soap/u/65.0", body=envelope.encode()))

    assert response.status == 500
    assert f"<faultcode>sf:{code}</faultcode>".encode() in response.body


# -- what an org allows


@pytest.mark.parametrize(("allowed", "status"), [(True, 204), (False, 400)])
def test_an_activated_contract_can_be_deleted_or_not(allowed: bool, status: int) -> None:  # noqa: FBT001 - a case
    api = make_api(Settings(delete_activated_contracts=allowed))
    contract = api.create("Contract", AccountId=api.account, Status="Draft", StartDate="2026-03-01", ContractTerm=12)
    assert api.call("PATCH", f"sobjects/Contract/{contract}", {"Status": "Activated"}).status == 204

    assert api.call("DELETE", f"sobjects/Contract/{contract}").status == status


@pytest.mark.parametrize(("smallest", "rows"), [(200, 200), (1, 50)])
def test_a_page_is_never_smaller_than_the_org_honours(smallest: int, rows: int) -> None:
    api = make_api(Settings(smallest_batch=smallest))
    api.org.insert_many("Contact", [{"LastName": f"L{place}"} for place in range(210)])

    answer = api.call("GET", "query?q=SELECT+Id+FROM+Contact", Sforce_Query_Options="batchSize=50").json()

    assert len(answer["records"]) == rows


def test_the_bin_and_the_log_of_deletions_last_as_long_as_the_org_says() -> None:
    api = make_api(Settings(recycle_bin_days=1, delete_log_days=2, session_seconds=9 * DAY))
    order = api.order()
    assert api.call("DELETE", f"sobjects/Order/{order}").status == 204

    api.org.advance(DAY - 1)
    assert orders_in_bin(api) == 1
    api.org.advance(1)
    assert orders_in_bin(api) == 0
    assert deleted_orders(api) == [order]
    api.org.advance(DAY + 120)
    assert api.org.purge() == 0
    assert deleted_orders(api) == []


def orders_in_bin(api: Api) -> int:
    answer = api.call("GET", "queryAll?q=SELECT+count()+FROM+Order+WHERE+IsDeleted=true").json()
    return int(answer["totalSize"])


def deleted_orders(api: Api) -> list[str]:
    """What getDeleted knows, as far back as it goes."""
    start, end = api.org.bin.log_start(api.org.clock()), api.org.clock()
    window = urlencode({"start": start.isoformat(), "end": end.isoformat()})
    response: Response = api.call("GET", f"sobjects/Order/deleted/?{window}")
    assert response.status == 200, response.body
    return [one["id"] for one in response.json()["deletedRecords"]]


def test_a_call_is_long_when_the_org_says_so() -> None:
    for seconds, busy in ((20, False), (5, True)):
        api = make_api(Settings(concurrent_long_requests=1, long_request_seconds=seconds))
        for number in (-1, -2):
            api.org.in_flight.enter(number, NOW)
        api.org.advance(10)

        assert (api.call("GET", "limits").status == 403) is busy


# -- what an org is


def test_the_date_header_may_be_ahead_of_the_stamps() -> None:
    api = make_api(Settings(date_skew_seconds=90))

    response = api.call("GET", f"sobjects/Account/{api.account}")

    assert response.headers["Date"] == "Sun, 01 Mar 2026 12:02:00 GMT"
    assert response.json()["SystemModstamp"] == "2026-03-01T12:00:30.000+0000"


def test_an_org_has_the_name_and_the_stages_it_was_given() -> None:
    stages = (Stage("Open", 10), Stage("Sold", 100, "Closed", "Closed", closed=True, won=True))
    api = make_api(Settings(company="Acme Ltd", stages=stages))
    deal = {"Name": "D", "CloseDate": "2026-03-01"}

    sold = api.create("Opportunity", StageName="Sold", **deal)

    assert api.org.query("SELECT Name FROM Organization")[0]["Name"] == "Acme Ltd"
    assert api.value("Opportunity", sold, "IsWon") is True
    unknown = api.create("Opportunity", StageName="Closed Won", **deal)  # the picklist is not restricted
    assert api.value("Opportunity", unknown, "IsWon") is False


def test_users_work_in_the_corporate_currency_unless_they_have_another() -> None:
    euros = (Currency("EUR", "1"), Currency("USD", "1.1"))
    for chosen, expected in ((None, "EUR"), ("USD", "USD")):
        org_settings = Settings(multicurrency=True, corporate_currency="EUR", currencies=euros, user_currency=chosen)
        api = make_api(org_settings)

        assert api.value("Account", api.create("Account", Name="A"), "CurrencyIsoCode") == expected
        corporate = api.org.query("SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true")
        assert [one["IsoCode"] for one in corporate] == ["EUR"]
