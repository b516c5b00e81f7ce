"""What collections and bulk chunks have in common: many records in one go, each with an answer of its own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sfsync.emulator.dml import wrong_record_id
from sfsync.emulator.errors import ApiError
from sfsync.emulator.ids import is_id
from sfsync.emulator.resources.records import Upserted, upsert_one
from sfsync.emulator.soql.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sfsync.emulator.dml import Writer
    from sfsync.emulator.fields import Field
    from sfsync.emulator.world import Row


def change_by_id(writer: Writer, sobject: str, record_id: str, act: Callable[[], None]) -> str:
    """Do something to a record and return its full id.

    Raises:
        ApiError: INVALID_CROSS_REFERENCE_KEY if it never existed, MALFORMED_ID if it is no id [facts: api 5.4], and
            whatever `act` raises.
    """
    if not is_id(record_id):
        label = writer.plan(sobject).sobject.label
        raise wrong_record_id(label, record_id)
    try:
        full: str = writer.find(sobject, record_id, for_write=True)["Id"]
    except ApiError as refusal:
        if refusal.code == "NOT_FOUND":
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []) from None
        raise
    act()
    return full


def given_twice(key: Field, values: Iterable[Any]) -> set[str]:
    """The keys that more than one of these values stand for, in the form of `same_key`."""
    return {one for one, times in Counter(same_key(key, one) for one in values if one is not None).items() if times > 1}


def same_key(key: Field, value: Any) -> str:
    """A form that is equal for values which match the same record [facts: api 3.4]."""
    text = str(value)
    return text if key.case_sensitive or key.type == "id" else fold(text) or ""


def upsert_among(
    writer: Writer, sobject: str, key: Field, value: Any, body: Row, *, twice: set[str], version: str
) -> Upserted:
    """Upsert one of many rows; `body` is without the key, `twice` what `given_twice` found among all of them.

    Raises:
        ApiError: DUPLICATE_VALUE for every row of a key that comes twice [facts: api 3.4], and as `upsert_one`.
    """
    if value is None and key.name == "Id":
        return Upserted(writer.insert(sobject, body), created=True)
    if value is None or not str(value).strip():
        raise ApiError(400, "MISSING_ARGUMENT", f"{key.name} not specified", [])
    if same_key(key, value) in twice:
        raise ApiError(400, "DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [key.name])
    if key.name == "Id":
        full = change_by_id(writer, sobject, str(value), lambda: writer.update(sobject, str(value), body))
        return Upserted(full, created=False)
    return upsert_one(writer, sobject, key, value, body, version=version)
