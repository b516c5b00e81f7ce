"""The lanes count what has not crossed, each thing in one lane, with the age of the oldest."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain.model import OrderPlan, Problem
from sfsync.domain.planning import PlanPolicy, plan_order
from sfsync.domain.statuses import Status, StatusMap
from sfsync.store import lanes, runs
from sfsync.store.deals import DueFilter, set_problems
from sfsync.store.opportunities import save_deals
from sfsync.store.orders import save_orders
from sfsync.store.planned import save_plans
from sfsync.store.tables import orders
from sfsync.store.wants import want
from tests.builders import DEAL_ID, NOW, TODAY, deal, order
from tests.mirror import mirrored

if TYPE_CHECKING:
    from sfsync.store.engine import Database

STATUSES = StatusMap({status: status.value for status in Status})
EVERYTHING = DueFilter()


def waiting(db: Database, wanted: DueFilter = EVERYTHING) -> dict[str, Any]:
    with db.read() as tx:
        return {lane.name: (lane.waiting, lane.oldest) for lane in lanes.lanes(tx, "default", wanted) if lane.waiting}


def change(db: Database, **values: Any) -> None:
    with db.begin() as tx:
        tx.execute(orders.update().values(**values))


@pytest.fixture
def new_deal(db: Database) -> Database:
    with db.begin() as tx:
        save_deals(tx, "default", [deal()])
    return db


@pytest.fixture
def planned(new_deal: Database) -> Database:
    plan = plan_order(deal(), policy=PlanPolicy(), today=TODAY)
    assert isinstance(plan, OrderPlan)
    with new_deal.begin() as tx:
        save_plans(tx, "default", [plan])
    return new_deal


@pytest.fixture
def in_org(db: Database) -> Database:
    with db.begin() as tx:
        save_orders(tx, "default", [order()], STATUSES.to_local, NOW)
    return db


def test_a_new_deal_waits_to_be_planned_unless_the_settings_leave_it_out(new_deal: Database) -> None:
    assert waiting(new_deal) == {"plan": (1, NOW)}
    assert waiting(new_deal, DueFilter(since=date(2026, 2, 28))) == {}
    assert waiting(new_deal, DueFilter(types=("Renewal",))) == {}
    assert waiting(new_deal, DueFilter(since=date(2026, 2, 27), types=("",))) == {"plan": (1, NOW)}


def test_a_rejected_deal_waits_since_it_was_rejected(new_deal: Database) -> None:
    later = NOW + timedelta(hours=1)
    with new_deal.begin() as tx:
        set_problems(tx, "default", {DEAL_ID: (Problem("no_account", "No account."),)}, later)

    assert waiting(new_deal) == {"rejected": (1, later)}


def test_a_planned_order_waits_since_its_deal_was_changed(planned: Database) -> None:
    assert waiting(planned) == {"create": (1, NOW)}


def test_a_refused_order_waits_since_it_was_refused(planned: Database) -> None:
    change(planned, problem_code="X", problem="No.", problem_at=NOW)

    assert waiting(planned) == {"refused": (1, NOW)}


@pytest.mark.parametrize("kind", ["create", "update"])
def test_a_write_in_doubt_waits_since_it_was_sent(planned: Database, kind: str) -> None:
    change(planned, in_doubt=kind, sent_at=NOW)

    assert waiting(planned) == {"doubt": (1, NOW)}


def test_a_wanted_status_waits_since_it_was_wanted_for_the_last_time(in_org: Database) -> None:
    [row] = mirrored(in_org, "orders")
    for minutes, status in enumerate((Status.ACTIVATED, Status.CANCELLED)):
        with in_org.begin() as tx:
            want(tx, "default", row.id, status, actor="anna", now=NOW + timedelta(minutes=minutes))

    assert waiting(in_org) == {"push": (1, NOW + timedelta(minutes=1))}


def test_a_status_set_by_sql_waits_for_nobody_knows_how_long(in_org: Database) -> None:
    change(in_org, status="Activated")

    assert waiting(in_org) == {"push": (1, None)}


def test_a_refused_status_is_held_until_another_one_is_wanted(in_org: Database) -> None:
    change(in_org, status="Activated", problem_code="X", problem="No.", problem_want="Activated", problem_at=NOW)
    assert waiting(in_org) == {"held": (1, NOW)}

    change(in_org, status="Cancelled")

    assert waiting(in_org) == {"push": (1, None)}


def test_an_order_with_another_problem_is_held_and_its_status_is_sent_all_the_same(in_org: Database) -> None:
    change(in_org, problem_code="total_mismatch", problem="They differ.", problem_at=NOW)
    assert waiting(in_org) == {"held": (1, NOW)}

    change(in_org, status="Activated")

    assert waiting(in_org) == {"push": (1, None), "held": (1, NOW)}


def test_deleted_orders_wait_for_nothing(in_org: Database) -> None:
    change(in_org, status="Activated", is_deleted=True)

    assert waiting(in_org) == {}


def test_orders_are_counted_by_the_status_that_the_org_has(in_org: Database) -> None:
    change(in_org, status="Activated")

    with in_org.read() as tx:
        assert lanes.statuses(tx, "default") == {"Draft": 1}


def test_api_usage_is_that_of_the_last_day(db: Database) -> None:
    for hours, used in ((30, 900), (2, 100), (1, None)):
        with db.begin() as tx:
            at = NOW - timedelta(hours=hours)
            run = runs.start(tx, "default", "sync", at)
            runs.finish(tx, run, "done", {}, runs.ApiUsage(5, used, used and 1000), None, at)

    with db.read() as tx:
        samples, own = lanes.usage(tx, "default", NOW)

    assert [(sample.used, sample.limit) for sample in samples] == [(100, 1000)]
    assert own == 10
