"""The fields of an order that may be set from here: how values compare, and who wins when both sides change one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from sfsync.domain.statuses import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = str | int | float | bool | date | None
"""What a field holds. An empty text and no value are one and the same, as for Salesforce."""

STATUS = "status"
STANDARD = {"description": "Description", "po_number": "PoNumber", "end_date": "EndDate"}
"""Columns of orders that may be written besides the status, and the fields that they go to."""


class Kind(StrEnum):
    """What sort of values a field takes."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"


class Policy(StrEnum):
    """Who decides when a field was changed here and in the org at the same time."""

    ORG_WINS = "org_wins"
    """What the org has stays; the wish is dropped, and the journal says so."""
    LOCAL_WINS = "local_wins"
    """The wish is sent over the org's newer value; the journal keeps both."""
    ASK = "ask"
    """Both are kept, and nothing is sent, until a person decides."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The policy of each field; all custom fields share one."""

    status: Policy = Policy.ASK
    description: Policy = Policy.ASK
    po_number: Policy = Policy.ASK
    end_date: Policy = Policy.ASK
    custom: Policy = Policy.ASK

    def of(self, field: str) -> Policy:
        """Return the policy of a field by its name in the mirror, or its API name if it is a custom one."""
        policy: Policy = self.custom if is_custom(field) else getattr(self, field)
        return policy


def is_custom(field: str) -> bool:
    """Whether this is the API name of a custom field."""
    return field.endswith("__c")


def api_name(field: str) -> str:
    """Return what the org calls a field."""
    return "Status" if field == STATUS else STANDARD.get(field, field)


def plain(value: Value) -> str | int | float | bool | None:
    """Return a value as JSON writes it; an empty text as none."""
    if isinstance(value, date):
        return value.isoformat()
    return None if value == "" else value


def same(one: Value, other: Value) -> bool:
    """Whether two values are the same to Salesforce."""
    return plain(one) == plain(other)


def shown(value: Value) -> str:
    """Return a value as people read it."""
    match plain(value):
        case None:
            return "(empty)"
        case bool() as flag:
            return "true" if flag else "false"
        case found:
            return str(found)


def digest(wanted: Mapping[str, Value]) -> str:
    """Return what a set of wanted values is remembered by when it is refused; of a status alone, that status."""
    if list(wanted) == [STATUS]:
        return shown(wanted[STATUS])
    text = json.dumps({field: plain(value) for field, value in wanted.items()}, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def judge_value(field: str, value: Value, kind: Kind | None) -> Refusal | None:
    """Return why a wanted value is not sent; None when it may be.

    Args:
        field: The name in the mirror, or the API name of a custom field.
        value: What is wanted.
        kind: What the org takes; None where our user may not write the field, or the settings do not name it.
    """
    if kind is None:
        name = api_name(field)
        listed = f" List it in the setting orders.writable_fields, if {name} is to be written." * is_custom(field)
        return Refusal(
            "not_writable",
            f"The field Order.{name} is not written: it does not exist in the org, or the integration user may not "
            f"edit it. Give the user's permission set edit access to Order.{name}.{listed}",
        )
    if plain(value) is None or _fits(value, kind):
        return None
    return Refusal("bad_value", f"“{shown(value)}” is no {kind} for Order.{api_name(field)}: set another value.")


def _fits(value: Value, kind: Kind) -> bool:
    match kind:
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Kind.DATE:
            return _is_date(plain(value))
        case _:
            return isinstance(value, str)


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
