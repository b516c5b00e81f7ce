"""The demo's org is what it says it is, and sfsync makes of it what was counted beforehand."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.app import App
from sfsync.config import load_settings
from sfsync.demo.world import OPPORTUNITIES, WINS, World, build, new_org
from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.store.engine import open_database
from sfsync.sync.cycle import run_cycle

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.emulator.org import Org

TODAY = date(2026, 3, 2)
SEED = 11


@pytest.fixture(scope="module")
def demo() -> tuple[Org, World]:
    """The demo's org, made once: the tests here leave its deals as they are."""
    org = new_org()
    return org, build(org, SEED, TODAY)


def test_the_demo_org_is_believable_and_old(demo: tuple[Org, World]) -> None:
    org, world = demo

    deals = org.query("SELECT Id, IsWon, Amount, SystemModstamp, AccountId FROM Opportunity")

    assert (len(deals), sum(deal["IsWon"] for deal in deals)) == (OPPORTUNITIES, WINS)
    assert world.expected.orderable + world.expected.adopted + world.expected.rejected == WINS
    assert max(deal["SystemModstamp"] for deal in deals) < TODAY.isoformat()
    assert min(deal["SystemModstamp"] for deal in deals) > (TODAY - timedelta(days=400)).isoformat()
    accounts = org.query("SELECT Name FROM Account")
    assert {"Cobalt Ventures", "Apex Manufacturing", "NovaTech Software"} < {account["Name"] for account in accounts}
    assert len(accounts) > 60
    sold = {line["OpportunityId"] for line in org.query("SELECT OpportunityId FROM OpportunityLineItem")}
    amounts = {deal["Id"]: Decimal(str(deal["Amount"])) for deal in deals if deal["Id"] in sold}
    assert amounts == {deal: world.deals[deal].amount for deal in sold}


def test_the_same_seed_and_day_make_the_same_org(demo: tuple[Org, World]) -> None:
    _, world = demo
    org = new_org()

    again = build(org, SEED, TODAY)

    assert again == world


def test_a_cycle_makes_of_the_demo_org_what_was_counted_beforehand(
    demo: tuple[Org, World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    org, world = demo
    monkeypatch.setenv("SFSYNC_SALESFORCE__LOGIN_URL", "https://org.example")
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_ID", "3MVG9sfsyncEMULATOR")
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_SECRET", "emulator-secret")
    db = open_database(f"sqlite:///{tmp_path / 'sfsync.db'}")

    report = run_cycle(App(load_settings(), "default", db, clock=org.clock, adapter=EmulatorAdapter(org)))
    db.close()

    expected, named = world.expected, world.named
    assert report.counts["orders_created"] == expected.orderable
    assert report.counts["orders_adopted"] == expected.adopted
    assert report.counts["lines_created"] == expected.lines
    reasons = {(problem.record, problem.code) for problem in report.attention}
    assert reasons == {(made.sf_id, code) for made in world.deals.values() if made.is_won for code in made.reasons}
    assert Counter(code for _, code in reasons) == expected.reasons
    orders = org.query("SELECT Id, OpportunityId, TotalAmount FROM Order")
    ordered = {order["OpportunityId"]: Decimal(str(order["TotalAmount"])) for order in orders}
    assert len(orders) == len(ordered) == expected.orderable + expected.adopted
    assert ordered == {deal: world.deals[deal].amount for deal in ordered}
    assert named.reopened not in ordered
    assert {named.flow_order, named.by_hand_order} <= {order["Id"] for order in orders}
