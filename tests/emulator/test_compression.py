"""gzip of answers [facts: api 0.5]."""

from __future__ import annotations

import gzip

import pytest
import requests

from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.emulator.http import Request, Response, compressed
from sfsync.emulator.org import Org
from sfsync.emulator.server import serve

URL = "/services/data/v66.0/sobjects/Account/describe"
LONG = Response(200, {"Content-Type": "text/csv", "Vary": "Accept-Encoding"}, b"some bytes " * 500)


def answer(accepted: str | None, response: Response = LONG) -> Response:
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    return compressed(Request.of("GET", URL, headers=headers), response)


@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate", "br;q=1, GZIP;q=0.5", "deflate,gzip"])
def test_a_long_answer_is_compressed_for_who_accepts_it(accepted: str) -> None:
    made = answer(accepted)

    assert made.headers == {**LONG.headers, "Content-Encoding": "gzip"}
    assert len(made.body) < 200
    assert gzip.decompress(made.body) == LONG.body


@pytest.mark.parametrize("accepted", [None, "", "identity", "deflate", "gzip;q=0", "gzip; q=0.0", "x-gzip2"])
def test_it_is_not_for_who_does_not(accepted: str | None) -> None:
    assert answer(accepted) is LONG


def test_a_short_answer_is_left_alone() -> None:
    short = Response(200, {}, b"x" * 2_000)

    assert answer("gzip", short) is short


def test_clients_of_the_server_get_it_compressed_and_those_in_process_do_not() -> None:
    org = Org()
    headers = {"Authorization": f"Bearer {org.login()}"}
    with serve(org) as server, requests.Session() as session:
        session.trust_env = False
        session.mount("https://in.process", EmulatorAdapter(org))
        served = session.get(f"{server.url}{URL}", headers=headers, verify=str(server.ca_file), timeout=10)
        small = session.get(
            f"{server.url}/services/data/v66.0", headers=headers, verify=str(server.ca_file), timeout=10
        )
        mounted = session.get(f"https://in.process{URL}", headers=headers, timeout=10)

    assert (served.headers["Content-Encoding"], served.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert int(served.headers["Content-Length"]) < len(served.content) / 4
    assert "Content-Encoding" not in small.headers
    assert "Content-Encoding" not in mounted.headers
    assert [one["name"] for one in served.json()["fields"]] == [one["name"] for one in mounted.json()["fields"]]
