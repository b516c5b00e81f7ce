"""Keeps compiled queries: clients send the same few texts again and again."""

from collections import OrderedDict
from weakref import WeakKeyDictionary

from sfsync.emulator.schema import Schema
from sfsync.emulator.soql.compiler import Compiler, Plan
from sfsync.emulator.soql.moments import Calendar
from sfsync.emulator.soql.parser import parse

MAX_KEPT = 512
MAX_TEXT = 20_000  # longer texts are lists of ids, which do not come again

_Key = tuple[str, bool, str, Calendar, int]
_KEPT: WeakKeyDictionary[Schema, tuple[int, OrderedDict[_Key, Plan]]] = WeakKeyDictionary()


def plan_of(
    schema: Schema, text: str, calendar: Calendar, sobjects_url: str, *, include_deleted: bool, limited: int = 0
) -> Plan:
    """Return the compiled form of a query, made now or kept since the schema last changed.

    `limited` is what the schema's `limits` says of the user.

    Raises:
        ApiError: MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE ... in Salesforce's words.
    """
    version, kept = _KEPT.get(schema, (-1, OrderedDict()))
    if version != schema.version:
        kept = OrderedDict()
        _KEPT[schema] = (schema.version, kept)
    key = (text, include_deleted, sobjects_url, calendar, limited)
    plan = kept.get(key)
    if plan is None:
        plan = Compiler(schema, text, include_deleted, sobjects_url, calendar, limited).plan(parse(text))
        if len(text) <= MAX_TEXT:
            kept[key] = plan
            if len(kept) > MAX_KEPT:
                kept.popitem(last=False)
    else:
        kept.move_to_end(key)
    return plan
