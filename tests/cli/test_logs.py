"""logs and runs: what happened, to which record, in which run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.store.engine import Database
    from tests.cli.conftest import Ended
    from tests.world import World

    Program = Callable[..., Ended]


@pytest.fixture
def deals(org: World, sfsync: Program) -> list[str]:
    """A good deal and a bad one, synced in run 1; a status wanted; synced again in run 2."""
    good, bad = org.deal(name="Good"), org.deal(name="Bad", AccountId=None)
    sfsync("sync")
    sfsync("orders", "activate", good)
    sfsync("sync")
    return [good, bad]


def actions(sfsync: Program, *options: str) -> list[str]:
    return [entry["action"] for entry in sfsync("logs", "--json", *options).json["entries"]]


def test_the_journal_is_told_oldest_first(deals: list[str], sfsync: Program) -> None:
    assert actions(sfsync) == ["opportunity.rejected", "order.created", "order.status_wanted", "order.status_pushed"]
    assert re.search(rf"{deals[0]}-1 +Order created with 1 line", sfsync("logs").out)


def test_entries_are_chosen_by_run_record_level_and_time(deals: list[str], sfsync: Program) -> None:
    good, bad = deals

    assert actions(sfsync, "--run", "2") == ["order.status_pushed"]
    assert actions(sfsync, "--order", good) == ["order.created", "order.status_wanted", "order.status_pushed"]
    assert actions(sfsync, "--order", bad) == ["opportunity.rejected"]
    assert actions(sfsync, "--level", "warning") == ["opportunity.rejected"]
    assert actions(sfsync, "--since", "2h", "-n", "1") == ["order.status_pushed"]
    assert actions(sfsync, "--since", "2999-01-01") == []


def test_a_record_that_is_not_mirrored_may_still_be_in_the_journal(deals: list[str], sfsync: Program) -> None:
    assert actions(sfsync, "--order", "0065e0000000099AAA-1") == []
    assert "Nothing of that kind has happened." in sfsync("logs", "--order", "nothing").out


def test_what_is_no_time_is_refused_with_an_example(deals: list[str], sfsync: Program) -> None:
    ended = sfsync("logs", "--since", "yesterday")

    assert ended.code == 2
    assert "2h" in ended.err


def test_in_a_file_each_entry_is_one_line(deals: list[str], sfsync: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")

    lines = sfsync("logs").out.splitlines()

    assert len(lines) == 4
    assert lines[0].endswith("warning: The deal has no account: fill in Account Name on the opportunity.")


def test_runs_are_listed_newest_first(deals: list[str], sfsync: Program) -> None:
    lines = sfsync("runs").out.splitlines()

    assert re.match(r" +2 +\S+ \S+ +sync +attention +.*1 pushed", lines[1])
    assert re.match(r" +1 +\S+ \S+ +sync +attention +.*1 created, 1 rejected", lines[2])
    assert [run["id"] for run in sfsync("runs", "list", "-n", "1", "--json").json["runs"]] == [2]


def test_a_run_is_shown_with_its_counts_and_entries(deals: list[str], sfsync: Program) -> None:
    ended = sfsync("runs", "show", "1")

    assert ended.code == 0
    assert "orders created 1" in ended.text
    assert "Order created with 1 line" in ended.out
    assert sfsync("runs", "show", "1", "--json").json["run"]["counts"]["orders_created"] == 1


def test_a_failed_run_tells_its_error(org: World, sfsync: Program) -> None:
    org.org.faults.add("request_limit", path="/composite", times=0)
    assert sfsync("sync").code == 75

    assert "failed" in sfsync("runs").out
    assert "API allowance is used up" in sfsync("runs", "show", "1").text


def test_an_unknown_run_is_not_found(mirror: Database, sfsync: Program) -> None:
    assert sfsync("runs", "show", "7").code == 2
    assert "Nothing has run yet" in sfsync("runs").out


@pytest.mark.process
def test_following_tells_what_comes_one_json_line_each_until_ctrl_c(
    deals: list[str], mirror: Database, sfsync: Program
) -> None:
    # What a shell starts in the background begins with Ctrl-C ignored, and so do its children.
    program = "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    command = [sys.executable, "-c", program + "from sfsync.cli.main import main; sys.exit(main())"]
    with subprocess.Popen(
        [*command, "logs", "--follow", "--json", "-n", "1"],
        env=os.environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as follower:
        assert follower.stdout is not None
        first = json.loads(follower.stdout.readline())
        sfsync("orders", "fulfil", deals[0])
        second = json.loads(follower.stdout.readline())
        follower.send_signal(signal.SIGINT)
        rest, errors = follower.communicate(timeout=30)

    assert (first["action"], second["action"]) == ("order.status_pushed", "order.status_wanted")
    assert (follower.returncode, rest) == (130, "")
    assert "Traceback" not in errors
