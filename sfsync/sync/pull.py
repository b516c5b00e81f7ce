"""pull: what changed in the org since the last time, into the mirror; rows and cursors in one transaction."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.domain.position import Position
from sfsync.salesforce import feeds, soql
from sfsync.salesforce.changes import QUERIES_PER_CALL, Ask, read_by_ids, read_round
from sfsync.salesforce.composite import in_calls
from sfsync.store import cursors, deals, mirrored, reduced, references
from sfsync.store.upserts import in_parts
from sfsync.sync.apply import apply_deletes, apply_rows, close_gap
from sfsync.sync.ship_pull import ship_feeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sfsync.salesforce.changes import Page
    from sfsync.salesforce.feeds import Feed
    from sfsync.salesforce.schema import OrgSchema
    from sfsync.store.references import Kind
    from sfsync.sync.work import Work

DELETES_REFRESH = timedelta(hours=1)
"""How far the start of the delete log may lie behind before it is moved; the log itself reaches back 15 days."""
LOOKED_AT_AGAIN = 200
REFERENCES = 3
CALLS = 2
"""How many calls a pull makes that finds nothing: what would not fit takes turns."""


@dataclass
class Reading:
    """How far one feed has been read in this pull."""

    feed: Feed
    position: Position | None
    deleted_since: datetime | None
    history: bool = False
    """Nothing of it was read before: what it brings happened before sfsync was there."""
    first: bool = True
    more: bool = True


def pull(work: Work) -> None:
    """Bring the mirror up to date with everything that sfsync reads.

    Raises:
        OrgUnavailable: when the org cannot be used; pages read so far are kept, and reading goes on from there.
    """
    schema, me = work.schema, work.client.user_id
    own = [feeds.orders(schema), feeds.order_items(schema, me)]
    others = _others(work)
    own += ship_feeds(work)
    if work.only is None:
        # Five feeds travel in one call: the order here decides which of them share one.
        wanted = [feeds.deals(schema), feeds.deal_lines(schema), *own, *_waiting(work), *others]
        # Names of accounts and the like may be a cycle old; a third call in each cycle would cost more.
        queries = len(wanted) + sum(feed.echoes for feed in wanted)
        too_many = min(max(queries - CALLS * QUERIES_PER_CALL, 0), REFERENCES)
        for feed in random.sample(others[:REFERENCES], too_many):
            wanted.remove(feed)
        _read(work, wanted)
    else:
        _read(work, [*own, _by_ids(schema, [work.only])])
    _read_reduced(work)
    _read_references(work)


def _others(work: Work) -> list[Feed]:
    """What orders refer to, the references first, and deals that are not won any more."""
    schema = work.schema
    return [
        feeds.accounts(schema),
        feeds.contracts(schema),
        feeds.products(schema),
        feeds.reopened_deals(schema),
    ]


def pull_orders(work: Work) -> None:
    """Read back what this cycle itself has changed: orders, their items, and what they refer to."""
    schema = work.schema
    _read(work, [feeds.orders(schema), feeds.order_items(schema, work.client.user_id), *_orders(work, work.reduced)])
    work.reduced.clear()
    _read_references(work)


def _read(work: Work, wanted: Sequence[Feed]) -> None:
    readings = _start(work, wanted)
    lookback = timedelta(seconds=work.app.settings.sync.lookback_seconds)
    while unread := [reading for reading in readings if reading.more]:
        asks = [(r, Ask(r.feed, r.position, lookback, r.first, r.deleted_since if r.first else None)) for r in unread]
        for group in in_calls(asks, lambda pair: pair[1].queries):
            pages = read_round(work.client, [ask for _, ask in group])
            pages = [_with_echoes(work, ask.feed, page) for (_, ask), page in zip(group, pages, strict=True)]
            _store(work, [(reading, page) for (reading, _), page in zip(group, pages, strict=True)])


def _with_echoes(work: Work, feed: Feed, page: Page) -> Page:
    """Add what we changed last ourselves, and somebody else touched since."""
    if page.failed is not None or not page.echoes:
        return page
    with work.db.read() as tx:
        known = mirrored.standing(tx, work.org, feed.name, [echo.sf_id for echo in page.echoes])
    moved = [echo.sf_id for echo in page.echoes if known.get(echo.sf_id) != (echo.stamp, echo.is_deleted)]
    fresh = {row.sf_id for row in page.rows}
    rows = read_by_ids(work.client, feed, [sf_id for sf_id in moved if sf_id not in fresh])
    return replace(page, rows=(*rows, *page.rows))


def _start(work: Work, wanted: Sequence[Feed]) -> list[Reading]:
    now = work.client.now()
    with work.db.begin() as tx:
        known = cursors.get_all(tx, work.org)
        readings = []
        # What is there already comes with the rows that refer to it; only changes are read here. So all of them
        # begin with the first reading of anything, also those whose turn it is not.
        started = {
            feed.cursor_name: Position(now, None)
            for feed in (*wanted, *_others(work))
            if feed.from_now and feed.cursor_name not in known
        }
        known |= started
        for feed in wanted:
            position = known.get(feed.cursor_name) if feed.keeps_cursor else None
            deletes = known.get(_deletes(feed))
            first = position is None and feed.keeps_cursor
            if feed.tracks_deletes and deletes is None:
                started[_deletes(feed)] = Position(now, None)
            readings.append(Reading(feed, position, deletes.stamp if deletes and feed.tracks_deletes else None, first))
        cursors.put_all(tx, work.org, started)
    return readings


def _store(work: Work, read: list[tuple[Reading, Page]]) -> None:
    for reading, page in read:
        if page.failed is not None:
            raise page.failed
        if page.gap:
            close_gap(work, reading.feed)
    with work.db.begin() as tx:
        reached: dict[str, Position] = {}
        for reading, page in read:
            apply_rows(work, tx, reading.feed, page.rows, history=reading.history)
            if reading.feed.name == "orders":
                work.reductions |= {row.sf_id for row in page.rows if row.is_reduction}
            if page.deleted:
                apply_deletes(work, tx, reading.feed, page.deleted)
            if page.position not in (None, reading.position) and reading.feed.keeps_cursor:
                reached[reading.feed.cursor_name] = page.position
            since, until = reading.deleted_since, work.client.now() if page.gap else page.deleted_until
            # What the org did not answer, or may still add to, is asked for again.
            if since is not None and until is not None and (page.gap or until - since > DELETES_REFRESH):
                reached[_deletes(reading.feed)] = Position(until, None)
            reading.position, reading.first, reading.more = page.position, False, page.more
            work.counts["rows_read"] += len(page.rows)
        cursors.put_all(tx, work.org, reached)
    work.progress("pull", work.counts["rows_read"], None)


def _waiting(work: Work) -> list[Feed]:
    """Look again at deals that wait for their order, some in each cycle: what keeps them may leave no trace on them."""
    with work.db.read() as tx:
        ids = deals.waiting(tx, work.org)
    # By chance: runs of other orgs are numbered in between, and to note where we were would be a write in each cycle.
    turn = random.randrange(len(ids)) if len(ids) > LOOKED_AT_AGAIN else 0  # noqa: S311 - guards nothing
    chosen = (ids[turn:] + ids[:turn])[:LOOKED_AT_AGAIN]
    return [_by_ids(work.schema, chosen)] if chosen else []


def _by_ids(schema: OrgSchema, ids: Sequence[str]) -> Feed:
    """Deals of these Ids, won or not; read whole each time, so no cursor is kept."""
    return replace(feeds.deals(schema), where=soql.ids_in(ids), tracks_deletes=False, keeps_cursor=False)


def _read_reduced(work: Work) -> None:
    """Look again at orders of which less, or more, is left than when their lines were read."""
    if work.reductions:
        with work.db.read() as tx:
            ids = reduced.outdated(tx, work.org, work.reductions)
        _read(work, _orders(work, ids))


def _orders(work: Work, ids: Iterable[str]) -> list[Feed]:
    """Orders of these Ids with their items, read whole, so no cursor is kept; none at all for no Ids."""
    feed = feeds.orders(work.schema)
    chosen = [soql.ids_in(part) for part in in_parts(sorted(ids), LOOKED_AT_AGAIN)]
    return [replace(feed, where=part, tracks_deletes=False, keeps_cursor=False, echoes=False) for part in chosen]


def _read_references(work: Work) -> None:
    """Mirror the accounts, contracts and products that orders refer to and that are not here yet."""
    schema = work.schema
    kinds: dict[Kind, Feed] = {
        "accounts": feeds.accounts(schema),
        "contracts": feeds.contracts(schema),
        "products": feeds.products(schema),
    }
    with work.db.read() as tx:
        wanted = references.unknown_ids(tx, work.org)
        if schema.names.physical_flag and schema.has("Product2", schema.names.physical_flag):
            wanted["products"] |= references.unflagged(tx, work.org)
        unknown = {kind: sorted(ids) for kind, ids in wanted.items() if ids}
    for kind, ids in unknown.items():
        rows = read_by_ids(work.client, kinds[kind], ids)
        with work.db.begin() as tx:
            apply_rows(work, tx, kinds[kind], rows)
            references.put_missing(tx, work.org, kind, ids)


def _deletes(feed: Feed) -> str:
    return f"{feed.name}.deleted"
