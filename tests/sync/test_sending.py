"""Updates that are not answered hold up no others; strict updates never overwrite what was changed a moment ago."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sfsync.errors import LeaseHeld, OrgUnavailable
from sfsync.store import lease
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.calls import Call
    from sfsync.emulator.org import Org
    from tests.world import World


def sql(app: App, sets: str) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET {sets}")


@pytest.fixture
def strict(world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("SFSYNC_SYNC__STRICT", "true")
    return make_app(world.org)


def sent(app: App) -> set[str]:
    """The orders that are in doubt at this moment: those of the call that the org is about to get."""
    return {row.sf_id for row in mirrored(app.db, "orders", in_doubt="update")}


def breaks_down(world: World, app: App, bad: str) -> None:
    """Let every connection break that would update this order, before the org does anything."""

    def hook(call: Call, moment: str) -> None:
        if moment == "before" and call.method == "PATCH" and bad in sent(app):
            raise requests.ConnectionError

    world.org.on_call.append(hook)


def test_one_order_that_is_never_answered_holds_up_no_other(world: World, app: App) -> None:
    world.deals(12)
    run_cycle(app)
    world.org.advance(1200)
    bad = world.orders()[0]["Id"]
    sql(app, "po_number = 'PO-7'")
    breaks_down(world, app, bad)

    report = run_cycle(app)

    found = {o["Id"]: world.org.get("Order", o["Id"])["PoNumber"] for o in world.orders()}
    assert {order for order, po in found.items() if po != "PO-7"} == {bad}
    assert [problem.code for problem in report.attention] == ["not_answered"]
    [row] = mirrored(app.db, "orders", sf_id=bad)
    assert row.retry_at > app.clock()

    before = world.org.calls.count()
    run_cycle(app)
    assert world.org.calls.count() - before <= 3  # it is left alone until then

    world.org.on_call.clear()
    world.org.advance(600)
    assert run_cycle(app).exit_code == 0
    assert world.org.get("Order", bad)["PoNumber"] == "PO-7"


def test_an_org_that_takes_no_updates_at_all_is_left_alone_soon(world: World, app: App) -> None:
    world.deals(8)
    run_cycle(app)
    sql(app, "po_number = 'PO-7'")
    world.org.faults.add("reset", method="PATCH", times=100)
    world.org.calls.clear()

    with pytest.raises(OrgUnavailable):
        run_cycle(app)

    assert world.org.calls.count() <= 30
    world.org.faults.clear()
    assert run_cycle(app).exit_code == 0


def test_orders_of_one_account_travel_in_one_call(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfsync.sync.sending.UPDATES_PER_CALL", 3)
    other = world.org.insert("Account", {"Name": "Other"})
    for account in (world.account, other, world.account, other, world.account):
        world.deal(AccountId=account)
    run_cycle(app)
    sql(app, "po_number = 'PO-7'")
    accounts: list[set[str]] = []

    def hook(call: Call, moment: str) -> None:
        if moment == "before" and call.method == "PATCH":
            accounts.append({row.account_id for row in mirrored(app.db, "orders", in_doubt="update")})

    world.org.on_call.append(hook)
    run_cycle(app)

    assert sorted(len(one) for one in accounts) == [1, 1]
    assert set.union(*accounts) == {world.account, other}


def test_an_account_with_more_orders_than_fit_takes_several_calls_one_after_the_other(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfsync.sync.sending.UPDATES_PER_CALL", 2)
    for _ in range(5):
        world.deal()
    run_cycle(app)
    sql(app, "po_number = 'PO-7'")
    world.org.calls.clear()

    assert run_cycle(app).exit_code == 0
    assert sum(call.method == "PATCH" for call in world.org.calls) == 3


def test_two_processes_never_push_at_the_same_time(world: World, make_app: Callable[[Org], App]) -> None:
    app = make_app(world.org)
    impatient = replace(app, settings=app.settings.model_copy(update={"sync": app.settings.sync.model_copy(
        update={"lease_wait_seconds": 0})}))  # fmt: skip
    with lease.hold(app.db, "default", wait=timedelta(0), who="another"), pytest.raises(LeaseHeld):
        run_cycle(impatient)


@pytest.fixture
def order(world: World, app: App) -> str:
    deal = world.deal()
    run_cycle(app)
    world.org.advance(1200)
    world.org.calls.clear()
    return str(world.orders(deal)[0]["Id"])


def test_strict_updates_go_through_fields_first_then_the_activation(world: World, strict: App, order: str) -> None:
    sql(strict, "po_number = 'PO-7', status = 'Activated'")

    report = run_cycle(strict)

    assert (report.exit_code, report.counts["orders_pushed"]) == (0, 2)
    found = world.org.get("Order", order)
    assert (found["PoNumber"], found["Status"]) == ("PO-7", "Activated")


def when_sent(world: World, app: App, act: Callable[[], Any], *, times: int = 1) -> None:
    """Have somebody act in the org just before it gets a strict update."""
    left = [times]

    def hook(call: Call, moment: str) -> None:
        if moment == "before" and left[0] and sent(app):
            left[0] -= 1
            world.org.advance(2)
            act()

    world.org.on_call.append(hook)


def test_a_strict_update_does_not_overwrite_what_was_changed_after_the_look(
    world: World, strict: App, order: str
) -> None:
    sql(strict, "po_number = 'ours'")
    when_sent(world, strict, lambda: world.org.update("Order", order, {"PoNumber": "theirs"}))

    report = run_cycle(strict)

    assert [problem.kind for problem in report.attention] == ["conflict"]
    assert world.org.get("Order", order)["PoNumber"] == "theirs"


def test_a_strict_update_is_sent_again_when_the_change_was_of_another_field(
    world: World, strict: App, order: str
) -> None:
    sql(strict, "po_number = 'ours'")
    when_sent(world, strict, lambda: world.org.update("Order", order, {"Name": "another"}))

    assert run_cycle(strict).exit_code == 0
    assert world.org.get("Order", order)["PoNumber"] == "ours"


def test_an_order_that_is_changed_again_and_again_waits_for_a_later_cycle(
    world: World, strict: App, order: str
) -> None:
    sql(strict, "po_number = 'ours'")
    when_sent(world, strict, lambda: world.org.update("Order", order, {"Name": "another"}), times=99)

    report = run_cycle(strict)

    assert [problem.code for problem in report.attention] == ["PRECONDITION_FAILED"]
    world.org.on_call.clear()
    world.org.advance(600)
    assert run_cycle(strict).exit_code == 0
