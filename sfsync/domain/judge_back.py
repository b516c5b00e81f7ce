"""What becomes of a deal that takes back earlier sales and was changed after its orders were made. Decides only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain import money
from sfsync.domain.amendment import NOTHING, Amendment, agree, amend, differences
from sfsync.domain.judge import (
    HELD,
    Found,
    Judgement,
    judge_draft_order,
    main_order,
    no_longer_won,
    not_won,
    planned_start,
)
from sfsync.domain.model import PlannedLine, Rejection
from sfsync.domain.planning import plan_order
from sfsync.domain.standing import fingerprint
from sfsync.domain.statuses import Status
from sfsync.domain.taking_back import Units, sold, taken_back

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sfsync.domain.model import Deal, OrderPlan
    from sfsync.domain.planning import PlanPolicy
    from sfsync.domain.standing import StandingOrder

ZERO = Decimal(0)
_DIFFER = (
    "The deal, which takes back earlier sales, was changed after its orders were made, or somebody else made some of "
    "them, and they differ from it. `sfsync orders amend {0}` says what settles it."
)


@dataclass(frozen=True, slots=True)
class Balance:
    """How what a deal takes back stands to the reductions that it has."""

    missing: tuple[Units, ...]
    """What is still to be taken back."""
    excess: tuple[Units, ...]
    """What its reductions take and the deal does not say; `deal_lines` is empty."""

    @property
    def agrees(self) -> bool:
        """Whether the reductions take just what the deal says."""
        return not self.missing and not self.excess


def judge_back(
    deal: Deal,
    orders: Sequence[StandingOrder],
    back: Sequence[StandingOrder],
    *,
    policy: PlanPolicy,
    writable: Collection[str],
) -> Judgement | None:
    """Judge a deal that takes back earlier sales, as `judge` does others.

    As long as all its orders stand for what it says they agree, whatever happens to them later. What it sells is judged
    like any deal, once its reductions are those that it asks for.

    Args:
        deal: The deal as the org last showed it.
        orders: All its orders that are there, or planned, without reductions.
        back: Its own reductions: what it takes back of other deals' orders.
        policy: What the settings decide about planning.
        writable: The fields of an order and its lines that our user may change.
    """
    own = (*orders, *back)
    if any(one.in_doubt for one in own):
        return None
    mark = fingerprint(deal, policy)
    first = anchor(deal, orders, back)
    if first is None or (first.status == Status.CANCELLED and first in orders):
        return Judgement(mark)
    if reason := not_won(deal):
        return _no_longer_won(mark, reason, orders, back)
    drop, drop_back = stale(orders, mark), stale(back, mark)
    if not drop and not drop_back and all(one.stands_for == mark and not one.asked for one in own if one.key):
        return Judgement(mark, agrees=True)
    plan = plan_order(deal, policy=policy, today=planned_start(first))
    if isinstance(plan, Rejection):
        words = " ".join(problem.message for problem in plan.problems)
        said = f"The deal was changed after it was ordered, and cannot be ordered like this. {words}"
        return Judgement(mark, found=Found("rejected", said, first), drop=drop, drop_back=drop_back)
    counted = [one for one in orders if one.counts and one.key not in drop]
    taken = [one for one in back if one.counts and one.key not in drop_back]
    compared = balance(plan, taken)
    if compared.excess and any(one.sf_id is None for one in taken):
        # Somebody took one out of the recycle bin whose successor was not sent yet.
        drop_back += tuple(one.key or "" for one in taken if one.sf_id is None)
        taken = [one for one in taken if one.sf_id is not None]
        compared = balance(plan, taken)
    part = sold(plan)
    main = main_order(deal, orders)
    if compared.agrees and part is not None and main is not None and main.is_draft and counted == [main]:
        return replace(judge_draft_order(mark, main, part, writable, drop), drop_back=drop_back)
    moved = first.header.account_id != plan.account_id
    if not moved and _same(plan, counted, taken):
        return Judgement(mark, agrees=True, drop=drop, drop_back=drop_back)
    return Judgement(
        mark,
        found=Found(
            "ordered",
            _DIFFER.format(first.handle),
            first,
            differences(plan, (*counted, *_of_the_deal(plan, taken))),
            _amendment(plan, part, counted, compared),
        ),
        drop=drop,
        drop_back=drop_back,
    )


def anchor(deal: Deal, orders: Sequence[StandingOrder], back: Sequence[StandingOrder]) -> StandingOrder | None:
    """Return the order by which such a deal is called: its first, else its first reduction; None if none is sent."""
    return main_order(deal, orders) or next((one for one in (*orders, *back) if one.sf_id and one.key), None)


def stale(orders: Iterable[StandingOrder], mark: str) -> tuple[str, ...]:
    """Return the keys of those that were never sent, and planned for what the deal says no longer."""
    return tuple(one.key or "" for one in orders if one.sf_id is None and one.stands_for != mark)


def balance(plan: OrderPlan, back: Sequence[StandingOrder]) -> Balance:
    """Compare what a deal takes back with what its reductions take, by product and price."""
    wanted = {(one.product_id, one.unit_price): one for one in taken_back(plan.lines)}
    held: defaultdict[tuple[str | None, Decimal], Decimal] = defaultdict(Decimal)
    for order in back:
        for line in order.living:
            held[line.product_id, line.now.unit_price or ZERO] -= line.now.quantity
    missing: list[Units] = []
    excess: list[Units] = []
    for kind in dict.fromkeys((*wanted, *held)):
        one = wanted.get(kind) or Units(*kind, ZERO, ZERO, ())
        more = one.quantity - held[kind]
        total = money.line_total(abs(more), one.unit_price, money.currency_of(one.unit_price, plan.currency))
        if more > 0:
            missing.append(replace(one, quantity=more, total=total if held[kind] else one.total))
        elif more < 0:
            excess.append(Units(*kind, -more, total, ()))
    return Balance(tuple(missing), tuple(excess))


def _same(plan: OrderPlan, orders: Sequence[StandingOrder], back: Sequence[StandingOrder]) -> bool:
    """Whether the orders less the reductions are, product by product, the deal: in quantity, and in money."""
    return agree(plan, (*orders, *_of_the_deal(plan, back)))


def _of_the_deal(plan: OrderPlan, back: Sequence[StandingOrder]) -> list[StandingOrder]:
    """Return reductions as if of the deal's own price book entries: what they reduce may have been sold by another."""
    entries = {line.product_id: line.pricebook_entry_id for line in plan.lines}
    return [
        replace(
            one,
            lines=tuple(
                replace(line, pricebook_entry_id=entries.get(line.product_id, line.pricebook_entry_id))
                for line in one.lines
            ),
        )
        for one in back
    ]


def _amendment(
    plan: OrderPlan, part: OrderPlan | None, orders: Sequence[StandingOrder], compared: Balance
) -> Amendment:
    """Return what settles a difference; what is still to be taken back is `more` of a negative quantity.

    What the deal's reductions take too much is `more`, too: it would have to be ordered again.
    """
    found = amend(part, orders) if part is not None or orders else NOTHING
    entries = {line.product_id: line.pricebook_entry_id for line in plan.lines}
    lines = tuple(
        PlannedLine(
            key="",
            deal_line_id=None,
            pricebook_entry_id=entries.get(one.product_id, ""),
            product_id=one.product_id,
            quantity=sign * one.quantity,
            unit_price=one.unit_price,
            total=sign * one.total,
            service_date=None,
            description=None,
        )
        for sign, units in ((-1, compared.missing), (1, compared.excess))
        for one in units
    )
    return replace(found, more=(*found.more, *lines))


def _no_longer_won(mark: str, reason: str, orders: Sequence[StandingOrder], back: Sequence[StandingOrder]) -> Judgement:
    sold_ = no_longer_won(mark, reason, None, orders)
    drop_back = tuple(one.key or "" for one in back if one.sf_id is None)
    live = [one for one in back if one.counts and not one.is_draft]
    if not live:
        return replace(sold_, drop_back=drop_back)
    counted = [one for one in orders if one.counts and not one.is_draft]
    names = ", ".join(one.handle for one in live)
    said = (
        f"Reduction {names} of this deal is activated, and {HELD[reason]}. If that is meant, deactivate what it takes "
        "back in Salesforce, and reduce or cancel what it orders; otherwise win the deal again in Salesforce."
    )
    amendment = sold_.found.amendment if sold_.found else NOTHING
    found = Found(reason, said, (*counted, *live)[0], differences(None, (*counted, *live)), amendment)
    return replace(sold_, found=found, drop_back=drop_back)
