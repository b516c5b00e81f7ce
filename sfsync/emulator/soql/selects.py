"""Reads the select list of a query for records: which fields and which children it asks for."""

from collections.abc import Generator

from sfsync.emulator.schema import Schema, SObject
from sfsync.emulator.soql.refusals import malformed, refusal
from sfsync.emulator.soql.syntax import Call, Path, Query

MAX_CHILDREN = 20
MAX_ALL_FIELDS = 200
_GROUPS = {"ALL", "STANDARD", "CUSTOM"}


def select_items(schema: Schema, text: str, sobject: SObject, query: Query) -> Generator[Path | Query]:
    """Yield the fields and inner queries, FIELDS() spelled out.

    Raises:
        ApiError: MALFORMED_QUERY for an alias, an unknown function, or too many inner queries.
    """
    if sum(isinstance(item, Query) for item in query.items) > MAX_CHILDREN:
        raise malformed(f"Maximum {MAX_CHILDREN} child relationship queries are allowed in one query")
    for item in query.items:
        if isinstance(item, Query):
            yield item
        elif isinstance(item.operand, Call):
            yield from _fields(schema, text, sobject, query, item.operand)
        elif item.alias is not None:
            raise refusal(text, item.alias.pos, "only aggregate expressions use field aliasing")
        else:
            yield item.operand


def _fields(schema: Schema, text: str, sobject: SObject, query: Query, call: Call) -> Generator[Path]:
    group = call.argument.text.upper() if call.argument else ""
    if call.name.upper() != "FIELDS" or group not in _GROUPS:
        raise refusal(text, call.pos, f"unexpected token: '{call.name}'")
    if group != "STANDARD" and (query.limit is None or query.limit > MAX_ALL_FIELDS):
        raise malformed(f"The SOQL FIELDS function must have a LIMIT of at most {MAX_ALL_FIELDS}")
    for one in schema.visible_fields(sobject.name).values():
        if group == "ALL" or one.custom == (group == "CUSTOM"):
            yield Path(one.name, call.pos)
