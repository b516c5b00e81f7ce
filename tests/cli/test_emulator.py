"""`sfsync emulator serve`: an org to try things out on, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from sfsync.demo.world import OPPORTUNITIES, WINS
from sfsync.emulator.describe import describe
from sfsync.emulator.objects import standard_schema
from tests.forked import Forked, pipe

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.cli.conftest import Ended

    Query = Callable[..., int]


pytestmark = pytest.mark.process


@contextmanager
def serving(*options: str) -> Generator[Query]:
    """Serve an org, and yield what counts the records of a query in it."""
    stdout, end = pipe()
    words = ["emulator", "serve", "--port", "0", *options]
    process = Forked(words, cwd=Path.cwd(), env=os.environ, stdout=end)
    with stdout:
        try:
            said = "".join(takewhile(lambda line: not line.startswith("# for simple-salesforce"), stdout))
            given = dict(word.split("=", 1) for word in said.split() if word.startswith("SFSYNC_SALESFORCE__"))
            url, session = given["SFSYNC_SALESFORCE__LOGIN_URL"], requests.Session()
            session.trust_env = False
            session.verify = given["SFSYNC_SALESFORCE__CA_FILE"]
            form = {
                "grant_type": "client_credentials",
                "client_id": given["SFSYNC_SALESFORCE__CLIENT_ID"],
                "client_secret": given["SFSYNC_SALESFORCE__CLIENT_SECRET"],
            }
            token = session.post(f"{url}/services/oauth2/token", data=form, timeout=10).json()["access_token"]

            def count(where: str, sobject: str = "Opportunity") -> int:
                query = {"q": f"SELECT count() FROM {sobject} {where}"}
                headers = {"Authorization": f"Bearer {token}"}
                answer = session.get(f"{url}/services/data/v66.0/query", params=query, headers=headers, timeout=10)
                return int(answer.json()["totalSize"])

            yield count
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_an_org_is_empty_unless_it_is_to_be_the_demos() -> None:
    with serving() as count:
        assert count("") == 0


def test_the_demos_org_is_served_and_filled_only_once(tmp_path: Path) -> None:
    options = ("--world", "demo", "--path", str(tmp_path / "org.db"))
    with serving(*options) as count:
        assert (count(""), count("WHERE IsWon = TRUE")) == (OPPORTUNITIES, WINS)
    with serving(*options) as count:
        assert count("") == OPPORTUNITIES


def test_a_world_that_there_is_not_is_wrong_use(sfsync: Callable[..., Ended]) -> None:
    ended = sfsync("emulator", "serve", "--world", "brave-new")

    assert ended.code == 2
    assert "demo" in ended.err


def test_the_faults_there_are_can_be_listed(sfsync: Callable[..., Ended]) -> None:
    listed, document = sfsync("emulator", "faults"), sfsync("emulator", "faults", "--json").json

    assert "lost_answer" in listed.out
    assert {"name", "what", "options"} <= set(document["faults"][0])


def test_objects_of_another_org_can_be_brought_along(tmp_path: Path) -> None:
    described = describe(standard_schema(), "Account")
    described |= {"name": "Shipment__c", "label": "Shipment", "keyPrefix": "a0X", "custom": True}
    (tmp_path / "shipment.json").write_text(json.dumps(described), encoding="utf-8")

    with serving("--describe", str(tmp_path / "shipment.json")) as count:
        assert count("", sobject="Shipment__c") == 0


@pytest.mark.parametrize(
    ("text", "word"),
    [("{", "not valid JSON"), ("[1]", "sobjects/X/describe"), ('{"name": "A", "fields": [{}]}', "lacks")],
)
def test_a_file_that_is_no_describe_answer_is_wrong_use(
    tmp_path: Path, sfsync: Callable[..., Ended], text: str, word: str
) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")

    ended = sfsync("emulator", "serve", "--port", "0", "--describe", str(tmp_path / "x.json"))

    assert (ended.code, word in " ".join(ended.err.split())) == (2, True)


def test_switches_of_the_org_can_be_set(sfsync: Callable[..., Ended]) -> None:
    with serving("--set", "multicurrency=true", "--set", "daily_limit=7") as count:
        assert count("WHERE CurrencyIsoCode = 'EUR'") == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("multicurency=true", "did you mean multicurrency?"),
        ("multicurrency", "multicurrency=..."),
        ("multicurrency=maybe", "true or false"),
        ("daily_limit=many", "a number"),
        ("users=me", "no switch 'users'"),
    ],
)
def test_a_switch_that_there_is_not_is_wrong_use(sfsync: Callable[..., Ended], given: str, words: str) -> None:
    ended = sfsync("emulator", "serve", "--port", "0", "--set", given)

    assert (ended.code, words in " ".join(ended.err.split())) == (2, True)
