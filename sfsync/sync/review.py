"""review: deals that were changed after they were ordered. Their orders are held, brought up to date, or listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.domain.judge import judge
from sfsync.domain.judge_back import judge_back
from sfsync.domain.taking_back import takes_back
from sfsync.salesforce.amend import writable
from sfsync.store import (
    amending,
    changed,
    deals,
    discrepancies,
    holds,
    planned,
    reduced,
    reductions,
    standings,
    taking_back,
)
from sfsync.store.journal import Entry
from sfsync.sync.amend import entries_of, send_updates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.domain.bring_up import Update
    from sfsync.domain.judge import Judgement
    from sfsync.domain.model import Deal
    from sfsync.store.engine import Tx
    from sfsync.store.reduced import OpenOfDeal
    from sfsync.sync.work import Work

BATCH = 200
_AGREE = "The deal and its orders agree again."
_GONE = "The deal has no order any more that it could differ from."
_NOT_REDUCED = "The deal, or what it takes back, changed again before this reduction was sent, so it is not made."
_DROPPED = "The deal was changed again before this supplementary order was sent, so it is not made."


def review(work: Work) -> None:
    """Compare the deals that were changed with their orders, and do what follows.

    Drafts of ours go with the deal, each in one all-or-nothing update; those of deals that are not won any more are put
    on hold. What was activated, or made or changed by others, is listed until a person has settled it.

    Raises:
        OrgUnavailable: when the org cannot be used; what was sent is in doubt until it is settled.
    """
    with work.db.read() as tx:
        todo = changed.unreviewed(tx, work.org, work.now(), work.only)
    for start in range(0, len(todo), BATCH):
        with work.db.begin() as tx:
            updates = _review(work, tx, todo[start : start + BATCH])
        work.counts["orders_to_amend"] += len(updates)
        if work.run_id is not None and updates:
            send_updates(work, updates)
        work.progress("review", min(start + BATCH, len(todo)), len(todo))


def _review(work: Work, tx: Tx, ids: Sequence[str]) -> list[tuple[Update, str]]:
    """Judge these deals and write down what is found; return the updates to send, and what their orders stand for."""
    confirmed = amending.settle(tx, work.org, _not_in_doubt(work, tx, ids), work.now())
    work.write(tx, *entries_of(confirmed))
    found = standings.of_deals(tx, work.org, ids, lock=True)
    back = taking_back.of_deals(tx, work.org, ids, lock=True)
    fields = writable(work.schema)
    under_way = reduced.open_of_deals(tx, work.org, ids)
    updates: list[tuple[Update, str]] = []
    done: list[str] = []
    for deal in deals.load_all(tx, work.org, ids):
        orders, own = found.get(deal.sf_id, []), back.get(deal.sf_id, [])
        policy = work.app.plan_policy
        if own or takes_back(deal, policy):
            judgement = judge_back(deal, orders, own, policy=policy, writable=fields)
        else:
            judgement = judge(deal, orders, policy=policy, writable=fields)
        if judgement is None:
            continue
        _drop_reductions(work, tx, judgement, under_way.get(deal.sf_id, ()))
        update = _write(work, tx, deal, judgement)
        if update is None:
            done.append(deal.sf_id)
        else:
            updates.append((update, judgement.stands_for))
    changed.reviewed(tx, work.org, done)
    return updates


def _not_in_doubt(work: Work, tx: Tx, ids: Sequence[str]) -> list[str]:
    """Orders whose last update was not there when it was settled: it may have been carried out late."""
    doubtful = set(amending.in_doubt(tx, work.org))
    return [sf_id for sf_id in amending.pending(tx, work.org, ids) if sf_id not in doubtful]


def _drop_reductions(work: Work, tx: Tx, judgement: Judgement, found: Sequence[OpenOfDeal]) -> None:
    """Forget what an amendment was to reduce, if the deal says something else by now, or is not won any more."""
    mark = None if judgement.hold else judgement.stands_for
    if stale := [one.key or "" for one in found if one.is_stale(mark)]:
        reductions.drop_unsent(tx, work.org, stale, work.now())
        work.write(tx, *(Entry(action="order.dropped", message=_NOT_REDUCED, order_key=key) for key in stale))


def _write(work: Work, tx: Tx, deal: Deal, judgement: Judgement) -> Update | None:
    """Write down what was judged of one deal; return the update that is to be sent."""
    now, org, sf_id = work.now(), work.org, deal.sf_id
    work.write(tx, *holds.put(tx, org, sf_id, judgement.hold, now))
    if judgement.drop:
        planned.drop_unsent(tx, org, judgement.drop)
        dropped = [Entry(action="order.dropped", message=_DROPPED, opportunity_id=sf_id, order_key=key)
                   for key in judgement.drop]  # fmt: skip
        work.write(tx, *dropped)
    if judgement.drop_back:
        planned.drop_unsent(tx, org, judgement.drop_back)
        changed.unsettle(tx, org, sf_id)
        dropped = [Entry(action="order.dropped", message=_NOT_REDUCED, opportunity_id=sf_id, order_key=key)
                   for key in judgement.drop_back]  # fmt: skip
        work.write(tx, *dropped)
    if judgement.found is not None:
        work.write(tx, *discrepancies.record(tx, org, sf_id, judgement.found, now))
        return None
    if judgement.update is None:
        work.write(tx, *discrepancies.resolve(tx, org, sf_id, now, _AGREE if judgement.agrees else _GONE))
        if judgement.agrees:
            changed.agree(tx, org, sf_id, judgement.stands_for)
        return None
    refused, _, retry_at = discrepancies.refusal_of(tx, org, sf_id)
    if refused == judgement.update.digest and (retry_at is None or retry_at > now):
        return None  # the org would say the same again
    return judgement.update
