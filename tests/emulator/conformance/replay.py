"""Plays recorded requests to the emulator and says where its answers differ from the recorded ones."""

from __future__ import annotations

import csv
import json
import re
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from sfsync.emulator.http import Request, Response, encode
from tests.emulator.conformance import cassettes
from tests.emulator.conformance.compare import Comparison, Difference
from tests.emulator.conformance.differences import IN_ORDER, NOT_REPLAYED, ROWS_OF
from tests.emulator.conformance.stage import ORG_ID, Stage

if TYPE_CHECKING:
    from tests.emulator.conformance.cassettes import Interaction

PRETTY = ("{\n", "[ ")
_RECORD_ID = re.compile(r"\b[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\b")


class Player:
    """One session with an org; knows which of our ids stands for which recorded one."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.forget()

    def forget(self) -> None:
        """Start anew: no recorded id is known but that of the org."""
        self.ids = {ORG_ID: self.stage.org.settings.org_id}

    def play(self, one: Interaction) -> list[Difference]:
        """Send the request of an interaction and compare the answers."""
        response = self._send(one)
        comparison = Comparison(self.ids)
        found = list(comparison.values(one.status, response.status, "status"))
        known, shown = _lower(one.headers), _lower(response.headers)
        found += comparison.values(known, {name: value for name, value in shown.items() if name in known}, "headers")
        recorded, ours = _read(one.answer), _read(response.body.decode())
        if "/query/?q=" in one.url:
            found += _put_in_order(recorded, ours)
        found += comparison.values(recorded, ours)
        if one.answer.startswith(PRETTY):
            found += _letter_by_letter(one.answer, recorded)
        return found

    def _send(self, one: Interaction) -> Response:
        url = self._with_our_ids(one.url)
        path, mark, query = url.partition("?")
        headers = {"authorization": f"Bearer {self.stage.token}", "x-sfdc-session": self.stage.token}
        headers |= {"host": "orgname.my.salesforce.com"}
        if one.content_type is not None:
            headers["content-type"] = one.content_type
        elif one.body[:1] == b"<":
            headers["content-type"] = "application/xml; charset=UTF-8"
        elif one.body:
            headers["content-type"] = "text/csv; charset=UTF-8" if one.body[:1] == b'"' else "application/json"
        if one.answer.startswith(PRETTY):
            headers["x-prettyprint"] = "1"
        body = self._with_our_ids(one.body.decode()).encode()
        return self.stage.org.handle(Request.of(one.method, path + mark + query, headers=headers, body=body))

    def _with_our_ids(self, text: str) -> str:
        return _RECORD_ID.sub(lambda found: self.ids.get(found[0], found[0]), text)


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): headers[name] for name in sorted(headers, key=str.lower)}


def _put_in_order(recorded: Any, ours: Any) -> list[Difference]:
    """Put records in the order of the recorded ones; no recorded query has an ORDER BY."""
    if not isinstance(ours, dict) or "records" not in ours:
        return []
    places = {_url(row): place for place, row in enumerate(recorded["records"])}
    before = list(ours["records"])
    ours["records"].sort(key=lambda row: places.get(_url(row), len(places)))
    return [] if ours["records"] == before else [Difference(".records", "order of rows")]


def _url(row: dict[str, Any]) -> str:
    return str(row["attributes"].get("url"))


def _letter_by_letter(text: str, read: Any) -> list[Difference]:
    """Say whether the emulator would write the recorded text as the org wrote it."""
    written = encode(read, pretty=True).decode()
    return [] if written == text else [Difference("pretty", "value", text, written)]


def _read(text: str) -> Any:
    """The answer as JSON-like data: JSON as it is, XML elements by their names, CSV as rows of cells."""
    if text[:1] in {"{", "["}:
        return json.loads(text)
    if text.startswith("<"):
        root = ET.fromstring(text)  # noqa: S314 - the emulator's own XML, and recorded one
        return {"xmlns": root.tag.rpartition("}")[0], **_element(root)}
    return list(csv.reader(StringIO(text)))


def _element(one: ET.Element) -> dict[str, Any]:
    parts = [_element(child) for child in one]
    inner: Any = parts or (one.text or "").strip()
    names = [name for part in parts for name in part]
    if parts and len(set(names)) == len(names):
        inner = {name: value for part in parts for name, value in part.items()}
    return {one.tag.rpartition("}")[2]: inner}


@cache
def stage(*objects: str) -> Stage:
    """One org for all interactions that leave nothing behind."""
    return Stage(objects) if objects else Stage()


@cache
def played(cassette: str) -> dict[int, list[Difference]]:
    """Replay what fits of a cassette, in its order, and return the differences of each interaction."""
    if cassette in IN_ORDER:
        own = Stage()
    else:
        own = stage("Account_PersonAccount") if "PersonAccount" in cassette else stage()
    interactions = {one.number: one for one in cassettes.load(cassette).interactions}
    player = Player(own)
    found = {}
    for number, one in interactions.items():
        if number in NOT_REPLAYED.get(cassette, {}):
            continue
        shown = interactions[ROWS_OF.get((cassette, number), number)]
        if cassette not in IN_ORDER and "/services/async/" not in shown.url:
            own.clear()
            own.set(shown)
            player.forget()
        found[number] = player.play(one)
    return found
