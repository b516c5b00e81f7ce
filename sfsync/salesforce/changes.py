"""Reading what changed: pages of several feeds in one call, deletes along with them, and rows by their ids."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sfsync.domain.position import Position
from sfsync.errors import OrgRefused, SfsyncError
from sfsync.salesforce import failures, soql, wire
from sfsync.salesforce.composite import QUERIES, Sub, in_calls
from sfsync.salesforce.echoes import Echoes
from sfsync.salesforce.rows import complete_children, parsed, query, rows_of, stamp_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.composite import SubAnswer
    from sfsync.salesforce.echoes import Echo
    from sfsync.salesforce.feeds import Feed

QUERIES_PER_CALL = QUERIES
IDS_PER_QUERY = 200
DELETE_LOG = timedelta(days=15)
"""How long the org knows what was deleted (REST guide: getDeleted)."""
_MARGIN = timedelta(minutes=2)
"""Deletes may take minutes to show, and start must lie more than a minute before end (REST guide: getDeleted)."""
_ORDER = "SystemModstamp, Id"


@dataclass(frozen=True, slots=True)
class Ask:
    """What to read of one feed in this round.

    Attributes:
        feed: The feed.
        position: How far it has been read; None from its beginning.
        lookback: How far before the position others' changes are looked for again (first page only).
        first_page: Whether a new reading starts: inclusive at the position, with the look-back.
        deleted_since: Also ask for the ids deleted since then.
    """

    feed: Feed
    position: Position | None
    lookback: timedelta = timedelta(0)
    first_page: bool = True
    deleted_since: datetime | None = None

    @property
    def queries(self) -> int:
        """How many queries its first call takes at most."""
        return 2 if self.feed.echoes and self.first_page and self.lookback and self.position else 1

    def echoes(self, me: str | None) -> Echoes | None:
        """Return what also to look at by its stamp alone; None for nothing."""
        if me is None or self.position is None or self.queries == 1:
            return None
        return Echoes(self.feed, self.position, self.lookback, me)


@dataclass(frozen=True, slots=True)
class Page:
    """What came of an Ask.

    Attributes:
        rows: Domain values, oldest change first; rows seen before may come again.
        position: Where to go on and what to keep; never before the position asked from.
        more: Whether to ask for the next page.
        deleted: Ids from the delete log; None where it was not asked or did not answer.
        deleted_until: How far the delete log is complete: an older transaction may still be running.
        gap: The delete log does not reach back to `deleted_since`: compare all ids.
        failed: The feed could not be read; rows and position are as if it had not been asked.
        echoes: What of ours lies within the look-back: those of another stamp than we know are to be read.
    """

    rows: tuple[Any, ...] = ()
    position: Position | None = None
    more: bool = False
    deleted: tuple[str, ...] | None = None
    gap: bool = False
    failed: SfsyncError | None = None
    deleted_until: datetime | None = None
    echoes: tuple[Echo, ...] = ()


@dataclass(slots=True)
class _Reading:
    ask: Ask
    at: Position | None
    rows: list[dict[str, Any]] = field(default_factory=list)
    more: bool = False
    fresh: bool = True
    failed: SfsyncError | None = None
    deleted: tuple[str, ...] | None = None
    deleted_until: datetime | None = None
    gap: bool = False
    echoes: tuple[Echo, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Whether rows before the position are still being looked at again: they all belong to one page.

        Otherwise the next page would start behind the position, and miss the rest of them.
        """
        start = self.ask.position
        if not self.more or not self.ask.first_page or start is None or self.at is None:
            return False
        return self.at.stamp <= start.stamp


def read_round(client: OrgClient, asks: Sequence[Ask]) -> list[Page]:
    """Read one page of every feed asked for; ONE call for as many as `in_calls` puts together.

    More calls are made only where the look-back holds more rows than a page, and where the org cut a
    list of children short.

    Raises:
        OrgUnavailable, OrgRefused: the call failed. What fails for one feed alone is in its page.
    """
    pages: list[Page] = []
    for group in in_calls(asks, lambda ask: ask.queries):
        readings = [_Reading(ask, ask.position) for ask in group]
        _read(client, readings, with_deletes=True)
        while behind := [reading for reading in readings if reading.goes_on]:
            _read(client, behind, with_deletes=False)
        complete_children(client, ((reading.ask.feed, reading.rows) for reading in readings))
        pages += [_page(reading) for reading in readings]
    return pages


def read_by_ids(client: OrgClient, feed: Feed, ids: Iterable[str]) -> list[Any]:
    """Read the rows of these ids, whatever they are now, deleted ones included; those that are gone are missing.

    200 ids a query, five queries a call.

    Raises:
        OrgUnavailable, OrgRefused: the org cannot be read, or a row of it.
        ValueError: one is no id.
    """
    return read_by_field(client, feed, "Id", [_checked(sf_id) for sf_id in ids])


def read_by_field(client: OrgClient, feed: Feed, field_name: str, values: Iterable[str]) -> list[Any]:
    """Read the rows whose field, unique in the org and in the feed's SELECT list, has one of these values.

    Raises:
        OrgUnavailable, OrgRefused: the org cannot be read, or a row of it.
    """
    wanted = list(dict.fromkeys(values))
    todo = deque(wanted[start : start + IDS_PER_QUERY] for start in range(0, len(wanted), IDS_PER_QUERY))
    found: list[dict[str, Any]] = []
    while todo:
        chunks = [todo.popleft() for _ in range(min(QUERIES_PER_CALL, len(todo)))]
        texts = [soql.select(feed.select_list, feed.sobject, where=soql.one_of(field_name, chunk)) for chunk in chunks]
        for chunk, answer in zip(chunks, client.read_many([query(text) for text in texts]), strict=True):
            rows, more = rows_of(answer)
            found += rows
            if more:
                # The children filled the answer: ask again for those that did not fit.
                seen = {row[field_name] for row in rows}
                rest = [value for value in chunk if value not in seen]
                if not rows:
                    raise failures.unreadable(write=False)
                if rest:
                    todo.append(rest)
    complete_children(client, [(feed, found)])
    return parsed(feed, found)


def ids_of(client: OrgClient, feed: Feed) -> Iterator[list[str]]:
    """Yield the ids of all records of the feed's object that are not deleted, 2,000 a call, by Id.

    Raises:
        OrgUnavailable, OrgRefused: the org cannot be read.
    """
    last: str | None = None
    while True:
        where = f"Id > {soql.quoted_id(last)}" if last is not None else ""
        text = soql.select(["Id"], feed.sobject, where=where, order_by="Id", limit=soql.PAGE)
        rows, more = rows_of(client.read_many([Sub("query", {"q": text})])[0])
        if not rows:
            return
        yield [row["Id"] for row in rows]
        if not more and len(rows) < soql.PAGE:
            return
        last = rows[-1]["Id"]


def _read(client: OrgClient, readings: Sequence[_Reading], *, with_deletes: bool) -> None:
    me, now = client.user_id, client.now()
    subs = [query(_text(reading, me)) for reading in readings]
    asking: list[_Reading] = []
    echoing = [(reading, found) for reading in readings if with_deletes and (found := reading.ask.echoes(me))]
    subs += [echoes.first_page() for _, echoes in echoing]
    for reading in readings if with_deletes else ():
        since = reading.ask.deleted_since
        if since is None:
            continue
        if now - since > DELETE_LOG:
            reading.gap = True
            continue
        asking.append(reading)
        window = {"start": wire.format_datetime(min(since, now) - _MARGIN), "end": wire.format_datetime(now)}
        subs.append(Sub(f"sobjects/{reading.ask.feed.sobject}/deleted/", window))
    answers = client.read_many(subs)
    for reading, answer in zip(readings, answers[: len(readings)], strict=True):
        _take_rows(reading, answer)
    rest = answers[len(readings) :]
    for (reading, echoes), answer in zip(echoing, rest[: len(echoing)], strict=True):
        try:
            reading.echoes = echoes.read(client, answer)
        except SfsyncError as failure:
            reading.failed, reading.more = failure, False
    for reading, answer in zip(asking, rest[len(echoing) :], strict=True):
        _take_deletes(reading, answer)


def _text(reading: _Reading, me: str | None) -> str:
    ask, at = reading.ask, reading.at
    feed = ask.feed
    if at is None:
        when = ""
    elif ask.first_page and reading.fresh:
        back_to = at.stamp - ask.lookback if ask.lookback else None
        when = soql.since(at.stamp, at.last_id, back_to=back_to, but_by=me if feed.echoes else None)
    else:
        when = soql.after(at.stamp, at.last_id)
    others = f"LastModifiedById != {soql.quoted_id(feed.skip_writer)}" if feed.skip_writer else ""
    where = soql.both(feed.where, others, when)
    return soql.select(feed.select_list, feed.sobject, where=where, order_by=_ORDER, limit=soql.PAGE)


def _take_rows(reading: _Reading, answer: SubAnswer) -> None:
    reading.fresh = False
    try:
        rows, more = rows_of(answer)
        if rows:
            reading.at = Position(stamp_of(rows[-1]), rows[-1]["Id"])
    except SfsyncError as failure:
        reading.failed, reading.more = failure, False
        return
    reading.rows += rows
    reading.more = bool(rows) and (more or len(rows) >= soql.PAGE)


def _take_deletes(reading: _Reading, answer: SubAnswer) -> None:
    failure = answer.failure
    if failure is not None:
        # Any other failure leaves `deleted` None: the same stretch of the log is asked for again.
        reading.gap = isinstance(failure, OrgRefused) and failure.code == "INVALID_REPLICATION_DATE"
        return
    body = answer.body
    records = body.get("deletedRecords") if isinstance(body, dict) else None
    if isinstance(records, list):
        reading.deleted = tuple(record["id"] for record in records)
        with suppress(ValueError):  # unreadable: the same stretch is asked for again
            reading.deleted_until = wire.parse_datetime(body.get("latestDateCovered"), "latestDateCovered")


def _page(reading: _Reading) -> Page:
    start = reading.ask.position
    failed = reading.failed
    rows: list[Any] = []
    if failed is None:
        try:
            rows = parsed(reading.ask.feed, reading.rows)
        except OrgRefused as failure:
            failed = failure
    if failed is not None:
        return Page(position=start, deleted=reading.deleted, gap=reading.gap, failed=failed)
    return Page(
        tuple(rows),
        _further(start, reading.at),
        reading.more,
        reading.deleted,
        reading.gap,
        deleted_until=reading.deleted_until,
        echoes=reading.echoes,
    )


def _further(start: Position | None, reached: Position | None) -> Position | None:
    """The later of two positions; rows of the look-back lie before the start.

    Among rows of one second the order of Ids is taken as that of their characters. Should the org
    order them otherwise, nothing is missed: the look-back covers that second too.
    """
    if start is None or reached is None:
        return reached or start
    return max(start, reached, key=lambda position: (position.stamp, position.last_id or ""))


def _checked(sf_id: str) -> str:
    soql.quoted_id(sf_id)
    return sf_id
