"""A REST client without a network, and an org with something to sell, for the emulator's own tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sfsync.emulator.http import Request, Response
from sfsync.emulator.org import Org

if TYPE_CHECKING:
    from sfsync.emulator.schema import Schema
    from sfsync.emulator.settings import Settings

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
V = "/services/data/v66.0"


@dataclass
class Api:
    """The API user of an org; the ids are those of its small catalogue."""

    org: Org
    token: str
    account: str
    book: str
    entry: str
    other_entry: str

    def call(self, method: str, url: str, body: Any = None, **headers: str) -> Response:
        """Send one request; `If_Match="x"` is the header If-Match."""
        sent = {"authorization": f"Bearer {self.token}", "host": "org.example"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = b"" if body is None else json.dumps(body).encode()
        path = url if url.startswith("/services") else f"{V}/{url}"
        return self.org.handle(Request.of(method, path, headers=sent, body=raw))

    def create(self, sobject: str, /, **fields: Any) -> str:
        """POST a record that must be accepted."""
        response = self.call("POST", f"sobjects/{sobject}", fields)
        assert response.status == 201, response.body
        return str(response.json()["id"])

    def order(self, **fields: Any) -> str:
        """A draft order on the standard price book."""
        return self.create("Order", **self.order_fields(**fields))

    def order_fields(self, **fields: Any) -> dict[str, Any]:
        """What a draft order needs."""
        needed = {
            "AccountId": self.account,
            "EffectiveDate": "2026-03-01",
            "Status": "Draft",
            "Pricebook2Id": self.book,
        }
        return {name: value for name, value in {**needed, **fields}.items() if value is not None}

    def item(self, order: str, **fields: Any) -> str:
        """A line of two units at 10.50."""
        return self.create("OrderItem", **self.item_fields(order, **fields))

    def item_fields(self, order: str, **fields: Any) -> dict[str, Any]:
        """What a line needs; None leaves a field out."""
        needed = {"OrderId": order, "PricebookEntryId": self.entry, "Quantity": 2, "UnitPrice": 10.5}
        return {name: value for name, value in {**needed, **fields}.items() if value is not None}

    def set_status(self, order: str, status: str) -> Response:
        """PATCH the status alone."""
        return self.call("PATCH", f"sobjects/Order/{order}", {"Status": status})

    def activated_order(self, **item: Any) -> tuple[str, str]:
        """An activated order with one line."""
        order = self.order()
        line = self.item(order, **item)
        assert self.set_status(order, "Activated").status == 204
        return order, line

    def value(self, sobject: str, record_id: str, field: str) -> Any:
        """One field of a record as GET shows it."""
        return self.call("GET", f"sobjects/{sobject}/{record_id}").json()[field]


def make_api(
    settings: Settings | None = None, *, seed: int = 0, path: str = ":memory:", schema: Schema | None = None
) -> Api:
    """An org at a virtual moment with an account, two products in the standard book and one in another."""
    org = Org(clock=NOW, settings=settings, seed=seed, path=path, schema=schema)
    account = org.insert("Account", {"Name": "Acme"})
    book = org.standard_pricebook_id
    product = org.insert("Product2", {"Name": "Seat", "ProductCode": "S-1", "IsActive": True})
    entry = org.insert(
        "PricebookEntry", {"Pricebook2Id": book, "Product2Id": product, "UnitPrice": 12, "IsActive": True}
    )
    other = org.insert("Pricebook2", {"Name": "Partners", "IsActive": True})
    other_entry = org.insert(
        "PricebookEntry", {"Pricebook2Id": other, "Product2Id": product, "UnitPrice": 9, "IsActive": True}
    )
    return Api(org, org.login(), account, book, entry, other_entry)


def refusal(response: Response) -> tuple[int, str, str]:
    """Status, code and message of an error answer."""
    error = response.json()[0]
    return response.status, error["errorCode"], error["message"]


def ask_token(org: Org, **form: str) -> Response:
    """Ask for a token by client credentials, unless the form says otherwise."""
    client = org.settings.clients[0]
    sent = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret}
    headers = {"host": "org.example", "content-type": "application/x-www-form-urlencoded"}
    body = urlencode({**sent, **form}).encode()
    return org.handle(Request.of("POST", "/services/oauth2/token", headers=headers, body=body))
