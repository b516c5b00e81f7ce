"""The look-back at what we changed last ourselves: by stamps alone, for the org answered those writes to us.

Who changed a row last is no proof that nobody touched it since: undeleting it, or merging, moves its stamp only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.salesforce import soql
from sfsync.salesforce.rows import query, rows_of, stamp_of

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sfsync.domain.position import Position
    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.composite import Sub, SubAnswer
    from sfsync.salesforce.feeds import Feed

_FIELDS = ("Id", "SystemModstamp", "IsDeleted")


@dataclass(frozen=True, slots=True)
class Echo:
    """What the org shows of a row that we changed last, and that lies within the look-back."""

    sf_id: str
    stamp: datetime
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class Echoes:
    """The rows of a feed behind `position` that `me` changed last."""

    feed: Feed
    position: Position
    lookback: timedelta
    me: str

    def first_page(self) -> Sub:
        """Return the query for the first of them."""
        return self._page(None)

    def read(self, client: OrgClient, answer: SubAnswer) -> tuple[Echo, ...]:
        """Return all of them, of which `answer` has the first page; more than a page cost a call for each.

        Raises:
            OrgUnavailable, OrgRefused: they cannot be read.
        """
        found: list[Echo] = []
        while True:
            rows, more = rows_of(answer)
            found += [Echo(row["Id"], stamp_of(row), row["IsDeleted"] is True) for row in rows]
            if not rows or not (more or len(rows) >= soql.PAGE):
                return tuple(found)
            [answer] = client.read_many([self._page(rows[-1]["Id"])])

    def _page(self, last: str | None) -> Sub:
        at = self.position.stamp
        behind = soql.behind(at, back_to=at - self.lookback, by=self.me)
        where = soql.both(self.feed.where, behind, f"Id > {soql.quoted_id(last)}" if last else None)
        return query(soql.select(_FIELDS, self.feed.sobject, where=where, order_by="Id", limit=soql.PAGE))
