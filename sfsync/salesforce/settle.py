"""Finding out what became of creations whose answer was lost: the org is asked for our keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.salesforce import feeds
from sfsync.salesforce.changes import read_by_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.domain.model import OrgOrder
    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.schema import OrgSchema


def find_orders(client: OrgClient, schema: OrgSchema, keys: Sequence[str]) -> dict[str, OrgOrder]:
    """Read the orders that carry these keys, whole, by key; 200 keys a query, five queries a call.

    A key that is missing from the answer is no proof that the order will not appear: a request may
    still be running. Sending it again is safe because the key is unique. An order in the recycle bin
    is found too (`is_deleted`), unless a living one has its key.

    Raises:
        OrgUnavailable, OrgRefused: the org cannot be read.
    """
    found: dict[str, OrgOrder] = {}
    for order in read_by_field(client, feeds.orders(schema), schema.names.order_key, keys):
        known = found.get(order.key)
        if known is None or known.is_deleted:
            found[order.key] = order
    return found
