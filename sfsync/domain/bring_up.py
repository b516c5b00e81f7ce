"""How a draft order is brought to the deal as it is now: which lines are changed, added and taken away."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from sfsync.domain.keys import line_key
from sfsync.domain.standing import Header, LineValues, digest, plain_line

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence

    from sfsync.domain.model import OrderPlan, PlannedLine
    from sfsync.domain.standing import StandingLine, StandingOrder

LINE_FIELDS = tuple(f.name for f in fields(LineValues))
HEADER_FIELDS = tuple(f.name for f in fields(Header))


@dataclass(frozen=True, slots=True)
class LineChange:
    """Other values for a line that exists; `values` are only those that differ, `planned` all it is to have."""

    line: StandingLine
    values: Mapping[str, Any]
    planned: LineValues


@dataclass(frozen=True, slots=True)
class Update:
    """Everything that brings one draft order to its deal, to be done as a whole or not at all."""

    order: StandingOrder
    plan: OrderPlan
    header: Mapping[str, Any]
    """Header fields that are to have another value."""
    change: tuple[LineChange, ...]
    add: tuple[PlannedLine, ...]
    """Lines to make, under their keys; numbers that were ever used are never used again."""
    remove: tuple[StandingLine, ...]
    drop: tuple[StandingLine, ...]
    """Lines that were planned, and that nobody wants any more before they were made."""
    kept: tuple[LineChange, ...]
    """Lines that stay as they are."""
    edited: bool
    """Whether others changed in the org what this would overwrite."""

    @property
    def deal_id(self) -> str:
        """The deal; only the reduction of an order may belong to none, and that is never brought to a deal."""
        return self.plan.deal_id or ""

    @property
    def size(self) -> int:
        """How many records it writes."""
        return bool(self.header) + len(self.change) + len(self.add) + len(self.remove)

    @property
    def digest(self) -> str:
        """What it is remembered by when the org refuses it."""
        changed = [[c.line.sf_id, {name: str(it) for name, it in c.values.items()}] for c in self.change]
        added = [[one.pricebook_entry_id, *plain_line(values_of(one))] for one in self.add]
        header = {name: str(value) for name, value in self.header.items()}
        return digest([header, changed, added, [one.sf_id for one in self.remove]])


def plan_update(order: StandingOrder, plan: OrderPlan, *, force: bool, writable: Collection[str]) -> Update:
    """Compare a draft order with the plan of its deal.

    Lines are recognised by the deal's line and the price book entry, then by the entry alone: an entry can never be
    changed. A date, text or header field that only others changed stays as they made it, unless `force`.

    Args:
        order: The order as the org shows it, beside what sfsync last wrote.
        plan: What the deal deserves now; its line keys do not matter.
        force: Whether what others changed is to be overwritten.
        writable: The fields of `LineValues` and `Header` that our user may write.
    """
    pairs, new, unwanted = _match(order.living, plan.lines)
    changes = [_change(line, values_of(wanted), force=force, writable=writable) for line, wanted in pairs if line.sf_id]
    unmade = [replace(wanted, key=line.key or "") for line, wanted in pairs if not line.sf_id]
    first = next_number(order)
    added = [replace(line, key=line_key(plan.key, first + place)) for place, line in enumerate(new)]
    header, overruled = _header(order, plan, force=force, writable=writable)
    return Update(
        order=order,
        plan=plan,
        header=header,
        change=tuple(change for change, _ in changes if change.values),
        add=(*unmade, *added),
        remove=tuple(line for line in unwanted if line.sf_id),
        drop=tuple(line for line in unwanted if not line.sf_id),
        kept=tuple(change for change, _ in changes if not change.values),
        edited=overruled or any(line.edited for line in order.lines) or any(clash for _, clash in changes),
    )


def values_of(line: PlannedLine) -> LineValues:
    """Return what of a planned line may be changed later."""
    return LineValues(line.quantity, line.unit_price, line.service_date, line.description or None)


def next_number(order: StandingOrder) -> int:
    """Return the number of the next line: one more than any line of the order ever had."""
    parts = [(line.key or "").rpartition("-") for line in order.lines]
    return max((int(number) for start, _, number in parts if start == order.key and number.isdecimal()), default=0) + 1


def _change(
    line: StandingLine, wanted: LineValues, *, force: bool, writable: Collection[str]
) -> tuple[LineChange, bool]:
    values: dict[str, Any] = {}
    clash = False
    for name in LINE_FIELDS:
        want, now = getattr(wanted, name), getattr(line.now, name)
        base = getattr(line.planned, name) if line.planned else now
        if want == now or name not in writable or (want == base and not force):
            continue
        clash = clash or now != base
        values[name] = want
    return LineChange(line, values, wanted), clash


def _header(
    order: StandingOrder, plan: OrderPlan, *, force: bool, writable: Collection[str]
) -> tuple[dict[str, Any], bool]:
    values: dict[str, Any] = {}
    overruled = False
    for name in HEADER_FIELDS:
        want, now = getattr(plan, name), getattr(order.header, name)
        base = getattr(order.planned, name) if order.planned else now
        if want == now or name not in writable or (want == base and not force):
            continue
        overruled = overruled or now != base
        values[name] = want
    return values, overruled


def _match(
    lines: Sequence[StandingLine], wanted: Sequence[PlannedLine]
) -> tuple[list[tuple[StandingLine, PlannedLine]], list[PlannedLine], list[StandingLine]]:
    """Pair lines with wanted ones, the most alike first; return the pairs, what is new, and what is not wanted."""
    left, open_ = list(lines), list(wanted)
    pairs: list[tuple[StandingLine, PlannedLine]] = []
    for likeness in range(_LIKENESSES):
        waiting: dict[Hashable, list[StandingLine]] = {}
        for line in left:
            waiting.setdefault(_likeness(line.deal_line_id, line.pricebook_entry_id, line.now)[likeness], []).append(
                line
            )
        unpaired: list[PlannedLine] = []
        for one in open_:
            alike = waiting.get(_likeness(one.deal_line_id, one.pricebook_entry_id, values_of(one))[likeness])
            if alike:
                pairs.append((alike.pop(0), one))
            else:
                unpaired.append(one)
        open_ = unpaired
        left = [line for rest in waiting.values() for line in rest]
    place = {line.id: number for number, line in enumerate(lines)}
    return pairs, open_, sorted(left, key=lambda line: place[line.id])


_LIKENESSES = 6


def _likeness(deal_line: str | None, entry: str | None, values: LineValues) -> tuple[Hashable, ...]:
    """What two lines must have in common, from the most alike to the least."""
    same = (values.quantity, values.unit_price)
    return (
        (deal_line, entry, *same),
        (deal_line, entry, values.unit_price),
        (deal_line, entry),
        (entry, *same),
        (entry, values.unit_price),
        (entry,),
    )


def summary(update: Update) -> Iterator[str]:
    """Say what it does, in parts of a sentence."""
    for many, what in (
        (len(update.change), "changed"),
        (len(update.add), "added"),
        (len(update.remove), "removed"),
    ):
        if many:
            yield f"{many} {'line' if many == 1 else 'lines'} {what}"
    if update.header:
        words = {"account_id": "account", "contract_id": "contract", "effective_date": "start"}
        yield f"another {' and '.join(words[name] for name in update.header)}"
