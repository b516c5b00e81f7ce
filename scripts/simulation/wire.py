"""The wire between the service and the org: it sees what is sent, kills processes, and lets others act in between."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import BaseAdapter

from sfsync.emulator.adapter import EmulatorAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulation.process import Process
    from sfsync.emulator.org import Org

_KEYS = re.compile(r'"SFSync_Key__c"\s*:\s*"(006\w{15}-\d+(?:-R\d+)?|801\w{15}-R\d+)"')
_AMENDED = re.compile(r'/sobjects/Order/(801\w{15})|"OrderId"\s*:\s*"(801\w{15})"')
_ORDERS = re.compile(r"(801\w{15})")
_WRITES = re.compile(r'"method"\s*:\s*"(PATCH|POST|DELETE|PUT)"')
_RETRIEVAL = re.compile(r"/composite/sobjects/\w+$")
_SERVER_ERROR = 500


@dataclass(frozen=True)
class Sent:
    """One call as it went over the wire: what it names, and whether it can change anything."""

    method: str
    path: str
    text: str
    writes: bool
    creates: frozenset[str]
    """The keys of orders that it is to make."""
    updates: frozenset[str]
    """The Ids of orders whose fields it is to set."""
    amends: frozenset[str] = frozenset()
    """The Ids of drafts that it is to bring to their deals, as a whole or not at all."""

    @property
    def touches(self) -> frozenset[str]:
        """All that it is to make or change."""
        return self.creates | self.updates | self.amends

    def names(self, record: str) -> bool:
        """Whether it names a record at all."""
        return record in self.text


def read(request: requests.PreparedRequest) -> Sent:
    """Say what a request is."""
    body = request.body or b""
    text = body.decode() if isinstance(body, bytes) else str(body)
    path = str(request.path_url)
    method = str(request.method)
    login = "/oauth2/" in path
    makes = path.endswith("/composite/graph") or "/commerce/sale" in path
    # Two POSTs only read: a composite of GETs, and the retrieval of many records by their Ids.
    reads = bool(_RETRIEVAL.search(path)) or (path.endswith("/composite") and not _WRITES.search(text))
    writes = not login and method != "GET" and not reads
    creates = frozenset(_KEYS.findall(text)) if makes else frozenset[str]()
    # An item is inserted with its order's Id: that is no update of the order.
    changes = writes and not makes and (method == "PATCH" or path.endswith("/composite"))
    updates = frozenset(_ORDERS.findall(text)) if changes else frozenset[str]()
    amends = frozenset(one or other for one, other in _AMENDED.findall(text)) if makes else frozenset[str]()
    return Sent(method, path, text + path, writes, creates, updates, amends)


class Wire(BaseAdapter):
    """What a process has in place of a network."""

    def __init__(self, org: Org) -> None:
        super().__init__()
        self._inner = EmulatorAdapter(org, sleep=lambda _seconds: None)
        self.process: Process | None = None
        self.before: Callable[[Sent], None] = lambda _sent: None
        self.after: Callable[[Sent, bool], None] = lambda _sent, _lost: None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Carry one call there and back."""
        sent = read(request)
        if self.process is not None:
            self.process.moment(f"{sent.method} {sent.path.partition('?')[0]}")
        self.before(sent)
        try:
            response = self._inner.send(request, *args, **kwargs)
        except requests.RequestException:
            self.after(sent, True)  # noqa: FBT003 - lost
            raise
        self.after(sent, _unreadable(response))
        return response

    def close(self) -> None:
        """Nothing is open."""


def _unreadable(response: requests.Response) -> bool:
    """Whether the sender cannot know from the answer what became of its call."""
    if response.status_code >= _SERVER_ERROR:
        return True
    try:
        return not _is_json(response.content or b"{}")
    except requests.RequestException:
        return True


@lru_cache(maxsize=64)
def _is_json(content: bytes) -> bool:
    """The largest answers, describes, are the same again and again."""
    try:
        json.loads(content)
    except ValueError:
        return False
    return True
