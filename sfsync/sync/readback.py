"""Reading back what the org shows of orders at this moment, in the words of the mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.salesforce import order_fields
from sfsync.salesforce.availability import read_available, read_with_available
from sfsync.salesforce.push import read_states
from sfsync.store.sent import Shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from sfsync.salesforce.push import OrderState
    from sfsync.sync.work import Work


def read_shown(work: Work, ids: Sequence[str]) -> tuple[dict[str, Shown], dict[str, datetime]]:
    """Read orders by Salesforce Id, 2,000 a call: what they show, and when they were last changed.

    Those that are deleted, or hidden from us, are in neither.

    Raises:
        OrgUnavailable: if the org cannot be read.
    """
    return _shown(work, read_states(work.client, ids, work.app.field_names, order_fields.readers(work.schema)))


def read_shown_and_available(
    work: Work, ids: Sequence[str], lines: Sequence[str]
) -> tuple[dict[str, Shown], dict[str, datetime], dict[str, Decimal]]:
    """Read orders as `read_shown`, and how much of these order items can still be reduced, by their Ids.

    In one call where it fits. Items whose AvailableQuantity is hidden from us are left out.

    Raises:
        OrgUnavailable: if the org cannot be read.
    """
    if not lines or not work.schema.has("OrderItem", "AvailableQuantity"):
        return *read_shown(work, ids), {}
    readers = order_fields.readers(work.schema)
    states, available = read_with_available(work.client, ids, lines, work.app.field_names, readers)
    return *_shown(work, states), available


def read_left(work: Work, lines: Sequence[str]) -> dict[str, Decimal]:
    """Read how much of order items can still be reduced; nothing of those where that is hidden from us.

    Raises:
        OrgUnavailable: if the org cannot be read.
    """
    return read_available(work.client, lines) if work.schema.has("OrderItem", "AvailableQuantity") else {}


def _shown(work: Work, states: Mapping[str, OrderState | None]) -> tuple[dict[str, Shown], dict[str, datetime]]:
    to_local, me = work.app.status_map.to_local, work.client.user_id
    shown = {
        sf_id: Shown(
            to_local(state.status_label, state.status_code),
            state.status_label,
            state.status_code,
            state.values,
            stamp=state.system_modstamp,
            by_others=me is None or state.modified_by != me,
        )
        for sf_id, state in states.items()
        if state is not None
    }
    return shown, {sf_id: state.system_modstamp for sf_id, state in states.items() if state is not None}
