"""The rows an org needs for a recorded answer to make sense, worked out from that answer and its request."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from sfsync.emulator.objects.imported import imported_schema
from sfsync.emulator.org import Org
from sfsync.emulator.settings import Settings
from sfsync.emulator.values import coerce
from tests.emulator.conformance import cassettes

if TYPE_CHECKING:
    from sfsync.emulator.world import Row
    from tests.emulator.conformance.cassettes import Interaction

ORG_ID = "00D0xORGID00000000"
DESCRIBED = ("Account", "Case", "Custom__c", "Event", "Lead", "Opportunity", "OpportunityContactRole")
_FROM = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)
_EQUALS = re.compile(r"(\w+)\s*=\s*'([^']*)'")
_SUBQUERY = re.compile(r"\([^()]*\)")
_ONE_ROW = {"Organization", "User"}  # what the org has already is changed, not added to
_THEN = datetime(2020, 8, 14, 20, 53, 2, tzinfo=UTC)  # the recorded Last-Modified of describes


def described(sobject: str) -> dict[str, Any]:
    """The recorded describe answer of an object."""
    answer: dict[str, Any] = json.loads(cassettes.load(f"GET_sobjects_{sobject}_describe").interactions[0].answer)
    return answer


class Stage:
    """An org with the schema of a recorded one, emptied for each interaction and filled with what it shows."""

    def __init__(self, objects: tuple[str, ...] = DESCRIBED) -> None:
        settings = Settings(instance_url=cassettes.HOST, daily_limit=1_000_000)
        schema = imported_schema([described(one) for one in objects])
        self.org = Org(clock=_THEN, settings=settings, schema=schema)
        self.token = self.org.login()
        self._standing = {str(row[0]) for row in self._tables() if self._count(str(row[0]))} - {"RecordType"}

    def _tables(self) -> list[Any]:
        return list(self.org.db.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))

    def _count(self, table: str) -> int:
        return int(self.org.db.connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])

    def clear(self) -> None:
        """Take away all rows but those every org has."""
        for sobject in self.org.schema.all_objects():
            if sobject.name not in self._standing:
                self.org.db.connection.execute(f'DELETE FROM "{sobject.name}"')
        self.org.db.connection.execute('DELETE FROM "_deleted"')
        self.org.world.rows.clear()

    def set(self, one: Interaction) -> None:
        """Put in the rows that the recorded answer is about."""
        self._set(one.method, one.url, one.body.decode(), one.answer)

    def _set(self, method: str, url: str, body: str, answer: str) -> None:
        parts, query = urlsplit(url), parse_qs(urlsplit(url).query)
        path = [unquote(part) for part in parts.path.strip("/").split("/")[3:]]
        told: Any = json.loads(answer) if answer[:1] in {"{", "["} else None
        sent = json.loads(body) if body[:1] in {"{", "["} else {}
        match [method, *path]:
            case [_, "query"]:
                self._queried(query["q"][0], told)
            case [_, "limits", "recordCount"]:
                for one in told["sObjects"]:
                    self._had(one["name"], one["count"])
            case [_, "composite"] if told:
                for request, response in zip(sent["compositeRequest"], told["compositeResponse"], strict=True):
                    self._set(request["method"], request["url"], "", json.dumps(response["body"]))
            case ["GET", "sobjects", sobject, record_id] if record_id != "describe":
                self.put(sobject, told)
            case ["PATCH", "composite", "sobjects", sobject, key]:
                self._sent(sent["records"])
                for given, result in zip(sent["records"], told, strict=True):
                    if not result["created"]:
                        self.put(sobject, {"Id": result["id"], key: given[key]})
            case [_, "composite", "sobjects"]:
                self._sent(sent["records"])

    def _queried(self, soql: str, told: dict[str, Any]) -> None:
        found = _FROM.search(_SUBQUERY.sub("", soql.replace("count()", "count").replace("count(Id)", "count")))
        assert found is not None, soql
        rows = told["records"] or [{}] * told["totalSize"]
        if rows and "expr0" in rows[0]:
            rows = [{}] * rows[0]["expr0"]
        for row in rows:
            self.put(found[1], {**dict(_EQUALS.findall(soql)), **row})

    def _had(self, sobject: str, count: int) -> None:
        for _ in range(max(count, 1)):
            record_id = self.put(sobject, {})
        if not count:
            self.org.db.delete_row(sobject, record_id, self.org.world.now(), hard=True)

    def _sent(self, records: list[dict[str, Any]]) -> None:
        """Put in the records that a write refers to, and those it changes."""
        for one in records:
            sobject = self.org.schema.objects[one["attributes"]["type"]]
            if one.get("Id"):
                self.put(sobject.name, {"Id": one["Id"]})
            for name, value in one.items():
                field = sobject.field(name)
                target = self.org.schema.by_prefix(value[:3]) if field and field.type == "reference" else None
                if target is not None:
                    self.put(target.name, {"Id": value})

    def put(self, sobject: str, shown: dict[str, Any]) -> str:
        """Store a row as it was shown, with its parents and children, and return its id."""
        plan = self.org.admin().plan(sobject)
        name, db = plan.sobject.name, self.org.db
        now = self.org.world.now()
        values: Row = {}
        children: list[tuple[str, dict[str, Any]]] = []
        for key, value in shown.items():
            field = plan.names.get(key.lower())
            if field is not None and field.stored and key != "Id":
                values[field.name] = coerce(field, value)
            elif key.lower() in plan.relations and value is not None:
                values[plan.relations[key.lower()].name] = self.put(value["attributes"]["type"], value)
            elif isinstance(value, dict) and "records" in value:
                children += [(key, child) for child in value["records"]]
        record_id = self._id_of(shown) or shown.get("Id") or self.org.world.ids.next(plan.sobject.key_prefix or "000")
        if name in _ONE_ROW:
            record_id = str(db.connection.execute(f'SELECT min("Id") FROM "{name}"').fetchone()[0])
            db.update_row(name, record_id, values)
        elif db.get_row(name, record_id) is not None:
            db.update_row(name, record_id, values)
        else:
            stamps: Row = {
                key: now for key in ("CreatedDate", "LastModifiedDate", "SystemModstamp") if key in plan.blank
            }
            db.insert_row(name, {**plan.blank, **stamps, **values, "Id": record_id})
        for relationship, child in children:
            (link,) = [one for one in self.org.schema.children(name) if one.name == relationship]
            child_id = self.put(link.child, child)
            db.update_row(link.child, child_id, {link.field: record_id})
        return record_id

    @staticmethod
    def _id_of(shown: dict[str, Any]) -> str | None:
        url = shown.get("attributes", {}).get("url")
        return str(url).rsplit("/", 1)[1] if url else None
