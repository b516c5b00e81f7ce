"""Where what we want of an order meets what the org shows: the columns to write, and the fields that clash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.domain.fields import STANDARD, STATUS, Policies, Policy, Value, is_custom, plain, same
from sfsync.domain.merge import merge
from sfsync.domain.statuses import Status
from sfsync.store.life_columns import NO_DEACTIVATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Row

    OrderRow = Row[*tuple[Any, ...]]

COLUMNS = (
    "id", "sf_id", "key", "opportunity_id", "order_number", "status", "org_status", "description", "org_description",
    "po_number", "org_po_number", "end_date", "org_end_date", "custom", "org_custom", "sent", "in_doubt",
    "first_activated_at", "wanted_by", "deactivate_by", "deactivate_at",
)  # fmt: skip
"""What `meet` and `differences` need of a row."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that was changed here and in the org at the same time, to different values."""

    field: str
    wanted: Value
    base: Value
    org: Value
    policy: Policy
    unsure: bool = False
    """Nobody can tell whether the org's value is the one from before or newer than ours, which was sent (`base`)."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A field that somebody changed in the org, and nobody here, or to the same."""

    field: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Landed:
    """A value that we sent without hearing of it again, and that the org shows now."""

    field: str
    before: Value
    after: Value
    author: str


Change = Clash | Followed | Landed


@dataclass(frozen=True, slots=True)
class Met:
    """The columns to write, and what became of which field."""

    columns: dict[str, Any]
    changes: tuple[Change, ...]


def meet(row: OrderRow, now: Mapping[str, Value], policies: Policies, *, touched: bool = False) -> Met:
    """Merge what the org shows `now` (only of fields that were read) into our row, field by field.

    What we sent ourselves and were not answered to is no change of somebody else's. If the org still shows what it
    showed before, and somebody else has `touched` the order since, it may have arrived and been set back: that is a
    conflict, for to send it again might overwrite something newer. A request to deactivate an order
    is for the status that the org had then: another one there ends it, whether it is Draft by now or something newer.
    """
    columns: dict[str, Any] = {}
    custom, org_custom = dict(wishes_of(row.custom)), dict(row.org_custom or {})
    changes: list[Change] = []
    settled: set[str] = set()
    for field, value in now.items():
        known = field in org_custom if is_custom(field) else field != STATUS or row.org_status is not None
        want, seen = _want_and_seen(row, field, value)
        sent = (row.sent or {}).get(field, _NOTHING)
        ours = sent is not _NOTHING and same(value, sent)
        merged = merge(plain(want), plain(seen), plain(value), sent=(plain(value),) if ours else ())
        wanted = want if same(merged.want, want) else value
        unsure = touched and sent is not _NOTHING and not ours and same(value, seen) and not same(value, want)
        if merged.conflict or unsure:
            policy = Policy.ORG_WINS if field == STATUS and row.deactivate_at else policies.of(field)
            clash = Clash(field, want, sent if unsure else seen, value, policy, unsure)
            changes.append(clash)
            wanted = value if clash.policy is Policy.ORG_WINS else want
        elif known and not ours and not same(seen, value):
            changes.append(Followed(field, seen, value))
        if ours or unsure:
            settled.add(field)
            if ours and not same(seen, value):
                changes.append(Landed(field, seen, value, author(row.wanted_by, field, value)))
        if is_custom(field):
            custom[field], org_custom[field] = plain(wanted), plain(value)
        else:
            columns[field], columns[f"org_{field}"] = wanted, value
    if row.deactivate_at and STATUS in now and not same(now[STATUS], row.org_status):
        columns |= NO_DEACTIVATION
    if org_custom:
        columns |= {"custom": _sorted(custom), "org_custom": _sorted(org_custom)}
    if settled:
        rest = {field: value for field, value in row.sent.items() if field not in settled}
        columns["sent"] = rest or None
    return Met(columns, tuple(changes))


def differences(row: OrderRow) -> dict[str, tuple[Value, Value]]:
    """Return each field of which another value is wanted than the org has: (wanted, what the org last said)."""
    found: dict[str, tuple[Value, Value]] = {}
    for field in (STATUS, *STANDARD):
        want, seen = getattr(row, field), getattr(row, f"org_{field}")
        if not same(want, seen):
            found[field] = (want, seen)
    org_custom = row.org_custom or {}
    if row.custom is not None and not isinstance(row.custom, dict):
        found["custom"] = (str(row.custom), None)  # somebody's slip in plain SQL: put before a person
    for field, want in wishes_of(row.custom).items():
        if not same(want, org_custom.get(field)):
            found[field] = (want, org_custom.get(field))
    return found


def wishes_of(custom: Any) -> Mapping[str, Value]:
    """Return the wanted custom fields; none where plain SQL wrote something else than a JSON object."""
    return custom if isinstance(custom, dict) else {}


def author(wanted_by: Mapping[str, Any] | None, field: str, value: Value) -> str:
    """Who wanted a value: a user of the command line, or else somebody by plain SQL."""
    said = (wanted_by or {}).get(field)
    return str(said["actor"]) if said and same(said["value"], plain(value)) else "sql"


def twins(row_custom: Mapping[str, Value] | None, values: Mapping[str, Value]) -> dict[str, Any]:
    """Return the columns that say that the org has these values; of its custom fields so far, `row_custom`."""
    columns: dict[str, Any] = {f"org_{field}": value for field, value in values.items() if not is_custom(field)}
    custom = {field: plain(value) for field, value in values.items() if is_custom(field)}
    if custom:
        columns["org_custom"] = _sorted({**(row_custom or {}), **custom})
    return columns


def _want_and_seen(row: OrderRow, field: str, now: Value) -> tuple[Value, Value]:
    if is_custom(field):
        seen = (row.org_custom or {}).get(field)
        # A field that `custom` does not name is one that nobody here wants anything of.
        return wishes_of(row.custom).get(field, seen if field in (row.org_custom or {}) else now), seen
    if field == STATUS:
        return row.status, row.org_status or Status.DRAFT.value
    return getattr(row, field), getattr(row, f"org_{field}")


def _sorted(values: Mapping[str, Any]) -> dict[str, Any]:
    return {field: values[field] for field in sorted(values)}


_NOTHING = object()
