"""A receiver of webhooks on a real socket, which takes events, refuses them, or says nothing, as it is told."""

from __future__ import annotations

import json
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from standardwebhooks import Webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

SECRET = "whsec_" + "c2Z5bmMtdGVzdC1zZWNyZXQtb2YtMzItYnl0ZXMhISE="
HANG_UP = 0
"""Said instead of a status: the connection is closed without an answer."""


@dataclass
class Got:
    """One request."""

    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        """The event's id."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def type(self) -> str:
        """The kind of event."""
        return str(self.event["type"])

    def signed_by(self, secret: str) -> bool:
        """Whether one of its signatures was made with this secret."""
        at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), tz=UTC)
        return Webhook(secret).sign(self.id, at, self.body) in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """What came, and what will be answered next: (status, headers); then 204 for ever."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    always: int = 204
    on_event: Callable[[int], None] | None = None
    """Called with the number of the event that has come, before it is answered."""

    def will(self, *statuses: int, **headers: str) -> None:
        """Answer the next requests so."""
        self.answers.extend((status, headers) for status in statuses)

    @property
    def types(self) -> list[str]:
        """The kinds of all events that came, in their order."""
        return [one.type for one in self.got]


@contextmanager
def receiving() -> Generator[Receiver]:
    """Run a receiver on a free port of this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(Got({name.lower(): value for name, value in self.headers.items()}, body.decode()))
            if receiver.on_event:
                receiver.on_event(len(receiver.got))
            status, headers = receiver.answers.popleft() if receiver.answers else (receiver.always, {})
            if status == HANG_UP:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
