"""The proxy that leads clients with hard-coded login hosts to the emulator."""

import socket
from collections.abc import Iterator

import pytest
import requests

from sfsync.emulator.org import Org
from sfsync.emulator.proxy import Proxy
from sfsync.emulator.server import Server, serve


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(Org()) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(server: Server) -> Iterator[Proxy]:
    with Proxy(server.port) as running:
        yield running


@pytest.mark.parametrize("host", ["login.salesforce.com", "test.salesforce.com", "acme.my.salesforce.com"])
def test_a_client_reaches_the_emulator_under_the_names_of_the_cloud(server: Server, proxy: Proxy, host: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(server.ca_file)
        session.proxies = {"https": proxy.url}

        answer = session.get(f"https://{host}/services/data")

    assert answer.status_code == 200
    assert {"label", "url", "version"} == set(answer.json()[0])


def test_what_is_no_tunnel_is_refused_and_leads_nowhere(proxy: Proxy) -> None:
    assert _spoken(proxy, b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n").startswith(b"HTTP/1.1 405 ")


def test_a_head_without_end_is_refused(proxy: Proxy) -> None:
    assert _spoken(proxy, b"CONNECT " + b"x" * 40_000).startswith(b"HTTP/1.1 431 ")


def test_a_client_that_goes_away_leaves_the_proxy_standing(server: Server, proxy: Proxy) -> None:
    for said in (b"", b"CONN", b"CONNECT login.salesforce.com:443 HTTP/1.1\r\n\r\n\x16\x03"):
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as connection:
            connection.sendall(said)

    test_a_client_reaches_the_emulator_under_the_names_of_the_cloud(server, proxy, "login.salesforce.com")


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(proxy: Proxy) -> None:
    with pytest.raises(OSError, match="address already in use"):
        Proxy(1, port=proxy.port)


def test_stopping_ends_open_tunnels_quietly(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with Proxy(server.port) as proxy:
        connection = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)
        connection.sendall(b"CONNECT login.salesforce.com:443 HTTP/1.1\r\n\r\n")
        assert connection.recv(1_000).startswith(b"HTTP/1.1 200 ")

    with connection:
        assert connection.recv(1_000) == b""
    assert caplog.records == []


def _spoken(proxy: Proxy, said: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as connection:
        connection.sendall(said)
        return connection.recv(1_000)
