"""choose: which of an order's wanted values go to the org, in which updates, and which do not and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfsync.domain.fields import STATUS, digest, judge_value
from sfsync.domain.judge import judge_hold
from sfsync.domain.statuses import DRAFT_CODE, Refusal, Status, judge_move
from sfsync.salesforce import order_fields
from sfsync.store.sent import WishFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sfsync.domain.fields import Value
    from sfsync.store.wishes import Wish
    from sfsync.sync.work import Work


@dataclass(frozen=True, slots=True)
class Parcel:
    """One update of one order: some of the values that are wanted of it."""

    wish: Wish
    values: Mapping[str, Value]
    unchanged_since: datetime | None = None
    """In strict mode: the org refuses it if the order was changed after this."""

    @property
    def activates(self) -> bool:
        """Whether it takes the order out of Draft: then nothing but the status may travel with it.

        Order reference: the status is the only field that can be updated when an order is activated.
        """
        return self.values.get(STATUS) == Status.ACTIVATED and self.wish.status_code == DRAFT_CODE


def choose(
    work: Work, wishes: Sequence[Wish], over: Mapping[int, Refusal]
) -> tuple[list[Parcel], list[tuple[Wish, WishFailure]]]:
    """Judge what is wanted: what may be sent, all of an order in one parcel, and what may not, and why.

    What is remembered to be held for the same reason already is in neither. `over` are the reductions, by row id,
    that must not be activated.
    """
    kinds = order_fields.writable(work.schema)
    parcels: list[Parcel] = []
    failures: list[tuple[Wish, WishFailure]] = []
    for wish in wishes:
        refused: dict[str, Refusal] = {}
        for field, value in wish.fields.items():
            if field == STATUS:
                refusal = _judge_status(work, wish) or over.get(wish.id)
            else:
                refusal = judge_value(field, value, kinds.get(field))
            if refusal is not None:
                refused[field] = refusal
        if refused:
            first, wanted = next(iter(refused.values())), {field: wish.fields[field] for field in refused}
            if not wish.is_held(first.code, wanted):
                words = " ".join(refusal.message for refusal in refused.values())
                failures.append((wish, WishFailure(wish.id, first.code, words, digest(wanted))))
        if values := {field: value for field, value in wish.fields.items() if field not in refused}:
            parcels.append(Parcel(wish, values))
    return parcels, failures


def in_two(parcels: Sequence[Parcel]) -> tuple[list[Parcel], list[Parcel]]:
    """Divide what is to be sent: the fields first, then activations by the status alone."""
    first: list[Parcel] = []
    activations: list[Parcel] = []
    for parcel in parcels:
        if not parcel.activates:
            first.append(parcel)
            continue
        others = {field: value for field, value in parcel.values.items() if field != STATUS}
        if others:
            first.append(replace(parcel, values=others))
        activations.append(replace(parcel, values={STATUS: parcel.values[STATUS]}))
    return first, activations


def packed(parcels: Sequence[Parcel], size: int) -> Iterator[list[Parcel]]:
    """Yield what goes into one call each; orders of one account, which lock it, go together as far as they fit."""
    by_account: dict[str, list[Parcel]] = defaultdict(list)
    for parcel in parcels:
        by_account[parcel.wish.account_id or parcel.wish.sf_id].append(parcel)
    pack: list[Parcel] = []
    for together in by_account.values():
        if pack and len(pack) + len(together) > size:
            yield pack
            pack = []
        pack += together
        while len(pack) > size:
            yield pack[:size]
            pack = pack[size:]
    if pack:
        yield pack


def _judge_status(work: Work, wish: Wish) -> Refusal | None:
    if wish.status == Status.ACTIVATED and (refusal := judge_hold(wish.held_for)):
        return refusal
    return judge_move(
        Status(wish.org_status),
        Status(wish.status),
        status_code=wish.status_code,
        statuses=work.app.status_map,
        choices=work.schema.statuses,
        item_count=wish.item_count,
        contract_status_code=wish.contract_status_code,
        deactivation=wish.deactivation,
        reduced=wish.reduced,
    )
