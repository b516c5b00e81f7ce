"""What reading orders told us, as entries of the journal: who changed what, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.domain.fields import STATUS, Policy, api_name, plain, shown
from sfsync.store.journal import Entry
from sfsync.store.meeting import Clash, Followed, Landed
from sfsync.store.orders import TOTAL_MISMATCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sfsync.domain.fields import Value
    from sfsync.store.journal import Level
    from sfsync.store.orders import Seen

DELETED = "The order was deleted in the org. It is not made again by itself."
_ENDS = {
    Policy.ASK: "Both are kept until somebody decides: sfsync conflicts list.",
    Policy.ORG_WINS: "By the policy the org's stays, and the wish is dropped.",
    Policy.LOCAL_WINS: "By the policy the wish is sent over it.",
}
_TOLD: dict[str, tuple[str, Level, str]] = {
    "confirmed": ("The answer to the creation was lost; the order was found in the org by its key.", "info", "sfsync"),
    "deleted": (DELETED, "warning", "org"),
    "restored": ("The order was taken out of the recycle bin in the org.", "info", "org"),
    TOTAL_MISMATCH: ("The org's total of the order is not the deal's.", "error", "sfsync"),
}


def entries_of(news: Iterable[Seen]) -> Iterator[Entry]:
    """Yield the entries; an order that others made is only counted: a first pull may bring thousands."""
    for seen in news:
        match seen.change:
            case Clash() as clash:
                yield _entry(seen, "order.conflict", _clash(clash), "warning", "org", _details(clash))
            case Followed(field=field) as change if field == STATUS:
                said = f"Somebody in the org made the order {change.after}; it was {change.before}."
                yield _entry(seen, "order.status_in_org", said, "info", "org", _change(change))
            case Followed() as change:
                said = (
                    f"Somebody in the org changed {api_name(change.field)} from “{shown(change.before)}” "
                    f"to “{shown(change.after)}”."
                )
                yield _entry(seen, "order.changed_in_org", said, "info", "org", _change(change))
            case Landed(field=field) as change:
                said = f"{moved(field, change.before, change.after)}: the answer was lost, and the order read back."
                action = "order.status_pushed" if field == STATUS else "order.fields_pushed"
                yield _entry(seen, action, said, "info", change.author, _change(change))
            case None if seen.kind in _TOLD:
                said, level, actor = _TOLD[seen.kind]
                suffix = "_in_org" if seen.kind in ("deleted", "restored") else ""
                yield _entry(seen, f"order.{seen.kind}{suffix}", said, level, actor, None)


def moved(field: str, before: Value, after: Value) -> str:
    """Say what became of a field that was sent."""
    if field == STATUS:
        return f"Status {before} → {after} is in the org"
    return f"{api_name(field)} “{shown(before)}” → “{shown(after)}” is in the org"


def _clash(clash: Clash) -> str:
    if clash.unsure:
        return (
            f"{api_name(clash.field)}: “{shown(clash.base)}” was sent and not answered, and somebody in the org "
            f"changed the order since. The org has “{shown(clash.org)}”, as before or again; wanted here is "
            f"“{shown(clash.wanted)}”. {_ENDS[clash.policy]}"
        )
    return (
        f"{api_name(clash.field)}: wanted here is “{shown(clash.wanted)}”, and somebody in the org made it "
        f"“{shown(clash.org)}” at the same time; it was “{shown(clash.base)}”. {_ENDS[clash.policy]}"
    )


def _details(clash: Clash) -> dict[str, Any]:
    return {
        "field": clash.field,
        "wanted": plain(clash.wanted),
        "in_org": plain(clash.org),
        "base": plain(clash.base),
        "policy": clash.policy.value,
    }


def _change(change: Followed | Landed) -> dict[str, Any]:
    return {"field": change.field, "before": plain(change.before), "after": plain(change.after)}


def _entry(seen: Seen, action: str, message: str, level: Level, actor: str, details: dict[str, Any] | None) -> Entry:
    return Entry(
        action=action,
        message=message,
        level=level,
        actor=actor,
        opportunity_id=seen.opportunity_id,
        order_key=seen.key,
        sf_id=seen.sf_id,
        details=details,
    )
