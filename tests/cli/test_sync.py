"""sync, plan and the arrows: what they do, what they print, and what they end with."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sfsync.store import lease
from tests.cli.conftest import WIDTH
from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.store.engine import Database
    from tests.cli.conftest import Ended
    from tests.world import World

    Program = Callable[..., Ended]

DATABASE_TABLES = ("opportunities", "orders", "order_items", "runs", "journal", "cursors", "schema_cache")


def test_sync_creates_the_orders_and_says_so(org: World, sfsync: Program) -> None:
    org.deals(3, lines=2)

    ended = sfsync("sync")

    assert ended.code == 0
    assert len(org.orders()) == 3
    assert "Created 3 orders with 6 lines." in ended.out
    assert re.search(r"Sync of default done: .* calls? to the org \(.*graph 1.*\); run 1", ended.text)


def test_a_cycle_in_which_nothing_happens_says_that(org: World, sfsync: Program) -> None:
    sfsync("sync")

    assert "Nothing had to be done." in sfsync("sync").out


def test_sync_tells_of_every_problem_of_every_rejected_deal_within_the_width(org: World, sfsync: Program) -> None:
    bad = org.deal(name="Apex [bold]Manufacturing[/bold] and everything that belongs to it", AccountId=None)
    empty = org.deal(name="Empty", AccountId=None, won=False)
    for row in org.org.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{empty}'"):
        org.org.delete("OpportunityLineItem", row["Id"])
    org.win(empty)

    ended = sfsync("sync")

    assert ended.code == 1
    assert "Needs attention: 2 rejected deals" in ended.out
    assert bad in ended.out
    assert "[bold]Manufacturing[/bold]" in ended.out
    assert ended.out.count("has no account") == 2
    assert ended.out.count("has no products") == 1
    assert max(len(line) for line in ended.out.splitlines()) <= WIDTH


def test_a_long_list_of_problems_is_cut_and_says_where_the_rest_is(org: World, sfsync: Program) -> None:
    for number in range(23):
        org.deal(name=f"Deal {number}", AccountId=None)

    ended = sfsync("sync")

    assert "and 3 more: `sfsync status --all`" in ended.text
    assert sfsync("status", "--all").out.count("has no account") == 23


def test_json_is_one_document_and_nothing_else(org: World, sfsync: Program) -> None:
    good = org.deal((3, 33.33), name="Good")
    bad = org.deal(name="Bad", AccountId=None)

    ended = sfsync("sync", "--json")

    assert (ended.code, ended.err) == (1, "")
    report = ended.json
    assert (report["exit_code"], report["counts"]["orders_created"]) == (1, 1)
    assert [(one["record"], one["code"]) for one in report["attention"]] == [(bad, "no_account")]
    assert report["attention"][0]["since"].endswith("Z")
    order = sfsync("orders", "show", good, "--json").json["order"]
    assert (order["total_amount"], order["effective_date"]) == ("99.99", "2026-03-01")


@pytest.mark.parametrize("command", [("plan",), ("sync", "--dry-run")])
def test_plan_shows_what_would_be_done_and_does_nothing(
    org: World, mirror: Database, sfsync: Program, command: tuple[str, ...]
) -> None:
    deal = org.deal((2, 100), name="Renewal")
    org.deal(name="Bad", AccountId=None)

    ended = sfsync(*command)

    assert ended.code == 1
    assert "Would create 1 order with 1 line" in ended.out
    assert re.search(rf"{deal}-1 +Renewal +2026-03-01 +1 +200\.00", ended.out)
    assert "has no account" in ended.out
    assert org.orders() == []
    assert [table for table in DATABASE_TABLES if mirrored(mirror, table)] == []


def test_plan_shows_the_statuses_that_would_be_sent(org: World, sfsync: Program) -> None:
    org.deal()
    sfsync("sync")
    sfsync("orders", "activate", "100")

    ended = sfsync("plan")

    assert ended.code == 0
    assert "Would send changes of 1 order" in ended.out
    assert re.search(r"00000100 +Draft +Activated", ended.out)
    assert sfsync("plan", "--json").json["would_push"][0]["status"] == "Activated"


def test_plan_of_a_synced_org_has_nothing_to_do(org: World, sfsync: Program) -> None:
    org.deal()
    sfsync("sync")

    assert "A cycle would create and send nothing." in sfsync("plan").out


def test_sync_of_one_opportunity_leaves_the_others_alone(org: World, sfsync: Program) -> None:
    one, other = org.deals(2)

    ended = sfsync("sync", "--opportunity", one[:15])

    assert ended.code == 0
    assert (len(org.orders(one)), len(org.orders(other))) == (1, 0)


def test_what_is_no_opportunity_is_refused_before_the_org_is_asked(org: World, sfsync: Program) -> None:
    ended = sfsync("sync", "--opportunity", "00000100")

    assert ended.code == 2
    assert "no Opportunity Id" in ended.err
    assert org.org.calls.count() == 0


def test_the_arrows_one_by_one_come_to_the_same_as_a_cycle(org: World, sfsync: Program) -> None:
    deal = org.deal()

    assert sfsync("pull").code == 0
    assert org.orders() == []
    assert "Created 1 order with 1 line." in sfsync("generate").out
    [order] = org.orders(deal)
    sfsync("orders", "activate", order["OrderNumber"])
    assert "Pushed the status of 1 order." in sfsync("push").out
    assert org.orders(deal)[0]["Status"] == "Activated"
    assert "Nothing had to be done." in sfsync("settle").out


def test_progress_is_told_on_stderr_in_plain_lines(org: World, sfsync: Program) -> None:
    org.deals(2)

    ended = sfsync("sync")

    lines = ended.err.splitlines()
    assert lines[0].startswith("Reading: ")
    assert "Creating: 2 orders" in lines
    assert lines[-1].startswith("Reading again: ")


def test_an_org_that_cannot_be_reached_is_for_later(
    org: World, sfsync: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_SALESFORCE__LOGIN_URL", "https://localhost:9")

    ended = sfsync("sync", "--json")

    assert ended.code == 75
    assert ended.json["error"]["code"] == "org_unavailable"


def test_a_second_sync_at_once_is_told_who_is_at_work(org: World, mirror: Database, sfsync: Program) -> None:
    with lease.hold(mirror, "default", wait=timedelta(0), who="sync"):
        ended = sfsync("sync")

    assert ended.code == 75
    assert "another sfsync process" in ended.err
    assert org.orders() == []


def test_missing_credentials_are_a_matter_of_settings(mirror: Database, sfsync: Program) -> None:
    ended = sfsync("sync")

    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert "login_url" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.process
def test_on_a_terminal_the_progress_is_a_bar_with_counts(org: World) -> None:
    org.deals(2)
    program = "import sys; from sfsync.cli.main import main; sys.exit(main(['sync']))"
    terminal, far_end = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=far_end, text=True) as done:
        os.close(far_end)
        # A terminal takes some 4,000 characters that nobody has read: then the program would wait.
        with ThreadPoolExecutor(1) as reader:
            reading = reader.submit(_everything, terminal)
            out, _ = done.communicate(timeout=60)
            shown = reading.result()

    assert (done.returncode, "Created 2 orders" in out) == (0, True)
    assert "Reading" in shown
    assert "2 orders" in shown
    assert "\x1b" not in out


def _everything(terminal: int) -> str:
    """What a program writes to a terminal until it ends."""
    parts: list[bytes] = []
    # Linux says that the other end is gone by an error.
    with suppress(OSError), os.fdopen(terminal, "rb", buffering=0) as screen:
        while part := screen.read(1 << 16):
            parts.append(part)
    return b"".join(parts).decode()
