"""reduce: what is to be taken back of orders, planned in the mirror; the next cycle creates the reduction orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.domain.holdings import Demand, NotReducible, SpreadPolicy
from sfsync.domain.reductions import notes, order_plans, plan_cuts, spread
from sfsync.domain.statuses import Status
from sfsync.errors import OrgUnfit, ReductionRefused, UsageError
from sfsync.salesforce.fitness import reduction_problems
from sfsync.salesforce.schema import schema_from_text
from sfsync.store import lookups, reductions, schemas
from sfsync.store.find import find_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sfsync.app import App
    from sfsync.domain.holdings import Cut
    from sfsync.domain.model import OrderPlan
    from sfsync.store.engine import Tx

_REMEDY = "`sfsync orders show ORDER` shows what an order has left, and what takes of it."


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be taken back: of one order (`record`), or of a product wherever an account holds it.

    `record` is an order key, order number or Salesforce Id; `account` an Id or name. Of an account there is one
    demand, whose line is the product.
    """

    demands: tuple[Demand, ...]
    record: str | None = None
    account: str | None = None
    effective: date | None = None
    """From which day on; today where nobody says so, or the day on which the order starts, if that is later."""
    policy: SpreadPolicy = SpreadPolicy.NEWEST
    activate: bool = False
    """Activate the reduction orders, too, once they are in the org; otherwise they stay drafts, to be looked at."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a request comes to: the lines that give, the reduction orders, and what to know beforehand."""

    cuts: tuple[Cut, ...]
    plans: tuple[OrderPlan, ...]
    notes: tuple[str, ...]
    effective: date


def preview(app: App, request: Request) -> Preview:
    """Say what a request would come to, and do nothing.

    Raises:
        ReductionRefused: if it cannot be done, for all the reasons at once.
        RecordNotFound, UsageError: if nothing, or more than one thing, has the name.
        OrgUnfit: if our user may not write what reductions need.
    """
    with app.db.read() as tx:
        return _planned(app, tx, request, lock=False)


def reduce(app: App, request: Request, *, actor: str, expected: Preview | None = None) -> Preview:
    """Plan the reduction orders of a request; the next cycle creates them in the org, all lines of each or none.

    What they take is reserved from then on: nobody can take it a second time, whoever is faster.

    Raises:
        ReductionRefused: if it cannot be done, or comes to something else than the `expected` preview by now.
        RecordNotFound, UsageError, OrgUnfit: as `preview`.
    """
    with app.db.begin() as tx:
        found = _planned(app, tx, request, lock=True)
        if expected is not None and found.plans != expected.plans:
            said = "The orders have changed since the plan was shown: nothing was done."
            raise ReductionRefused((("changed", said),), remedy="Look at the new plan, and decide again.")
        status = Status.ACTIVATED if request.activate else Status.DRAFT
        reductions.save(tx, app.org_name, found.plans, status=status, actor=actor, now=app.clock())
    return found


def take_back(app: App, tx: Tx, demands: Mapping[int, Sequence[Demand]], *, lock: bool) -> Preview:
    """Plan, and do not store, reductions of several orders (by row id) in the caller's transaction.

    They are effective today, or on the day on which the last of the orders starts, if that is later.

    Raises:
        ReductionRefused, OrgUnfit: as `preview`.
    """
    check_rights(app, tx)
    asked = [demands[number] for number in sorted(demands)]
    found = [reductions.originals(tx, app.org_name, [number], lock=lock)[0] for number in sorted(demands)]
    effective = max([app.clock().date(), *(one.starts_on for one in found if one.starts_on)])
    verdicts = [plan_cuts(one, parts, effective) for one, parts in zip(found, asked, strict=True)]
    if problems := [one for verdict in verdicts if isinstance(verdict, NotReducible) for one in verdict.problems]:
        raise ReductionRefused(tuple((one.code, one.message) for one in problems), remedy=_REMEDY)
    cuts = tuple(cut for verdict in verdicts if not isinstance(verdict, NotReducible) for cut in verdict)
    return Preview(cuts, order_plans(cuts, effective), notes(cuts), effective)


def _planned(app: App, tx: Tx, request: Request, *, lock: bool) -> Preview:
    check_rights(app, tx)
    today = app.clock().date()
    if request.record is not None:
        order = find_order(tx, app.org_name, request.record)
        [original] = reductions.originals(tx, app.org_name, [order.id], lock=lock)
        effective = request.effective or max(today, original.starts_on or today)
        verdict = plan_cuts(original, request.demands, effective)
    else:
        effective = request.effective or today
        verdict = _spread(app, tx, request, effective, lock=lock)
    if isinstance(verdict, NotReducible):
        problems = tuple((problem.code, problem.message) for problem in verdict.problems)
        raise ReductionRefused(problems, remedy=_REMEDY)
    return Preview(verdict, order_plans(verdict, effective), notes(verdict), effective)


def _spread(app: App, tx: Tx, request: Request, effective: date, *, lock: bool) -> tuple[Cut, ...] | NotReducible:
    [demand] = request.demands
    if request.account is None or demand.line is None:
        raise UsageError("Name an order, or an account and a product.")
    account, name = lookups.account_of(tx, app.org_name, request.account)
    products = lookups.products_of(tx, app.org_name, demand.line)
    ids = reductions.holders(tx, app.org_name, account, products)
    originals = reductions.originals(tx, app.org_name, ids, lock=lock)
    return spread(originals, demand, effective, request.policy, who=name)


def check_rights(app: App, tx: Tx) -> None:
    """Refuse at once what the org is known to refuse; before the first sync nothing is known."""
    cached = schemas.get(tx, app.org_name)
    try:
        found = reduction_problems(schema_from_text(cached.content)) if cached else []
    except (KeyError, TypeError):
        return  # another version of sfsync wrote it
    if found:
        raise OrgUnfit(_joined([one.message for one in found]), remedy=_joined([one.remedy for one in found]))


def _joined(sentences: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(sentences))
