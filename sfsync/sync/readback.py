"""Reading back what the org shows of orders at this moment, in the words of the mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.salesforce import order_fields
from sfsync.salesforce.push import read_states
from sfsync.store.sent import Shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sfsync.sync.work import Work


def read_shown(work: Work, ids: Sequence[str]) -> tuple[dict[str, Shown], dict[str, datetime]]:
    """Read orders by Salesforce Id, 2,000 a call: what they show, and when they were last changed.

    Those that are deleted, or hidden from us, are in neither.

    Raises:
        OrgUnavailable: if the org cannot be read.
    """
    readers = order_fields.readers(work.schema)
    states = read_states(work.client, ids, work.app.field_names, readers)
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
