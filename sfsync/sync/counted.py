"""The objects that reconcile compares: one entry each, made of the feeds that pull reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sfsync.errors import UsageError
from sfsync.salesforce import feeds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfsync.salesforce.feeds import Feed
    from sfsync.salesforce.schema import OrgSchema


@dataclass(frozen=True, slots=True)
class Counted:
    """One object to compare.

    Attributes:
        feed: What pull reads of it; rows that differ are read again by it, and applied by its name.
        whole: For lines: the feed of what they belong to, which is read again in their place, and
        whole_id: the field that leads there.
        parent_id: The field that names the record it belongs to.
        otherwise: The feed that reads rows of the object which `feed` leaves out.
        rests: What `feed` leaves out is not followed on purpose: it is read whole once it is needed again.
    """

    feed: Feed
    whole: Feed | None = None
    whole_id: str = "Id"
    parent_id: str | None = None
    otherwise: str | None = None
    rests: bool = False

    @property
    def name(self) -> str:
        """The name of its feed."""
        return self.feed.name

    @property
    def alone(self) -> Feed:
        """The feed without children: they are an object of their own here, and would cost pages."""
        return replace(self.feed, child=None)

    def read_with(self, row: Mapping[str, Any], *, ours: bool) -> tuple[str, str]:
        """Which cursor tells whether pull has read past this row, and the Id that it is read by.

        `ours` says whether we changed the row last.
        """
        if self.feed.skip_writer is not None and ours and self.whole is not None:
            return self.whole.cursor_name, row[self.whole_id]  # it came along with what it belongs to
        if self.otherwise is not None and row.get("IsWon") is False:
            return self.otherwise, row["Id"]
        return self.feed.cursor_name, row["Id"]


def counted(schema: OrgSchema, me: str | None, only: Sequence[str] = ()) -> list[Counted]:
    """Return the objects to compare, all or those named: by feed (order_items) or by object (OrderItem).

    Raises:
        UsageError: for a name that is none of them.
    """
    deals, orders = feeds.deals(schema), feeds.orders(schema)
    everything = [
        Counted(deals, otherwise="reopened_deals"),
        Counted(feeds.deal_lines(schema), deals, "OpportunityId", "OpportunityId", rests=True),
        Counted(orders),
        Counted(feeds.order_items(schema, me), orders, "OrderId", "OrderId"),
        Counted(feeds.accounts(schema)),
        Counted(feeds.contracts(schema)),
        Counted(feeds.products(schema)),
    ]
    if names := schema.names.shipments:
        everything += [
            Counted(feeds.shipments(names), parent_id=names.order),
            Counted(feeds.shipment_lines(names), parent_id=names.line_shipment),
        ]
    by_name = {name.lower(): one for one in everything for name in (one.name, one.feed.sobject)}
    if unknown := [name for name in only if name.lower() not in by_name]:
        raise UsageError(
            f"“{unknown[0]}” is no object that is mirrored.",
            remedy=f"There are {', '.join(one.feed.sobject for one in everything)}.",
        )
    named = {by_name[name.lower()].name for name in only}
    return [one for one in everything if not named or one.name in named]
