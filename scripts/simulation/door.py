"""The org and the receiver behind a real socket, for a real process; what they are asked outlives whoever asked.

One thread serves, so that what happens has one order: the process tells of a moment and waits, or calls and waits.
"""

from __future__ import annotations

import select
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from scripts.simulation.simulation import Simulation

_PATIENCE_SECONDS = 60
_OWN_HEADERS = {"content-length", "transfer-encoding", "connection"}


class Door(HTTPServer):
    """A port of this machine: calls with `webhook-id` are for the receiver, all others for the org."""

    request_queue_size = 5

    def __init__(self, sim: Simulation, sent: Callable[[], object]) -> None:
        self.of, self.sent = sim, sent
        super().__init__(("127.0.0.1", 0), _Handler)

    def serve(self, line: socket.socket, hear: Callable[[], bool]) -> None:
        """Answer calls, and let `hear` read what the process tells, until it returns False: the line is cut.

        Raises:
            TimeoutError: if the process does nothing at all.
        """
        while True:
            ready, _, _ = select.select([self.socket, line], [], [], _PATIENCE_SECONDS)
            if not ready:
                raise TimeoutError("the process hangs")
            if self.socket in ready:
                # First: a process tells that it has sent a call after it has.
                self.handle_request()
            elif not hear():
                return

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a bug of the simulator be seen."""
        del request, client_address
        raise  # noqa: PLE0704 - called while an exception is handled


class _Handler(BaseHTTPRequestHandler):
    server: Door

    def do_POST(self) -> None:
        """Answer a call."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = f"https://{self.headers['Host']}{self.path}"
        request = requests.Request(self.command, url, dict(self.headers.items()), data=body).prepare()
        sim = self.server.of
        answer = (sim.receiver if "webhook-id" in self.headers else sim.wire).send(request)
        content = answer.content
        self.server.sent()
        with suppress(OSError):  # nobody reads it: whoever asked is dead
            self.send_response_only(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in _OWN_HEADERS:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    do_GET = do_PATCH = do_PUT = do_DELETE = do_POST  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its signature
        """Say nothing."""
