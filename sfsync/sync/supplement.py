"""amend on request: a draft is to go to its deal; or more becomes a supplementary order, and less reductions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfsync.domain.amendment import NOTHING, amend
from sfsync.domain.bring_up import plan_update, summary
from sfsync.domain.holdings import Demand
from sfsync.domain.judge import judge_draft, main_order, not_won, planned_start, supplementary
from sfsync.domain.model import Rejection
from sfsync.domain.planning import plan_order
from sfsync.domain.standing import fingerprint
from sfsync.domain.statuses import Status
from sfsync.errors import RecordNotFound, UsageError
from sfsync.salesforce.amend import writable
from sfsync.store import (
    amending,
    changed,
    deals,
    discrepancies,
    journal,
    planned,
    reduced,
    reductions,
    standings,
    wants,
)
from sfsync.store.find import find
from sfsync.sync.reduce import take_back

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfsync.app import App
    from sfsync.domain.amendment import Amendment
    from sfsync.domain.bring_up import Update
    from sfsync.domain.model import Deal, OrderPlan
    from sfsync.domain.standing import StandingOrder
    from sfsync.salesforce.schema import OrgSchema
    from sfsync.store.engine import Tx
    from sfsync.store.reduced import OpenOfDeal
    from sfsync.sync.reduce import Preview


@dataclass(frozen=True, slots=True)
class Amended:
    """What brings a deal's orders to the deal, and how much of it is under way."""

    order: StandingOrder
    """The deal's first order."""
    update: tuple[str, ...] = ()
    """What changes in the draft, in parts of a sentence."""
    plan: OrderPlan | None = None
    """The supplementary order."""
    reductions: Preview | None = None
    """What is taken back, and the reduction orders."""
    amendment: Amendment = NOTHING
    waiting: tuple[str, ...] = ()
    """The reductions that an amendment planned before and that are not activated yet."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The products of the deal by their Ids."""

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to bring to the deal."""
        return not self.update and self.amendment.agrees


def amend_orders_of(
    app: App, tx: Tx, record: str, schema: OrgSchema, *, actor: str, activate: bool = False, dry_run: bool = False
) -> Amended:
    """Have a deal's orders brought to the deal as it is now, in the caller's transaction; say what that takes.

    A draft is brought to the deal by the next cycle, whatever others changed in it. What the deal says more than
    activated orders becomes a supplementary order under the deal's next key, and what it says less reductions of the
    newest orders that hold it; the next cycle creates them. Asked twice, they are planned once, since what is planned
    counts.

    Args:
        app: The service.
        tx: The caller's transaction; with `dry_run` nothing is written in it.
        record: Any name of the deal or of one of its orders.
        schema: What our user may change in the org.
        actor: Who asks.
        activate: Have what is made activated, too; otherwise it stays draft, to be looked at.
        dry_run: Only say what it would take.

    Raises:
        RecordNotFound: if the mirror holds nothing of that name, or the deal has no order.
        UsageError: if the deal is not won or cannot be ordered, if a write to its orders is in doubt, if somebody
            else's reductions of them are still open, or if no amendment can settle it.
        ReductionRefused: if what is less cannot be taken back, for all the reasons at once.
        OrgUnfit: if our user may not write what reductions need.
    """
    now, org = app.clock(), app.org_name
    deal = _deal(tx, org, record)
    orders = standings.of_deals(tx, org, [deal.sf_id], lock=not dry_run).get(deal.sf_id, [])
    main = main_order(deal, orders)
    if main is None:
        raise RecordNotFound(f"The deal {deal.sf_id} has no order to amend.", remedy=f"`sfsync why {record}` says why.")
    _check(deal, main, orders)
    mark = fingerprint(deal, app.plan_policy)
    stale = [order.key or "" for order in orders if order.sf_id is None and order.stands_for != mark]
    counted = [order for order in orders if order.counts and order.key not in stale]
    draft = main.is_draft and counted == [main]
    today = planned_start(main) if draft else now.date()
    plan = plan_order(deal, policy=app.plan_policy, today=today, sequence=standings.sequence_after(tx, org, deal.sf_id))
    if isinstance(plan, Rejection):
        raise UsageError(
            "The deal cannot be ordered as it is now. " + " ".join(problem.message for problem in plan.problems),
            remedy="Fix it in Salesforce, then run `sfsync pull`.",
        )
    if draft:
        update = plan_update(main, plan, force=True, writable=writable(schema))
        return _bring_up(tx, org, deal, main, update, None if dry_run else actor, app)
    if main.header.account_id != plan.account_id:
        raise UsageError(
            f"The deal has another account than order {main.handle}, which is activated and keeps its own.",
            remedy="Reduce that order to nothing, and order what the deal says under a deal of the new account.",
        )
    open_ = reduced.open_of_deals(tx, org, [deal.sf_id]).get(deal.sf_id, [])
    outdated = [one for one in open_ if one.is_stale(mark)]
    ours = [one for one in open_ if one.stands_for is not None and one not in outdated]
    amended = standings.of_deals(tx, org, [deal.sf_id], amended=[one.key or "" for one in ours])[deal.sf_id]
    amendment = amend(plan, [order for order in amended if order.counts and order.key not in stale])
    if not dry_run:
        planned.drop_unsent(tx, org, stale)
        reductions.drop_unsent(tx, org, [one.key or "" for one in outdated], now)
    less = _take_back(app, tx, amendment, [one for one in open_ if one.stands_for is None], lock=not dry_run)
    more = supplementary(plan, amendment, plan.name) if amendment.more else None
    if not dry_run:
        status = Status.ACTIVATED if activate else Status.DRAFT
        if more is not None:
            _plan(app, tx, more, mark, actor, status)
        if less is not None:
            reductions.save(tx, org, less.plans, status=status, actor=actor, now=now)
            changed.stands_for(tx, org, {one.key: mark for one in less.plans})
        changed.flag(tx, org, [deal.sf_id])
    names = {line.product_id: line.product_name for line in deal.lines if line.product_id and line.product_name}
    waiting = tuple(one.handle for one in ours)
    return Amended(main, plan=more, reductions=less, amendment=amendment, waiting=waiting, names=names)


def _deal(tx: Tx, org: str, record: str) -> Deal:
    found = find(tx, org, record)
    deal = deals.load(tx, org, found.opportunity_id) if found.opportunity_id else None
    if deal is None:
        raise UsageError(f"{record} is not the order of a deal that is mirrored.", remedy="Run `sfsync pull` first.")
    return deal


def _check(deal: Deal, main: StandingOrder, orders: Sequence[StandingOrder]) -> None:
    if not_won(deal):
        raise UsageError(
            f"The deal of order {main.handle} is not won, so there is nothing to bring it to.",
            remedy="Win the deal in Salesforce, or cancel or reduce the order.",
        )
    if main.status == "Cancelled":
        raise UsageError(f"Order {main.handle} is cancelled.", remedy="Order what the deal says by another deal.")
    if doubtful := [order.handle for order in orders if order.in_doubt]:
        raise UsageError(
            f"A write to {', '.join(doubtful)} is in doubt.", remedy="Run `sfsync sync`: it settles it; then try again."
        )


def _take_back(app: App, tx: Tx, amendment: Amendment, others: Sequence[OpenOfDeal], *, lock: bool) -> Preview | None:
    """Plan the reductions of an amendment; None if nothing is less."""
    if not amendment.less:
        return None
    if others:
        raise UsageError(
            f"Reductions of the deal's orders are open that no amendment planned: "
            f"{', '.join(one.handle for one in others)}. Whether they will count decides what else is taken back.",
            remedy="Activate them, or delete them in Salesforce (`sfsync orders withdraw` before they are sent).",
        )
    if drafts := sorted({one.order for one in amendment.less if one.is_draft}):
        raise UsageError(
            f"Part of what the deal says less is in {', '.join(drafts)}, which is a draft and cannot be reduced.",
            remedy="Activate it and try again, or take it off that draft in Salesforce.",
        )
    demands: dict[int, list[Demand]] = {}
    for one in amendment.less:
        demands.setdefault(one.order_id, []).append(Demand(one.line_sf_id, by=one.quantity))
    return take_back(app, tx, demands, lock=lock)


def _bring_up(
    tx: Tx, org: str, deal: Deal, main: StandingOrder, update: Update, actor: str | None, app: App
) -> Amended:
    if kind := judge_draft(main, update):
        raise UsageError(kind)
    parts = tuple(summary(update))
    if parts and actor is not None:
        amending.ask(tx, main.id, actor)
        discrepancies.try_again(tx, org, main.id)
        changed.flag(tx, org, [deal.sf_id])
        said = f"The draft order is to be brought to its deal: {', '.join(parts)}."
        _write(app, tx, deal.sf_id, main.key, main.sf_id, said, actor)
    return Amended(main, update=parts)


def _plan(app: App, tx: Tx, plan: OrderPlan, mark: str, actor: str, status: Status) -> None:
    planned.save_plans(tx, app.org_name, [plan], status=status.value)
    wants.asked_for(tx, app.org_name, [plan.key], status, actor)
    changed.stands_for(tx, app.org_name, {plan.key: mark})
    said = f"A supplementary order over {plan.total} is planned: what the deal says more than its orders."
    _write(app, tx, plan.deal_id, plan.key, None, said, actor)


def _write(app: App, tx: Tx, deal: str | None, key: str | None, sf_id: str | None, said: str, actor: str) -> None:
    entry = journal.Entry(
        action="order.amend_wanted", message=said, actor=actor, opportunity_id=deal, order_key=key, sf_id=sf_id
    )
    journal.write(tx, app.org_name, None, [entry], app.clock())
