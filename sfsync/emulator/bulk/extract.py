"""Runs the query of a job into a file, in the form of the Bulk API [facts: api 4.1, 4.3]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.emulator import soql
from sfsync.emulator.bulk.csvtext import DEFAULT_FORM, Form
from sfsync.emulator.bulk.results import ResultFile, TextFile
from sfsync.emulator.bulk.xmltext import QUERY_RESULT, Tree, as_xml, rendered
from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import encode
from sfsync.emulator.values import parse_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.emulator.bulk.jobs import Job
    from sfsync.emulator.org import Org
    from sfsync.emulator.soql import Flat

NO_ROWS = "Records not found for this query"  # [facts: api 4.1]
_PAGE = 2_000
_UTC = "+0000"
_UNSUPPORTED = frozenset({"ContractStatus", "OrderStatus", "PartnerRole", "UserPermissionAccess"})
"""Objects that only the other APIs have: set-up lists and the like, as clients know them."""


def flat_query(org: Org, text: str, user_id: str, *, include_deleted: bool, typeof: bool = False) -> Flat:
    """Run a query for a table; with `typeof` its rows lack what TYPEOF selects.

    Raises:
        ApiError: in Salesforce's words; INVALIDENTITY for objects that bulk queries cannot read.
    """
    flat = soql.stream(
        text,
        schema=org.schema,
        db=org.db,
        now=org.clock(),
        include_deleted=include_deleted,
        user=user_id,
        typeof=typeof,
    )
    check_supported(flat.sobject)
    return flat


def check_supported(sobject: str, *, code: str = "INVALIDENTITY") -> None:
    """Refuse the objects that bulk jobs know nothing of."""
    if sobject in _UNSUPPORTED:
        raise ApiError(400, code, f"Entity '{sobject}' is not supported by the Bulk API")


def table_of(org: Org, flat: Flat, form: Form = DEFAULT_FORM) -> ResultFile:
    """Write the whole answer as CSV: a snapshot of this moment."""
    results = ResultFile(flat.columns, form)
    results.extend(_cells(flat, zulu=org.settings.bulk_csv_zulu))
    return results


def _cells(flat: Flat, *, zulu: bool) -> Iterator[list[Any]]:
    flags = [place for place, one in enumerate(flat.types) if one == "boolean"]
    moments = [place for place, one in enumerate(flat.types) if one == "datetime"] if zulu else []
    if not flags and not moments:
        yield from flat.rows
        return
    for row in flat.rows:
        for place in flags:
            value = row[place]
            row[place] = None if value is None else "true" if value else "false"
        for place in moments:
            value = row[place]
            row[place] = value and f"{value.removesuffix(_UTC)}Z"
        yield row


def text_of(org: Org, job: Job, text: str) -> TextFile | ResultFile:
    """Run a query of Bulk API 1.0 and write its answer in the content type of the job.

    Raises:
        ApiError: in Salesforce's words.
    """
    deleted_too, nested = job.operation == "queryAll", job.content_type != "CSV"
    flat = flat_query(org, text, job.user_id, include_deleted=deleted_too, typeof=nested)
    if flat.sobject != job.sobject:
        raise ApiError(400, "INVALID_TYPE", f"The query is about {flat.sobject}, the job about {job.sobject}")
    if job.content_type == "CSV":
        table = table_of(org, flat)
        return table if table.count else TextFile([NO_ROWS])
    cursor = soql.prepare(
        text,
        schema=org.schema,
        db=org.db,
        now=org.clock(),
        include_deleted=deleted_too,
        user=job.user_id,
        version=job.version,
    )
    if job.content_type == "JSON":
        return TextFile(_json(org, cursor))
    return TextFile(_xml(cursor))


def _json(org: Org, cursor: soql.Cursor) -> Iterator[str]:
    """One JSON list; datetimes are milliseconds since 1970 [facts: api 4.3]."""
    kinds = {"datetime", "date"} if org.settings.bulk_json_dates_in_ms else {"datetime"}
    places: dict[str, frozenset[str]] = {}

    def stamped(record: dict[str, Any]) -> dict[str, Any]:
        sobject = record["attributes"]["type"]
        if sobject not in places:
            fields = org.schema.visible_fields(sobject).values()
            places[sobject] = frozenset(one.name for one in fields if one.type in kinds)
        for name, value in record.items():
            if isinstance(value, dict) and "type" in value.get("attributes", ()):
                record[name] = stamped(value)
            elif value is not None and name in places[sobject]:
                record[name] = _milliseconds(value)
        return record

    between = "["
    for record in cursor.records(_PAGE):
        yield between + encode(stamped(record), pretty=False).decode()
        between = ","
    yield "[]" if between == "[" else "]"


def _milliseconds(text: str) -> int | str:
    moment = parse_datetime(text if "T" in text else f"{text}T00:00:00Z")
    return text if moment is None else int(moment.timestamp() * 1000)


def _xml(cursor: soql.Cursor) -> Iterator[str]:
    opening, closing = QUERY_RESULT
    yield opening
    for record in cursor.records(_PAGE):
        yield rendered("records", _tree(record), depth=1, attributes=' xsi:type="sObject"')
    yield closing


def _tree(record: dict[str, Any]) -> Tree:
    """A record as the partner WSDL has it: type and Id first, then what was selected, null said as such."""
    tree: Tree = [("type", record["attributes"]["type"]), ("Id", record.get("Id"))]
    for name, value in record.items():
        if name == "attributes":
            continue
        if isinstance(value, dict):
            tree.append((name, _tree(value) if "attributes" in value else None))
        else:
            text = as_xml(value)
            tree.append((name, f"{text.removesuffix(_UTC)}Z" if text and text.endswith(f".000{_UTC}") else text))
    return tree
