"""The systems beside Salesforce in the story: they verify what they are sent, and remember each event once."""

from __future__ import annotations

import base64
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from standardwebhooks import Webhook, WebhookVerificationError

if TYPE_CHECKING:
    from collections.abc import Generator

_SECRET = "whsec_" + base64.b64encode(b"a secret of the demo, 32 bytes!!").decode()
_HOST = "127.0.0.1"


@dataclass
class Receivers:
    """What each system was told; `events` maps a system to its events by their ids."""

    port: int = 0
    events: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def settings(self, **systems: str) -> dict[str, str]:
        """The variables by which sfsync knows the systems, each with the events it wants."""
        found: dict[str, str] = {}
        for name, wanted in systems.items():
            self.events[name] = {}
            prefix = f"SFSYNC_SINKS__{name.upper()}__"
            found[f"{prefix}URL"] = f"http://{_HOST}:{self.port}/{name}"
            found[f"{prefix}SECRET"] = _SECRET
            found[f"{prefix}EVENTS"] = wanted
            found[f"{prefix}ALLOW_PRIVATE"] = "true"
        return found

    def said(self) -> list[str]:
        """What came so far, a line for each event."""
        return [
            f"{name} was told: {event['type']}, order {order['order_number']} of {order['total_amount']} "
            f"{order['currency'] or ''}".rstrip()
            + (f", by {event['data']['reduction']['total_amount']}" if "reduction" in event["data"] else "")
            for name, events in self.events.items()
            for event in events.values()
            for order in [event["data"]["order"]]
        ]


@contextmanager
def listening() -> Generator[Receivers]:
    """Run the systems on a free port of this machine until the block ends."""
    receivers = Receivers()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                event = Webhook(_SECRET).verify(body, dict(self.headers.items()))
            except WebhookVerificationError:
                self.send_error(401)
                return
            receivers.events[self.path.strip("/")].setdefault(self.headers["webhook-id"], event)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing: the story does."""

    server = ThreadingHTTPServer((_HOST, 0), Handler)
    receivers.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receivers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
