"""Some hundred requests that no client means, over all routes: each gets an answer, and none breaks the org."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from sfsync.emulator.http import Request
from sfsync.emulator.routes import DATA_ROUTES, ROOT_ROUTES
from tests.emulator.api import V, make_api

if TYPE_CHECKING:
    from tests.emulator.api import Api

REQUESTS = 4_000  # of each seed
WRITES = [route for route in DATA_ROUTES if {"POST", "PATCH"} & route.methods.keys()]
ODD: list[Any] = [
    *(None, True, 0, -1, 2**31, 10**30, 1e308, 0.1, "", " ", "\0", "\ud800", "é\U0001f600", "'", "\\", "a" * 300),
    *("1e999999999", "-0", "NaN", "2026-02-30", "2026-03-01", "9999-12-31T23:59:59-23:59", "9" * 5_000, "²", "٣"),
    *("@{o1.id}", "@{", "@{o1[0]}", "@{}", [], {}, [[]], [{}], [None], {"records": [{}]}, {"type": 5}, {"": ""}),
    *("Account", "Order", "Activated", "USD", "001000000000001AAA", "SELECT Id FROM Account", "v66.0/limits"),
]
HEADERS = {
    "content-type": ("text/plain", "application/xml", "text/csv", "multipart/form-data; boundary=x"),
    "content-encoding": ("gzip",),
    "if-modified-since": ("garbage", "Mon, 01 Jan 0001 00:00:00 +2359"),
    "if-unmodified-since": ("Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 99 Jan 2001 99:00:00 +9999"),
    "sforce-query-options": (f"batchSize={'9' * 5_000}", "batchSize=²"),
    "sforce-enable-pkchunking": (f"chunkSize={'9' * 5_000}", "true"),
    "x-prettyprint": ("1",),
}


class Fuzz:
    """Makes requests, each from what a client might send and what it never would."""

    def __init__(self, api: Api, seed: int) -> None:
        self.api = api
        self.random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        order = api.order(SFSync_Key__c="k")
        line = api.item(order)
        job = api.call("POST", "jobs/ingest", {"object": "Account", "operation": "insert"}).json()["id"]
        self.fitting = {
            "{sobject}": ["Account", "Order", "OrderItem", "CustomField"],
            "{record_id}": [order, line, api.account],
            "{field}": ["SFSync_Key__c", "Id"],
            "{value}": ["k"],
            "{job_id}": [job],
            "{version}": ["66.0"],
        }
        self.names = [one for many in self.fitting.values() for one in many]
        self.odd_names = [quote(one, errors="replace") for one in ODD if isinstance(one, str)]
        account: dict[str, Any] = {"attributes": {"type": "Account", "referenceId": "r"}, "Name": "A", "Site": "s"}
        part = {"method": "POST", "url": f"{V}/sobjects/Order", "referenceId": "o1", "body": api.order_fields()}
        self.bodies: list[Any] = [
            api.order_fields(Name="n"),
            api.item_fields(order, ServiceDate="2026-03-02"),
            {"Name": "A", "NumberOfEmployees": 5, "AnnualRevenue": 1e5, "ParentId": api.account},
            {"allOrNone": True, "records": [account, account]},
            {"compositeRequest": [part, {**part, "referenceId": "o2"}]},
            {"graphs": [{"graphId": "g", "compositeRequest": [part]}]},
            {
                "batchRequests": [
                    {"method": "PATCH", "url": f"v66.0/sobjects/Order/{order}", "richInput": {"Name": "n"}}
                ]
            },
            {"order": [{**api.order_fields(), "OrderItems": {"records": [api.item_fields(order, OrderId=None)]}}]},
            {"ids": [api.account], "fields": ["Id"]},
            {"operation": "query", "query": "SELECT Id FROM Account", "object": "Account", "contentType": "CSV"},
            {"FullName": "Order.X__c", "Metadata": {"label": "X", "type": "Text", "length": 9}},
            {"state": "UploadComplete"},
        ]

    def request(self) -> Request:
        """One request."""
        pick = self.random
        at_root = pick.random() < 0.2
        route = pick.choice(ROOT_ROUTES if at_root else [*DATA_ROUTES, *WRITES * 3])
        path = "/".join(self._segment(one) if one[:1] == "{" else one for one in route.segments)
        url = f"/{path}" if at_root else f"{V}/{path}"
        if pick.random() < 0.4:
            name = pick.choice(["q", "fields", "ids", "start", "end", "locator", "maxRecords", "limit", "columns"])
            url += f"?{name}={pick.choice([*self.odd_names, *self.names, 'SELECT+Id+FROM+Account+LIMIT+99999999999'])}"
        method = pick.choice([*[*route.methods] * 6, "PUT", "HEAD", "FROB"])
        headers = {"authorization": f"Bearer {self.api.token}"}
        if pick.random() < 0.3:
            name = pick.choice(list(HEADERS))
            headers[name] = pick.choice(HEADERS[name])
        return Request.of(
            method, url, headers=headers, body=self._body() if method in {"POST", "PATCH", "PUT"} else b""
        )

    def _segment(self, name: str) -> str:
        """What the route wants there, mostly; else what it wants elsewhere, or nothing that anybody wants."""
        fitting = self.fitting.get(name, self.names)
        return str(self.random.choice([*fitting * 6, *self.names, *self.odd_names]))

    def _body(self) -> bytes:
        body = self.random.choice(self.bodies)
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            body = self._changed(body)
        raw = json.dumps(body).encode()
        at = self.random.randrange(len(raw) + 1)
        kind = self.random.random()
        if kind < 0.05:
            return raw[:at]
        if kind < 0.15:
            middle = self.random.choice([b"\0", b"\xff", b"{", b"NaN", b"9" * 5_000, b"\\ud800", b"[" * 2_000])
            return raw[:at] + middle + raw[at:]
        return raw

    def _changed(self, value: Any) -> Any:
        if isinstance(value, dict) and value:
            name = self.random.choice(list(value))
            if self.random.random() < 0.1:
                return {one: inner for one, inner in value.items() if one != name}
            return {**value, name: self._inner(value[name])}
        if isinstance(value, list) and value:
            place = self.random.randrange(len(value))
            return [*value[:place], self._inner(value[place]), *value[place + 1 :]]
        return self.random.choice(ODD)

    def _inner(self, value: Any) -> Any:
        return self._changed(value) if self.random.random() < 0.6 else self.random.choice(ODD)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_request_gets_an_answer(seed: int) -> None:
    api = make_api(seed=seed)
    fuzz = Fuzz(api, seed)

    for _ in range(REQUESTS):
        request = fuzz.request()
        response = api.org.handle(request)
        assert response.status < 500 or "/soap/" in request.path.lower(), request
        if response.body and "json" in response.headers["Content-Type"] and "/batch/" not in request.path:
            json.loads(response.body)

    assert not api.org.db.connection.in_transaction
    assert api.call("PATCH", f"sobjects/Account/{api.account}", {"Name": "Still here"}).status in {204, 401, 404}
