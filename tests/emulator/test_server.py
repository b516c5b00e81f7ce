"""The server: TLS, keep-alive, faults on real sockets, clients that die."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests

from sfsync.emulator.asgi import Application
from sfsync.emulator.org import Org
from sfsync.emulator.server import Server, serve

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfsync.emulator.calls import Call, Moment

V = "/services/data/v66.0"


@pytest.fixture(scope="module")
def running() -> Generator[Server]:
    with serve(Org()) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Generator[Server]:
    yield running
    running.org.faults.clear()
    running.org.on_call.clear()


@pytest.fixture
def session(server: Server) -> Generator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(server.ca_file)
        session.headers["Authorization"] = f"Bearer {server.org.login()}"
        yield session


def accounts(server: Server) -> int:
    return len(server.org.query("SELECT Id FROM Account"))


def test_tokens_and_calls_over_tls(server: Server) -> None:
    form = {"grant_type": "client_credentials", "client_id": server.client_id, "client_secret": server.client_secret}
    granted = requests.post(
        f"{server.url}/services/oauth2/token", data=form, verify=str(server.ca_file), timeout=10
    ).json()

    assert granted["instance_url"] == server.url
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    answer = requests.get(f"{server.url}{V}/limits", headers=headers, verify=str(server.ca_file), timeout=10)
    assert answer.status_code == 200
    assert "uvicorn" not in answer.headers["Server"]


def test_the_key_file_signs_assertions(server: Server) -> None:
    claims = {"iss": server.client_id, "sub": server.username, "aud": server.url}
    claims["exp"] = str(int(server.org.clock().timestamp()) + 100)
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}
    form["assertion"] = jwt.api_jws.encode(json.dumps(claims).encode(), server.key_file.read_text(), algorithm="RS256")

    answer = requests.post(f"{server.url}/services/oauth2/token", data=form, verify=str(server.ca_file), timeout=10)

    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["localhost", "login.salesforce.com", "test.salesforce.com", "acme.my.salesforce.com"])
def test_the_certificate_is_good_for_hard_coded_hosts(server: Server, name: str) -> None:
    context = ssl.create_default_context(cafile=str(server.ca_file))

    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=name) as secure,
    ):
        assert secure.version() in {"TLSv1.2", "TLSv1.3"}


def test_connections_are_kept_alive(server: Server, session: requests.Session) -> None:
    ports = set()
    for _ in range(3):
        with session.get(f"{server.url}{V}/limits", stream=True, timeout=10) as answer:
            connection: Any = answer.raw.connection
            ports.add(connection.sock.getsockname()[1])
            assert answer.json()

    assert len(ports) == 1


def test_empty_answers_and_encoded_paths_pass_the_wire(server: Server, session: requests.Session) -> None:
    account = session.post(f"{server.url}{V}/sobjects/Account", json={"Name": "A"}, timeout=10).json()["id"]
    changed = session.patch(f"{server.url}{V}/sobjects/Account/{account}", json={"Name": "Ä"}, timeout=10)
    missing = session.get(f"{server.url}{V}/sobjects/Order/SFSync_Key__c/a%2Fb", timeout=10)

    assert (changed.status_code, changed.content) == (204, b"")
    assert session.get(f"{server.url}{V}/sobjects/Account/{account}", timeout=10).json()["Name"] == "Ä"
    assert missing.json()[0]["message"] == "The requested resource does not exist"
    assert session.head(f"{server.url}{V}/limits", timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("fault", "error", "committed"),
    [
        ("lost_answer", requests.ConnectionError, 1),
        ("truncated", requests.exceptions.ChunkedEncodingError, 1),
        ("lost_answer_timeout", requests.ReadTimeout, 1),
        ("reset", requests.ConnectionError, 0),
    ],
)
def test_faults_reach_the_socket(
    server: Server, session: requests.Session, fault: str, error: type[Exception], committed: int
) -> None:
    before = accounts(server)
    server.org.faults.add(fault)

    with pytest.raises(error):
        session.post(f"{server.url}{V}/sobjects/Account", json={"Name": "A"}, timeout=(5, 0.3))

    assert accounts(server) == before + committed
    assert session.get(f"{server.url}{V}/limits", timeout=10).status_code == 200


def test_a_slow_body_comes_in_pieces_and_whole(server: Server) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "raw_path": b"/services/data", "query_string": b"", "headers": []}
    server.org.faults.add("slow_body", pieces=4, ms=0)
    for _ in range(2):
        asyncio.run(Application(server.org)(scope, receive, send))

    bodies = [one["body"] for one in sent if one["type"] == "http.response.body"]
    *pieces, end, whole = bodies
    assert (len(pieces), end) == (4, b"")
    assert b"".join(pieces) == whole


def test_a_pause_in_the_body_can_be_too_long_for_the_client(server: Server, session: requests.Session) -> None:
    server.org.faults.add("slow_body", path="limits", ms=60_000)

    with pytest.raises(requests.ConnectionError, match="Read timed out"):
        session.get(f"{server.url}{V}/limits", timeout=(5, 0.2))

    assert session.get(f"{server.url}{V}/limits", timeout=10).status_code == 200


def test_cut_json_is_a_complete_answer_on_the_wire(server: Server, session: requests.Session) -> None:
    server.org.faults.add("truncated_json", path="limits")

    answer = session.get(f"{server.url}{V}/limits", timeout=10)

    assert int(answer.headers["Content-Length"]) == len(answer.content) > 0
    assert not answer.content.endswith(b"}")
    assert session.get(f"{server.url}{V}/limits", timeout=10).json()


def test_pages_of_the_edge_reach_the_client_as_they_are(server: Server, session: requests.Session) -> None:
    server.org.faults.add_spec("html_420;empty_406")

    page, nothing = (session.get(f"{server.url}{V}/limits", timeout=10) for _ in range(2))

    assert (page.status_code, page.headers["Content-Type"]) == (420, "text/html;charset=UTF-8")
    assert (nothing.status_code, nothing.content) == (406, b"")
    assert "Content-Type" not in nothing.headers


def test_a_slow_answer_does_not_hold_up_others(server: Server, session: requests.Session) -> None:
    server.org.faults.add("latency", path="Account", ms=60_000)
    committed = threading.Event()

    def hook(call: Call, moment: Moment) -> None:
        if moment == "after" and "Account" in call.path:
            committed.set()

    server.org.on_call.append(hook)
    slow = threading.Thread(target=_give_up, args=(session, server), daemon=True)
    slow.start()

    assert committed.wait(10)
    url = f"{server.url}{V}/limits"
    assert requests.get(url, headers=dict(session.headers), verify=str(server.ca_file), timeout=5).status_code == 200
    slow.join()


def _give_up(session: requests.Session, server: Server) -> None:
    with pytest.raises(requests.ReadTimeout):
        session.post(f"{server.url}{V}/sobjects/Account", json={"Name": "A"}, timeout=(5, 1))


@contextmanager
def _sent(server: Server, session: requests.Session, body: bytes, *, of: int) -> Generator[None]:
    """A connection on which a POST of an account, or the beginning of its body, was sent; it breaks off at the end."""
    head = f"POST {V}/sobjects/Account HTTP/1.1\r\nHost: localhost\r\nContent-Length: {of}\r\n"
    head += f"Authorization: {session.headers['Authorization']!s}\r\n\r\n"
    context = ssl.create_default_context(cafile=str(server.ca_file))
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as secure,
    ):
        secure.sendall(head.encode() + body)
        yield


def test_a_client_that_dies_while_sending_asks_nothing(server: Server, session: requests.Session) -> None:
    before = accounts(server)
    with _sent(server, session, b'{"Name": ', of=100):
        pass

    assert session.get(f"{server.url}{V}/limits", timeout=10).status_code == 200
    assert accounts(server) == before


def test_a_client_that_dies_while_waiting_is_served_nevertheless(server: Server, session: requests.Session) -> None:
    before = accounts(server)
    at_work, dead = threading.Event(), threading.Event()

    def hook(call: Call, moment: Moment) -> None:
        if moment == "before" and call.method == "POST":
            at_work.set()
            dead.wait(10)

    server.org.on_call.append(hook)
    with _sent(server, session, b'{"Name": "A"}', of=13):
        assert at_work.wait(10)
    answered = threading.Event()
    server.org.on_call.append(lambda _call, moment: answered.set() if moment == "after" else None)
    dead.set()

    assert answered.wait(10)
    assert accounts(server) == before + 1
    assert session.get(f"{server.url}{V}/limits", timeout=10).status_code == 200


def test_two_servers_stand_side_by_side() -> None:
    with serve(Org()) as one, serve(Org()) as other:
        assert one.port != other.port
        answer = requests.get(f"{other.url}/services/data", verify=str(other.ca_file), timeout=10)
        assert answer.status_code == 200


def test_answers_leave_at_once(server: Server) -> None:
    """Asyncio switches Nagle's delay off only on sockets that name their protocol; it costs 40 ms a call."""
    assert server._socket.proto == socket.IPPROTO_TCP
