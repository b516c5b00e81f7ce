"""`sfsync emulator serve`: an org to try things out on, as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest
import requests

from sfsync.demo.world import OPPORTUNITIES, WINS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.cli.conftest import Ended

    Query = Callable[[str], int]


pytestmark = pytest.mark.process


@contextmanager
def serving(*options: str) -> Generator[Query]:
    """Serve an org, and yield what counts the records of a query in it."""
    command = [sys.executable, "-m", "sfsync", "emulator", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = "".join(takewhile(lambda line: line != "# for simple-salesforce\n", process.stdout))
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

            def count(where: str) -> int:
                query = {"q": f"SELECT count() FROM Opportunity {where}"}
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
