"""ship: shipments that were recorded here go to the org, each once and whole; then what is wanted of those there."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sfsync.domain.retry import Trouble, retry_at
from sfsync.domain.shipments import judge
from sfsync.errors import SfsyncError
from sfsync.salesforce import codes
from sfsync.salesforce.outcomes import AlreadyThere, Halted, Locked, Refused
from sfsync.salesforce.ship import Shipped, create_shipments, pack, pack_alone
from sfsync.store import shipment_links, shipping, to_ship
from sfsync.store.journal import Entry
from sfsync.store.to_ship import ShipFailure
from sfsync.sync import ship_pull
from sfsync.sync.packs import Lane, send_packs
from sfsync.sync.ship_settle import settle_shipments
from sfsync.sync.ship_updates import push_wishes
from sfsync.sync.shipping import review

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sfsync.domain.shipments import ToShip
    from sfsync.salesforce.ship import ShipOutcome
    from sfsync.salesforce.shipment_fields import ShipmentNames
    from sfsync.store.engine import Tx
    from sfsync.sync.work import Work

UNANSWERED = "not_answered"
_UNANSWERED = "The org did not answer when this shipment was to be created, and others went through: it waits a little."
_HIDDEN = (
    "The org says that a shipment or line with this key exists already, but does not show it to the integration user. "
    "Give the user View All on the object, or look for the key in the org."
)


def ship(work: Work) -> None:
    """Push everything that was recorded of shipments and whose turn it is; nothing where they are not enabled.

    Raises:
        OrgUnavailable: when the org cannot be used; what was sent is settled, or in doubt until it is.
    """
    names = work.schema.names.shipments
    if names is None:
        return
    _prepare(work)
    after = 0
    while True:
        with work.db.read() as tx:
            batch = to_ship.to_ship(tx, work.org, work.now(), after=after, only=work.only)
        if not batch:
            break
        after = batch[-1].id
        Making(work, names).make(batch)
    push_wishes(work, names)


def _prepare(work: Work) -> None:
    """Find what rows refer to, judge which products are shipped at all, and give keys."""
    with work.db.begin() as tx:
        since = ship_pull.history(work, tx)
        judged = shipping.judge_products(tx, work.org, work.app.physical_rule)
        linked = shipment_links.link(tx, work.org)
        news = {order for order, stamp in linked.items() if ship_pull.is_news(stamp, since)}
        review(work, tx, linked.keys() - news, told=False)
        review(work, tx, judged | news)
        to_ship.give_keys(tx, work.org)


class Making:
    """Shipments on their way into the org."""

    def __init__(self, work: Work, names: ShipmentNames) -> None:
        self._work = work
        self._names = names
        self._alone: set[int] = set()

    def make(self, batch: Sequence[ToShip]) -> None:
        """Create what may be created of a batch; what may not is remembered with the reason.

        Raises:
            OrgUnavailable: the org takes none of them.
        """
        found = [(one, judge(one)) for one in batch]
        wrong = [(one, problem.code, problem.message, None) for one, problem in found if problem is not None]
        with self._work.db.begin() as tx:
            self._fail(tx, wrong)
        ready = [one for one, problem in found if problem is None and not one.waits]
        packs = [[one for graph in call for one in graph] for call in pack(ready)]
        send_packs(packs, Lane(self._send, self._settle, self._left, self._give_up, self._lost))

    def _send(self, shipments: Sequence[ToShip]) -> Iterable[Sequence[ToShip]]:
        work = self._work
        calls = list(pack_alone(shipments) if self._alone & {one.id for one in shipments} else pack(shipments))
        graphs, rest = calls[0], [[one for graph in call for one in graph] for call in calls[1:]]
        sent = [one for graph in graphs for one in graph]
        work.still_ours()
        with work.db.begin() as tx:
            to_ship.mark_sent(tx, [one.id for one in sent], work.now())
        try:
            outcomes = create_shipments(work.client, graphs, self._names, work.app.ship_labels)
        except SfsyncError as error:
            # Refused as a whole: the org did nothing. An error that nobody expects leaves them in doubt.
            if not getattr(error, "in_doubt", False):
                with work.db.begin() as tx:
                    to_ship.release(tx, [one.id for one in sent])
            raise
        return [*self._record(sent, outcomes), *rest]

    def _record(self, sent: Sequence[ToShip], outcomes: Sequence[ShipOutcome]) -> list[Sequence[ToShip]]:
        """Write down what became of them, and return what is to be sent again."""
        work = self._work
        made: list[tuple[ToShip, Shipped]] = []
        failed: list[tuple[ToShip, str, str, Trouble | None]] = []
        halted: list[ToShip] = []
        taken: list[ToShip] = []
        doubtful = False
        for one, outcome in zip(sent, outcomes, strict=True):
            match outcome:
                case Shipped():
                    made.append((one, outcome))
                case Refused() | Locked():
                    failed.append((one, outcome.code, _words(outcome), _trouble(outcome)))
                case Halted():
                    halted.append(one)
                case AlreadyThere():
                    taken.append(one)
                case _:  # InDoubt
                    doubtful = True
        if halted and not failed and not taken:
            # Nobody failed who could have halted them: they were refused without a cause.
            words = "The org rolled the shipment back without naming a cause."
            failed += [(one, "PROCESSING_HALTED", words, Trouble.REFUSED) for one in halted]
            halted = []
        with work.db.begin() as tx:
            labels = {str(status): label for status, label in work.app.ship_labels.labels.items()}
            to_ship.record_made(tx, [(one, done.shipment_id, done.line_ids) for one, done in made], labels)
            to_ship.release(tx, [one.id for one in halted])
            self._fail(tx, failed)
            work.write(tx, *(_entry(one, done) for one, done in made))
            review(work, tx, {one.order_id for one, _ in made if one.order_id is not None})
        work.counts["shipments_created"] += sum(one.sf_id is None for one, _ in made)
        work.counts["shipment_lines_created"] += sum(len(one.lines) for one, _ in made)
        work.progress("ship", work.counts["shipments_created"], None)
        if taken or doubtful:
            self._settle()
            self._report_hidden(taken)
        self._alone |= {one.id for one in halted}
        more = self._left([one for one, _ in made if one.has_more])
        return [again for again in (halted, more) if again]

    def _report_hidden(self, taken: Sequence[ToShip]) -> None:
        """The org says that a key is taken and does not show who has it: a person has to look."""
        hidden = [(one, "DUPLICATE_VALUE", _HIDDEN, Trouble.REFUSED) for one in self._left(taken)]
        with self._work.db.begin() as tx:
            self._fail(tx, hidden)

    def _fail(self, tx: Tx, failed: Sequence[tuple[ToShip, str, str, Trouble | None]]) -> None:
        work = self._work
        failures = []
        for one, code, message, trouble in failed:
            # What we judged ourselves is looked at again when something of it is changed, not before.
            again = _again(work, trouble, one.attempts + 1) if trouble else None
            failures.append(ShipFailure(one.id, code, message, one.want, again))
        to_ship.record_failures(tx, failures, work.now())
        work.write(
            tx,
            *(
                Entry(
                    action="shipment.refused" if trouble else "shipment.not_sent",
                    message=f"Shipment {one.key}: {message}",
                    level="warning",
                    opportunity_id=one.opportunity_id,
                    order_key=one.order_key,
                    sf_id=one.sf_id,
                    details={"code": code},
                )
                for one, code, message, trouble in failed
            ),
        )
        work.counts["shipments_refused"] += len(failed)

    def _settle(self) -> None:
        settle_shipments(self._work)

    def _left(self, shipments: Sequence[ToShip]) -> list[ToShip]:
        """Return what of them the org does not have, as it is now."""
        with self._work.db.read() as tx:
            left = to_ship.of_ids(tx, self._work.org, [one.id for one in shipments])
        return [one for one in left if judge(one) is None and not one.waits]

    def _give_up(self, one: ToShip) -> None:
        with self._work.db.begin() as tx:
            self._fail(tx, [(one, UNANSWERED, _UNANSWERED, Trouble.UNAVAILABLE)])

    def _lost(self) -> None:
        self._work.counts["answers_lost"] += 1


def _again(work: Work, trouble: Trouble, attempts: int) -> datetime | None:
    return retry_at(trouble, attempts, work.now(), jitter=random.random())  # noqa: S311 - spreads tries, guards nothing


def _trouble(outcome: Refused | Locked) -> Trouble:
    return Trouble.LOCK if isinstance(outcome, Locked) else Trouble.REFUSED


def _words(outcome: Refused | Locked) -> str:
    said = codes.explain(outcome.code, outcome.message)
    if isinstance(outcome, Refused) and outcome.line_key:
        return f"Line {outcome.line_key.rsplit('-', 1)[1]}: {said}"
    return said


def _entry(one: ToShip, done: Shipped) -> Entry:
    lines = f"{len(one.lines)} line" + ("" if len(one.lines) == 1 else "s")
    what = f"created with {lines}" if one.sf_id is None else f"got {lines}"
    return Entry(
        action="shipment.created" if one.sf_id is None else "shipment.lines_added",
        message=f"Shipment {one.key} {what}.",
        opportunity_id=one.opportunity_id,
        order_key=one.order_key,
        sf_id=done.shipment_id,
    )
