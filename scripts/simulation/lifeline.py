"""A real process of the service: it tells its parent of every call and commit, and kills itself when told to.

It is forked from a process that has loaded everything and holds no open database, and from then on it is on its own:
its own connections to the database, real sockets to the org and the receiver. When it is told to die it sends itself
signal 9: nothing is rolled back, closed, flushed or said any more.
"""

from __future__ import annotations

import http.client
import io
import os
import signal
import traceback
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from scripts.simulation.kinds import COMMIT, kind_of
from sfsync.app import App
from sfsync.store.engine import open_database
from sfsync.sync.cycle import run_cycle
from sfsync.sync.deliver import serve
from sfsync.webhooks import post

if TYPE_CHECKING:
    import socket
    from datetime import datetime

    from sfsync.config import Settings
    from sfsync.store.engine import Database

BEFORE, SENT, AFTER = "before", "sent, not answered", "after"
FAILED = "failed"
GO, DIE = b".", b"x"
_ANSWER_SECONDS = 60


def live(line: socket.socket, port: int, settings: Settings, url: str, now: datetime) -> None:
    """Be the process: one cycle, then every sink in turn; never returns."""
    try:
        db = open_database(url)
        lifeline = Lifeline(line)
        _tell_of_commits(db, lifeline)
        network = Network(lifeline, port)
        app = App(settings, "default", db, lambda: now, network, lambda _seconds: None)
        run_cycle(app)
        with mock.patch.object(post, "HTTPAdapter", return_value=network):
            for sink in settings.complete_sinks():
                serve(app, sink)
        db.close()
    except BaseException:  # noqa: BLE001 - whatever it is, the parent says so
        said = " ".join(traceback.format_exc(limit=-3).split())
        line.sendall(f"{FAILED}\t{said}\t\n".encode())
        line.recv(1)
        os._exit(1)
    os._exit(0)


class Lifeline:
    """What connects the process with its parent."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def goes_on(self, when: str, kind: str, what: str) -> bool:
        """Tell of a moment; return whether life goes on after it."""
        self._line.sendall(f"{when}\t{kind}\t{what}\n".encode())
        return self._line.recv(1) == GO

    def moment(self, when: str, kind: str, what: str) -> None:
        """Tell of a moment, and die at it if that is to be."""
        if not self.goes_on(when, kind, what):
            die()


def die() -> None:
    """End at once, whatever is open or half done."""
    os.kill(os.getpid(), signal.SIGKILL)


class Network(BaseAdapter):
    """Carries every call, wherever it goes, over a connection of its own to a port of this machine."""

    def __init__(self, lifeline: Lifeline, port: int) -> None:
        super().__init__()
        self._lifeline, self._port = lifeline, port

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Send a request, read the answer; tell of it before, in between and after."""
        kind = kind_of(request)
        what = f"{request.method} {request.path_url.partition('?')[0]}"
        headers = {name: str(value) for name, value in request.headers.items()}
        headers["Host"] = urlsplit(request.url or "").netloc
        self._lifeline.moment(BEFORE, kind, what)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_SECONDS)
        try:
            connection.request(str(request.method), request.path_url, request.body, headers)
            self._lifeline.moment(SENT, kind, what)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        self._lifeline.moment(AFTER, kind, what)
        response = requests.Response()
        response.status_code, response.request, response.url = answer.status, request, str(request.url)
        response.headers.update(answer.getheaders())
        response.encoding = "utf-8"
        response.raw = HTTPResponse(
            io.BytesIO(content), dict(answer.getheaders()), status=answer.status, preload_content=False
        )
        return response

    def close(self) -> None:
        """Nothing stays open."""


def _tell_of_commits(db: Database, lifeline: Lifeline) -> None:
    # The engine is where commits are sent; this process has no other one.
    dialect = db._engine.dialect  # noqa: SLF001 - there is no public way to a single engine
    commit = dialect.do_commit

    def do_commit(connection: Any) -> None:
        lifeline.moment(BEFORE, COMMIT, COMMIT)
        if db.kind == "postgresql" and not lifeline.goes_on(SENT, COMMIT, COMMIT):
            server = connection.driver_connection.pgconn
            server.send_query(b"COMMIT")
            server.flush()
            die()
        commit(connection)
        lifeline.moment(AFTER, COMMIT, COMMIT)

    dialect.do_commit = do_commit  # type: ignore[method-assign,assignment]
