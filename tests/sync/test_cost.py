"""What a cycle costs the org and the database, counted, not timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.demo.bulk import fill
from sfsync.sync.cycle import run_cycle
from tests.mirror import everything_but_runs
from tests.world import new_org

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.org import Org


pytestmark = pytest.mark.untraced


@pytest.fixture
def thousand(many: int) -> Org:
    """1,000 won deals of 5 lines."""
    org = new_org()
    fill(org, many, 5)
    return org


def test_a_thousand_deals_of_five_lines_cost_thirty_calls_and_an_idle_cycle_two(
    thousand: Org, many: int, make_app: Callable[[Org], App]
) -> None:
    app = make_app(thousand)

    report = run_cycle(app)

    assert thousand.calls.count() <= 30
    assert app.db.statements <= 350
    assert report.counts["orders_created"] == many
    deals = {d["Id"]: d["Amount"] for d in thousand.query("SELECT Id, Amount FROM Opportunity WHERE IsWon = true")}
    orders = thousand.query("SELECT OpportunityId, TotalAmount FROM Order")
    assert len(orders) == many
    assert {o["OpportunityId"]: o["TotalAmount"] for o in orders} == deals

    thousand.calls.clear()
    before, statements = everything_but_runs(app.db), app.db.statements
    run_cycle(app)

    assert thousand.calls.count() <= 2
    assert app.db.statements - statements <= 42
    assert everything_but_runs(app.db) == before
