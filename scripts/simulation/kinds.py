"""What a moment is about: which work a call or a commit does, in a few words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scripts.simulation.wire import read

if TYPE_CHECKING:
    import requests

    from scripts.simulation.mirror import Mirror

COMMIT = "commit"
LOGIN, READ = "log in", "read"
DELIVER = "deliver an event"
_WRITES = {
    "create an order": re.compile(r'"url":"[^"]*/sobjects/Order"[^}]*"body":\{(?![^}]*"IsReductionOrder":true)'),
    "create a reduction": re.compile(r'"IsReductionOrder":true'),
    "bring a draft to its deal": re.compile(r"/sobjects/Order(?:Item)?/80[12]"),
    "create a shipment": re.compile(r'"url":"[^"]*/sobjects/Shipment__c"'),
    "update a shipment": re.compile(r'"attributes":\{"type":"Shipment__c"\}'),
    "push a status": re.compile(r'"attributes":\{"type":"Order"\}[^}]*"Status":'),
    "push a field": re.compile(r'"attributes":\{"type":"Order"\}[^}]*"(?:PoNumber|EndDate|Note__c)":'),
}
CALLS = (*_WRITES, DELIVER)
"""Everything that a call can change: in the org, or at a receiver."""
IN_DOUBT, DELIVERED, BOOKS = "mark in doubt", "note a delivery", "keep positions, runs and lists"


def kind_of(request: requests.PreparedRequest) -> str:
    """Say what a call does; one call may do several things."""
    sent = read(request)
    if "webhook-id" in request.headers:
        return DELIVER
    if not sent.writes:
        return LOGIN if "/oauth2/" in sent.path else READ
    return " and ".join(name for name, pattern in _WRITES.items() if pattern.search(sent.text)) or "write"


class Commits:
    """Says of each commit what it was for, by what is different in the mirror."""

    def __init__(self, mirror: Mirror) -> None:
        self._last = self._look(mirror)

    def kind(self, mirror: Mirror) -> str:
        """What the newest commit was for."""
        before, self._last = self._last, self._look(mirror)
        written, doubtful, delivered = self._last
        if written != before[0]:
            rows = mirror.rows("SELECT DISTINCT action FROM journal WHERE id > ? ORDER BY action", before[0])
            return " and ".join(row["action"] for row in rows)
        if doubtful != before[1]:
            return IN_DOUBT
        return DELIVERED if delivered != before[2] else BOOKS

    def _look(self, mirror: Mirror) -> tuple[int, int, int]:
        [row] = mirror.rows(
            "SELECT (SELECT coalesce(max(id), 0) FROM journal) AS written,"
            " (SELECT count(*) FROM orders WHERE in_doubt IS NOT NULL)"
            " + (SELECT count(*) FROM shipments WHERE in_doubt IS NOT NULL) AS doubtful,"
            " (SELECT count(*) FROM deliveries WHERE state = 'delivered') AS delivered"
        )
        return row["written"], row["doubtful"], row["delivered"]
