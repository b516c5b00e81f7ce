"""Delivery: every event reaches every sink that wants it, at least once, in the order of its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.errors import SettingsError
from sfsync.store import deliveries, lease
from sfsync.sync.cycle import run_cycle
from sfsync.sync.deliver import SILENT_IN_A_ROW, deliver
from tests.mirror import mirrored
from tests.receiver import HANG_UP, SECRET, Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from tests.world import World


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def other() -> Generator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Configure a sink for a receiver."""

    def add(name: str, receiver: Receiver, **settings: str) -> None:
        settings = {"url": receiver.url, "secret": SECRET, "allow_private": "true", "timeout_seconds": "5"} | settings
        for setting, value in settings.items():
            monkeypatch.setenv(f"SFSYNC_SINKS__{name.upper()}__{setting.upper()}", value)

    return add


@pytest.fixture
def told(world: World, make_app: Callable[[Org], App], sink: Callable[..., None], receiver: Receiver) -> App:
    """The service with one sink, and one order made and activated."""
    sink("billing", receiver)
    app = make_app(world.org)
    world.deal()
    run_cycle(app)
    move(app, "Activated")
    return app


def move(app: App, status: str) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET status = '{status}'")
    run_cycle(app)


def states(app: App) -> list[tuple[str, str]]:
    return [(row.sink, row.state) for row in mirrored(app.db, "deliveries")]


def test_events_of_an_order_arrive_in_their_order_signed_and_once(told: App, receiver: Receiver) -> None:
    move(told, "Fulfilled")

    [done] = deliver(told)
    deliver(told)

    assert receiver.types == ["order.created", "order.activated", "order.fulfilled"]
    assert all(got.signed_by(SECRET) for got in receiver.got)
    assert (done.delivered, done.failed) == (3, 0)
    assert {row.state for row in mirrored(told.db, "deliveries")} == {"delivered"}


def test_a_sink_gets_only_what_it_asked_for(
    world: World, make_app: Callable[[Org], App], sink: Callable[..., None], receiver: Receiver, other: Receiver
) -> None:
    sink("billing", receiver, events="order.activated, order.fulfilled")
    sink("audit", other)
    app = make_app(world.org)
    world.deal()
    run_cycle(app)
    move(app, "Activated")

    deliver(app)

    assert receiver.types == ["order.activated"]
    assert other.types == ["order.created", "order.activated"]


def test_what_is_not_taken_is_tried_again_later_and_holds_up_the_later_events_of_its_record_only(
    told: App, world: World, receiver: Receiver
) -> None:
    world.deal(name="Another")
    run_cycle(told)
    receiver.will(500)

    deliver(told)
    assert receiver.types == ["order.created", "order.created"]  # the first again later, its activation after it

    deliver(told)
    assert len(receiver.got) == 2
    world.org.advance(60)
    deliver(told)
    assert receiver.types[2:] == ["order.created", "order.activated"]
    assert receiver.got[2].id == receiver.got[0].id


def test_a_delivery_that_is_never_taken_is_given_up_after_days_and_the_record_goes_on(
    told: App, world: World, receiver: Receiver
) -> None:
    for _ in range(11):
        receiver.will(500)
        deliver(told)
        world.org.advance(30 * 3600)
    deliver(told)

    assert [row.state for row in mirrored(told.db, "deliveries")] == ["dead", "delivered"]
    assert [row.last_error for row in mirrored(told.db, "deliveries")] == ["It answered HTTP 500.", None]
    assert any(row.action == "delivery.given_up" for row in mirrored(told.db, "journal"))


def test_an_answer_that_is_lost_after_the_event_was_taken_means_the_same_event_again(
    told: App, world: World, receiver: Receiver
) -> None:
    receiver.will(HANG_UP)
    deliver(told)
    world.org.advance(60)

    deliver(told)

    first, again, activated = receiver.got
    assert (first.id, first.body) == (again.id, again.body)
    assert activated.type == "order.activated"


def test_a_sink_that_does_not_answer_is_left_alone_after_a_few_tries_and_holds_up_nobody(
    world: World, make_app: Callable[[Org], App], sink: Callable[..., None], receiver: Receiver, other: Receiver
) -> None:
    sink("dead", receiver)
    sink("alive", other)
    app = make_app(world.org)
    world.deals(8)
    run_cycle(app)
    receiver.always = HANG_UP

    deliver(app)
    deliver(app)

    assert len(other.got) == 8
    assert len(receiver.got) == SILENT_IN_A_ROW
    with app.db.read() as tx:
        [dead] = [one for one in deliveries.standings(tx, app.org_name, ["dead", "alive"]) if one.sink == "dead"]
    assert (dead.pending, dead.failures) == (8, 1)
    receiver.always = 204
    world.org.advance(3600)
    deliver(app)
    assert {state for _, state in states(app)} == {"delivered"}


def test_a_receiver_that_asks_for_time_gets_it(told: App, world: World, receiver: Receiver) -> None:
    receiver.will(429, Retry_After="600")
    deliver(told)
    world.org.advance(500)
    deliver(told)
    assert len(receiver.got) == 1

    world.org.advance(200)
    deliver(told)

    assert len(receiver.got) == 3


def test_a_receiver_that_wants_no_more_is_paused_until_somebody_resumes_it(
    told: App, world: World, receiver: Receiver
) -> None:
    receiver.will(410)
    deliver(told)
    world.org.advance(3600)
    deliver(told)
    assert len(receiver.got) == 1

    with told.db.begin() as tx:
        assert deliveries.resume(tx, told.org_name, "billing")
    deliver(told)

    assert receiver.types == ["order.created", "order.created", "order.activated"]


def test_a_paused_sink_gets_nothing_and_all_of_it_afterwards(told: App, receiver: Receiver) -> None:
    with told.db.begin() as tx:
        assert deliveries.pause(tx, told.org_name, "billing", actor="kim", reason="moving", now=told.clock())
        assert not deliveries.pause(tx, told.org_name, "billing", actor="lee", reason=None, now=told.clock())
    deliver(told)
    assert receiver.got == []

    with told.db.begin() as tx:
        assert deliveries.resume(tx, told.org_name, "billing")
    deliver(told)

    assert receiver.types == ["order.created", "order.activated"]


def test_what_was_delivered_is_delivered_again_on_request_under_its_old_id(told: App, receiver: Receiver) -> None:
    deliver(told)
    with told.db.begin() as tx:
        assert deliveries.replay(tx, told.org_name, told.sinks, told.clock(), event_id=receiver.got[1].id) == 1
    deliver(told)
    with told.db.begin() as tx:
        assert deliveries.replay(tx, told.org_name, told.sinks, told.clock(), since=told.clock()) == 2
    deliver(told)

    ids = [got.id for got in receiver.got]
    assert ids == [ids[0], ids[1], ids[1], ids[0], ids[1]]


@pytest.mark.databases
def test_a_sink_that_another_process_serves_is_left_to_it(told: App, receiver: Receiver) -> None:
    from datetime import timedelta  # noqa: PLC0415

    with lease.hold(told.db, "default.billing.sink", wait=timedelta(0), who="another"):
        [done] = deliver(told)

    assert done.busy
    assert receiver.got == []


def test_a_sink_without_a_secret_stops_all_before_anything_is_sent(
    world: World, make_app: Callable[[Org], App], sink: Callable[..., None], receiver: Receiver, other: Receiver
) -> None:
    sink("good", other)
    sink("bad", receiver, secret="")
    app = make_app(world.org)
    world.deal()
    run_cycle(app)

    with pytest.raises(SettingsError, match=r"sinks\.bad\.secret is not set"):
        deliver(app)

    assert (receiver.got, other.got) == ([], [])


def test_without_sinks_there_is_nothing_to_do(world: World, app: App) -> None:
    world.deal()
    run_cycle(app)

    assert deliver(app) == []


def test_a_stop_comes_between_two_events_and_loses_nothing(told: App, receiver: Receiver) -> None:
    [done] = deliver(told, stopping=lambda: len(receiver.got) == 1)
    assert (done.delivered, receiver.types) == (1, ["order.created"])

    deliver(told)

    assert receiver.types == ["order.created", "order.activated"]
