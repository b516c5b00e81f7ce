"""status: what has not crossed, since when, and what to do about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sfsync.store import runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.store.engine import Database
    from tests.cli.conftest import Ended
    from tests.world import World

    Program = Callable[..., Ended]


def waiting(ended: Ended) -> dict[str, int]:
    return {lane["lane"]: lane["waiting"] for lane in ended.json["lanes"] if lane["waiting"]}


def test_an_empty_mirror_says_how_to_begin(mirror: Database, sfsync: Program) -> None:
    ended = sfsync("status")

    assert ended.code == 0
    assert "`sfsync doctor`" in ended.out
    assert "Last run: none yet." in ended.out


def test_a_synced_org_has_nothing_waiting(org: World, sfsync: Program) -> None:
    org.deals(2)
    sfsync("sync")

    ended = sfsync("status")

    assert "2 won deals, 2 orders (2 Draft), 2 order lines" in ended.out
    assert "Nothing: everything has crossed." in ended.out
    assert re.search(r"Last run: 1 \(sync\), done, \d+ s ago\.", ended.out)
    assert re.search(r"API usage: \d+ of 100,000 calls in 24 hours \(0\.0%\), \d+ by sfsync", ended.text)


def test_each_lane_counts_what_waits_in_it(org: World, mirror: Database, sfsync: Program) -> None:
    first, second = org.deals(2)
    sfsync("sync")
    sfsync("orders", "activate", first)
    with mirror.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET status = 'Fulfilled' WHERE opportunity_id = '{second}'")
    sfsync("sync")
    sfsync("orders", "fulfil", first)
    org.deal(name="Bad", AccountId=None)
    org.deal(name="New")
    sfsync("pull")

    found = sfsync("status", "--json")

    assert waiting(found) == {"plan": 2, "push": 1, "held": 1}
    assert found.json["orders_by_status"] == {"Activated": 1, "Draft": 1}
    sfsync("sync")
    assert waiting(sfsync("status", "--json")) == {"rejected": 1, "held": 1}
    assert "Fix the rejected deals" in sfsync("status").out


def test_the_age_of_the_oldest_change_is_told(org: World, sfsync: Program) -> None:
    org.deal()
    sfsync("sync")
    sfsync("orders", "activate", "100")

    [lane] = [one for one in sfsync("status", "--json").json["lanes"] if one["lane"] == "push"]

    assert 0 <= lane["oldest_seconds"] < 60
    assert re.search(r"Orders with changes to be sent +1 +\d+ s", sfsync("status").out)


def test_a_status_set_by_sql_has_an_unknown_age(org: World, mirror: Database, sfsync: Program) -> None:
    org.deal()
    sfsync("sync")
    with mirror.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated'")

    assert re.search(r"Orders with changes to be sent +1 +unknown", sfsync("status").out)


def test_writes_in_doubt_wait_to_be_settled(org: World, mirror: Database, sfsync: Program) -> None:
    org.deal()
    sfsync("sync")
    with mirror.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET in_doubt = 'update'")

    assert waiting(sfsync("status", "--json")) == {"doubt": 1}


def test_a_refused_order_and_the_failed_run_are_pointed_at(org: World, sfsync: Program) -> None:
    org.deal()
    org.org.faults.add("lock_row", kind="graph")
    sfsync("sync")

    assert waiting(sfsync("status", "--json")) == {"refused": 1}
    org.org.faults.add("request_limit", path="/composite", times=0)
    assert sfsync("sync").code == 75
    ended = sfsync("status")
    assert "`sfsync runs show 2`" in ended.out
    assert "`sfsync orders retry RECORD`" in ended.text


def record_run(mirror: Database, finished: datetime, used: int) -> None:
    with mirror.begin() as tx:
        run = runs.start(tx, "default", "sync", finished)
        runs.finish(tx, run, "done", {}, runs.ApiUsage(calls=7, used=used, limit=1000), None, finished)


def test_it_is_foretold_when_the_api_allowance_is_used_up(mirror: Database, sfsync: Program) -> None:
    now = datetime.now(UTC)
    for hours_ago, used in ((3, 400), (2, 500), (1, 600)):
        record_run(mirror, now - timedelta(hours=hours_ago), used)

    api: dict[str, Any] = sfsync("status", "--json").json["api"]

    assert (api["used"], api["limit"], api["own_calls"]) == (600, 1000, 21)
    assert datetime.fromisoformat(api["used_up_at"]) - now == timedelta(hours=3)
    assert "it is used up at" in sfsync("status").text


def test_without_a_trend_nothing_is_foretold(mirror: Database, sfsync: Program) -> None:
    record_run(mirror, datetime.now(UTC), 600)

    assert sfsync("status", "--json").json["api"]["used_up_at"] is None
    assert "used up" not in sfsync("status").text
