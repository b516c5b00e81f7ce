"""Answers that get lost, and processes that die: still exactly one order per deal."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.errors import OrgUnavailable
from sfsync.salesforce import create
from sfsync.sync import generate
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from tests.world import World

pytestmark = pytest.mark.untraced

WRITES = ("composite/graph", "commerce/sale/order", "composite/sobjects")


class Killed(BaseException):
    """The process dies here; nothing catches it."""


def whole(world: World, app: App) -> None:
    """Run cycles, as the daemon would, until nothing is in the way any more; what is whole then stays so."""
    for _ in range(4):
        was_whole = is_whole(world, app)
        with suppress(OrgUnavailable):
            run_cycle(app)
        if was_whole:
            break
        # Longer than whatever waits to be tried again, and too short for new fields to be looked for each time.
        world.org.advance(1150)
    assert world.amounts_agree()
    assert is_whole(world, app)


def is_whole(world: World, app: App) -> bool:
    """Whether every deal has its order, and the mirror has all of it and doubts nothing."""
    rows = mirrored(app.db, "orders")
    return (
        world.amounts_agree()
        and {row.key: row.sf_id for row in rows} == {order["SFSync_Key__c"]: order["Id"] for order in world.orders()}
        and {row.in_doubt for row in rows} == {None}
        and all(item.sf_id for item in mirrored(app.db, "order_items"))
    )


@pytest.fixture
def rich(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> World:
    """A status to push, deals for two packs, and one that is too big for a pack: the packs are small here."""
    monkeypatch.setattr(create, "GRAPHS_PER_CALL", 3)
    monkeypatch.setattr(generate, "GRAPH_LINES", 5)
    world.deals(1)
    run_cycle(app)
    [order] = mirrored(app.db, "orders")
    wanted(app, order.id, "Activated")
    world.org.advance(1200)
    world.deals(5, lines=2)
    world.deal(*((1, 10),) * 6)
    world.org.calls.clear()
    return world


def wanted(app: App, order: int, status: str) -> None:
    """Want a status as another program would: by plain SQL."""
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET status = '{status}' WHERE id = {order}")


@pytest.mark.parametrize("fault", ["lost_answer", "truncated", "html_503", "reset"])
@pytest.mark.parametrize("nth", [1, 2])
def test_the_answer_to_a_create_is_lost_and_no_order_is_doubled(rich: World, app: App, fault: str, nth: int) -> None:
    rich.org.faults.add(fault, path="composite/graph", nth=nth)

    run_cycle(app)

    whole(rich, app)


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("fault", ["lost_answer", "reset"])
def test_every_answer_to_one_kind_of_write_is_lost_for_a_while(rich: World, app: App, path: str, fault: str) -> None:
    rich.org.faults.add(fault, path=path, times=3)

    with suppress(OrgUnavailable):
        run_cycle(app)
    rich.org.advance(120)  # an order that was not answered three times lets others go first for a minute

    whole(rich, app)


def test_an_answer_lost_in_each_call_in_turn_changes_nothing_in_the_end(rich: World, app: App) -> None:
    calls = _calls_of_a_cycle(rich, app)
    for nth in range(1, calls + 2):
        rich.deals(1)
        rich.org.faults.add("lost_answer", nth=nth)
        with suppress(OrgUnavailable):
            run_cycle(app)
        rich.org.faults.clear()
    assert calls > 5

    whole(rich, app)


@pytest.mark.databases
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_that_dies_at_any_call_leaves_what_the_next_one_finishes(
    world: World, make_app: Callable[[Org], App], moment: str
) -> None:
    world.deals(1)
    run_cycle(make_app(world.org))
    deaths = 0
    for number in range(1, 40):
        world.org.advance(1200)
        world.deals(1, lines=2)
        app = make_app(world.org)
        hook = _die_at(number, moment)
        world.org.on_call.append(hook)
        try:
            run_cycle(app)
        except Killed:
            deaths += 1
        else:
            break
        finally:
            world.org.on_call.remove(hook)
        whole(world, make_app(world.org))
    assert deaths > 5


@pytest.mark.parametrize("after", [1, 3])
def test_an_order_whose_creation_is_still_running_is_not_made_twice(world: World, app: App, after: int) -> None:
    world.deals(3)
    world.org.faults.add("late_commit", path="composite/graph", after=after)

    whole(world, app)


def test_a_locked_account_delays_its_order_and_no_other(world: World, app: App) -> None:
    world.deals(5)
    world.org.faults.add("lock_row", path="composite/graph")

    report = run_cycle(app)

    assert report.counts["orders_refused"] >= 1
    world.org.advance(600)
    whole(world, app)


def test_an_expired_session_in_the_middle_is_renewed(world: World, app: App) -> None:
    world.deals(3)
    world.org.faults.add("expired_token", nth=3)

    run_cycle(app)

    assert world.amounts_agree()


def test_when_the_allowance_is_used_up_the_run_ends_with_try_later_and_loses_nothing(world: World, app: App) -> None:
    world.deals(3)
    world.org.faults.add("request_limit", path="composite/graph")

    with pytest.raises(OrgUnavailable) as raised:
        run_cycle(app)

    assert raised.value.exit_code == 75
    world.org.faults.clear()
    whole(world, app)


def _calls_of_a_cycle(world: World, app: App) -> int:
    before = world.org.calls.count()
    run_cycle(app)
    return world.org.calls.count() - before


def _die_at(number: int, moment: str) -> Any:
    seen = 0

    def hook(call: object, when: str) -> None:
        nonlocal seen
        del call
        if when == moment:
            seen += 1
            if seen == number:
                raise Killed

    return hook
