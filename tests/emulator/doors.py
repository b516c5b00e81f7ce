"""The doors through which records are written, each doing the same operations of the naive model."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sfsync.emulator.http import Request
from tests.emulator.api import V
from tests.emulator.order_model import NOWHERE, Op
from tests.emulator.order_model_words import FIELDS, KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.emulator.api import Api

PREFIXES = {
    "Account": "001",
    "Contract": "800",
    "Order": "801",
    "OrderItem": "802",
    "Pricebook2": "01s",
    "PricebookEntry": "01u",
    "Product2": "01t",
}
_TAG = "Description"  # results of jobs come in any order: rows carry the name of their op [facts: api 4.2]


@dataclass(frozen=True)
class Reply:
    """What the org said of one op: the record it wrote, or the code of the refusal."""

    record_id: str | None = None
    created: bool | None = None
    code: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it was accepted."""
        return self.code is None


class Client:
    """Writes by all doors; `ids` knows the records of the model that exist, or once existed, in the org."""

    def __init__(self, api: Api, ids: dict[str, str]) -> None:
        self.api = api
        self.ids = ids

    def send(self, door: str, ops: Sequence[Op]) -> list[Reply]:
        """Write a batch and return the reply to each op, in order."""
        doors: dict[str, Callable[[Sequence[Op]], list[Reply]]] = {
            "single": self._single,
            "collections": self._collections,
            "collections, all or none": lambda ops: self._collections(ops, all_or_none=True),
            "composite": self._composite,
            "composite, all or none": lambda ops: self._composite(ops, all_or_none=True),
            "graph": self._graph,
            "tree": self._tree,
            "bulk": self._bulk,
        }
        return doors[door](ops)

    # -- one call for each

    def _single(self, ops: Sequence[Op]) -> list[Reply]:
        return [self._call(op) for op in ops]

    def _call(self, op: Op) -> Reply:
        method, url, body = self._request(op)
        response = self.api.call(method, url, body)
        return _reply(op, response.status, response.json() if response.body else None, self._id(op.target, op.sobject))

    def _request(self, op: Op) -> tuple[str, str, Any]:
        base = f"{V}/sobjects/{op.sobject}"
        if op.verb == "insert":
            return "POST", base, self._json(op)
        if op.verb == "upsert":
            return "PATCH", f"{base}/{KEY}/{quote(str(op.target), safe='')}", self._json(op)
        url = f"{base}/{self._id(op.target, op.sobject)}"
        return ("DELETE", url, None) if op.verb == "delete" else ("PATCH", url, self._json(op))

    def _json(self, op: Op) -> dict[str, Any]:
        return {name: self._value(op.sobject, name, value) for name, value in op.fields.items()}

    def _value(self, sobject: str, name: str, value: Any) -> Any:
        kind = FIELDS[sobject].get(name, ("", ""))[0]
        if kind in PREFIXES and isinstance(value, str):
            return self._id(value, kind)
        return json.loads(value) if kind == "number" and value is not None else value

    def _id(self, name: str | None, sobject: str) -> str | None:
        if name == NOWHERE:
            return f"{PREFIXES[sobject]}5e000000zzzz"
        if name is not None and name.startswith("@"):
            return f"@{{{name[1:]}.id}}"
        return self.ids.get(name, name) if name else None

    # -- collections

    def _collections(self, ops: Sequence[Op], *, all_or_none: bool = False) -> list[Reply]:
        verb, base = ops[0].verb, f"{V}/composite/sobjects"
        flag = "true" if all_or_none else "false"
        if verb == "delete":
            ids = ",".join(str(self._id(op.target, op.sobject)) for op in ops)
            response = self.api.call("DELETE", f"{base}?ids={ids}&allOrNone={flag}")
        else:
            records = [{"attributes": {"type": op.sobject}, **self._json(op), **self._named(op)} for op in ops]
            url = f"{base}/{ops[0].sobject}/{KEY}" if verb == "upsert" else base
            method = "POST" if verb == "insert" else "PATCH"
            response = self.api.call(method, url, {"allOrNone": all_or_none, "records": records})
        assert response.status == 200, response.body
        results = response.json()
        assert len(results) == len(ops)
        return [_result(one) for one in results]

    def _named(self, op: Op) -> dict[str, Any]:
        if op.verb == "insert":
            return {}
        return {KEY: op.target} if op.verb == "upsert" else {"id": self._id(op.target, op.sobject)}

    # -- composite, graph and tree

    def _parts(self, ops: Sequence[Op]) -> list[dict[str, Any]]:
        parts = []
        for op in ops:
            method, url, body = self._request(op)
            part = {"method": method, "url": url, "referenceId": op.name}
            parts.append(part if body is None else {**part, "body": body})
        return parts

    def _composite(self, ops: Sequence[Op], *, all_or_none: bool = False) -> list[Reply]:
        body = {"allOrNone": all_or_none, "collateSubrequests": False, "compositeRequest": self._parts(ops)}
        response = self.api.call("POST", "composite", body)
        assert response.status == 200, response.body
        return self._answers(ops, response.json())

    def _graph(self, ops: Sequence[Op]) -> list[Reply]:
        graph = {"graphId": "g", "compositeRequest": self._parts(ops)}
        response = self.api.call("POST", "composite/graph", {"graphs": [graph]})
        assert response.status == 200, response.body
        one = response.json()["graphs"][0]
        replies = self._answers(ops, one["graphResponse"])
        assert one["isSuccessful"] == all(reply.ok for reply in replies)
        return replies

    def _answers(self, ops: Sequence[Op], body: dict[str, Any]) -> list[Reply]:
        parts = {part["referenceId"]: part for part in body["compositeResponse"]}
        answers = [(op, parts[op.name]) for op in ops]
        targets = [self._id(op.target, op.sobject) for op in ops]
        return [
            _reply(op, part["httpStatusCode"], part["body"], target)
            for (op, part), target in zip(answers, targets, strict=True)
        ]

    def _tree(self, ops: Sequence[Op]) -> list[Reply]:
        """Orders with their lines inside; a line belongs to the op its OrderId names."""
        records = []
        for order in (op for op in ops if op.sobject == "Order"):
            inside = [
                {"attributes": {"type": "OrderItem", "referenceId": op.name}, **self._json(op)}
                for op in ops
                if op.fields.get("OrderId") == f"@{order.name}"
            ]
            for one in inside:
                del one["OrderId"]
            children = {"OrderItems": {"records": inside}} if inside else {}
            attributes = {"type": "Order", "referenceId": order.name}
            records.append({"attributes": attributes, **self._json(order), **children})
        response = self.api.call("POST", "composite/tree/Order", {"records": records})
        body = response.json()
        results = {one["referenceId"]: one for one in body["results"]}
        assert body["hasErrors"] == (response.status == 400)
        assert response.status in {201, 400}
        if response.status == 201:
            return [Reply(results[op.name]["id"], created=True) for op in ops]
        errors = {name: one["errors"][0]["statusCode"] for name, one in results.items()}
        assert errors
        return [Reply(code=errors.get(op.name, "")) for op in ops]

    # -- bulk

    def _bulk(self, ops: Sequence[Op]) -> list[Reply]:
        verb, call = ops[0].verb, self.api.call
        body = {"object": ops[0].sobject, "operation": verb, "contentType": "CSV", "lineEnding": "LF"}
        if verb == "upsert":
            body["externalIdFieldName"] = KEY
        created = call("POST", "jobs/ingest", body)
        assert created.status == 200, created.body
        job = f"jobs/ingest/{created.json()['id']}"
        assert self._put(f"{job}/batches", _csv([self._row(op) for op in ops])) == 201
        assert call("PATCH", job, {"state": "UploadComplete"}).status == 200
        while (state := call("GET", job).json()["state"]) in {"UploadComplete", "InProgress"}:
            pass
        assert state == "JobComplete", call("GET", job).body
        done = _rows(call("GET", f"{job}/successfulResults").body)
        failed = _rows(call("GET", f"{job}/failedResults").body)
        assert not _rows(call("GET", f"{job}/unprocessedrecords").body)
        assert call("DELETE", job).status == 204
        tag = "Id" if verb == "delete" else _TAG
        replies = {row[tag]: Reply(row["sf__Id"], row["sf__Created"] == "true") for row in done}
        replies |= {row[tag]: Reply(code=row["sf__Error"].partition(":")[0]) for row in failed}
        assert len(done) + len(failed) == len(replies) == len(ops)
        return [replies[str(self._id(op.target, op.sobject)) if verb == "delete" else op.name] for op in ops]

    def _put(self, path: str, text: str) -> int:
        headers = {"authorization": f"Bearer {self.api.token}", "host": "org.example", "content-type": "text/csv"}
        return self.api.org.handle(Request.of("PUT", f"{V}/{path}", headers=headers, body=text.encode())).status

    def _row(self, op: Op) -> dict[str, str]:
        named = {"Id" if name == "id" else name: value for name, value in self._named(op).items()}
        if op.verb == "delete":
            return named
        cells = {}
        for name, value in op.fields.items():
            kind = FIELDS[op.sobject][name][0]
            cells[name] = self._id(value, kind) if kind in PREFIXES else value
        texts = {name: _cell(value) for name, value in {**cells, **named}.items()}
        return {**texts, _TAG: op.name}


def _reply(op: Op, status: int, body: Any, target: str | None) -> Reply:
    if status in {200, 201}:
        assert (status == 201) == (op.verb == "insert" or body["created"]), body
        return Reply(body["id"], created=status == 201)
    if status == 204:
        return Reply(None if target is None or target.startswith("@") else target)
    assert status in {400, 403, 404}, (status, body)
    return Reply(code=body[0]["errorCode"])


def _result(one: dict[str, Any]) -> Reply:
    if one["success"]:
        return Reply(one["id"], one.get("created"))
    return Reply(code=one["errors"][0]["statusCode"])


def _cell(value: Any) -> str:
    if value is None:
        return "#N/A"
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _csv(rows: Sequence[dict[str, str]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))
