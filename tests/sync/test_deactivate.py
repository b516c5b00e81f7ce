"""An order goes back to Draft only where somebody asked for just that; every request that is sent is looked at."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain.statuses import Status
from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.emulator.settings import StatusValue
from sfsync.errors import UsageError
from sfsync.store import conflicts, wants
from sfsync.store.orders import save_orders
from sfsync.sync.cycle import run_cycle
from tests.builders import NOW, item
from tests.builders import order as org_order
from tests.mirror import mirrored
from tests.world import STATUSES, World, just_before, new_org

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from sfsync.store.engine import Database

LOOK = "composite/sobjects/Order"
WRITE = "composite/sobjects"


class Watched(EmulatorAdapter):
    """Notes each order that is no draft and to which a Draft-category value is sent, by whatever kind of call."""

    def __init__(self, org: Org) -> None:
        super().__init__(org)
        self._org = org
        self.statuses_sent = 0
        self.deactivations: list[str] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if request.method in ("POST", "PATCH", "PUT") and request.body and b'"Status"' in _bytes(request.body):
            drafts = {value.api_name for value in self._org.settings.order_statuses if value.code == "Draft"}
            for sf_id, status in _statuses(json.loads(request.body), request.path_url):
                self.statuses_sent += 1
                if status in drafts and self._org.get("Order", sf_id)["StatusCode"] != "Draft":
                    self.deactivations.append(sf_id)
        return super().send(request, *args, **kwargs)


def _bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


def _statuses(body: Any, url: str) -> Iterator[tuple[str, str]]:
    """The (order, status) that a body sends, however deep, to orders that exist: named inside, or by the URL."""
    if isinstance(body, list):
        for one in body:
            yield from _statuses(one, url)
    elif isinstance(body, dict):
        url = body.get("url", url)
        sf_id = body.get("id") or body.get("Id") or url.rsplit("/", 1)[-1]
        if isinstance(body.get("Status"), str) and str(sf_id).startswith("801"):
            yield str(sf_id), body["Status"]
        for one in body.values():
            yield from _statuses(one, url)


@pytest.fixture
def watched(world: World, app: App) -> tuple[App, Watched]:
    adapter = Watched(world.org)
    return replace(app, adapter=adapter), adapter


@pytest.fixture
def order(world: World, app: App) -> str:
    """The Id of an activated order in the org, mirrored."""
    deal = world.deal()
    run_cycle(app)
    sql(app, "status = 'Activated'")
    run_cycle(app)
    world.org.advance(1200)
    return str(world.orders(deal)[0]["Id"])


def sql(app: App, change: str) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET {change}")


def ask(app: App, reason: str | None = None) -> bool:
    [row] = mirrored(app.db, "orders", is_reduction=False)
    with app.db.begin() as tx:
        return wants.deactivate(tx, "default", row.id, actor="ada", reason=reason, now=app.clock())


def reduce(world: World, order: str) -> str:
    """Make a draft reduction order in the org, as a person in Classic does."""
    reduction = world.order(IsReductionOrder=True, OriginalOrderId=order)
    [line] = world.org.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{order}'")
    world.item(reduction, Quantity=-1, OriginalOrderItemId=line["Id"])
    return reduction


def test_a_deactivation_goes_out_once_and_everybody_hears_of_it(
    world: World, watched: tuple[App, Watched], order: str
) -> None:
    app, adapter = watched
    assert ask(app, "wrong price book")
    assert not ask(app)

    report = run_cycle(app)
    run_cycle(app)

    assert (report.exit_code, adapter.deactivations) == (0, [order])
    assert world.org.get("Order", order)["Status"] == "Draft"
    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status, row.deactivate_by, row.deactivate_at) == ("Draft", "Draft", None, None)
    [asked] = mirrored(app.db, "journal", action="order.deactivation_wanted")
    assert (asked.actor, asked.details["reason"], asked.at) == ("ada", "wrong price book", app.clock())
    pushed = mirrored(app.db, "journal", action="order.status_pushed")[-1]
    assert (pushed.actor, pushed.message) == ("ada", "Status Activated → Draft is in the org.")
    events = mirrored(app.db, "events")
    assert [event.type for event in events] == ["order.created", "order.activated", "order.deactivated"]


def test_the_request_is_good_for_one_deactivation_and_the_first_activation_is_remembered(
    world: World, watched: tuple[App, Watched], order: str
) -> None:
    app, adapter = watched
    first = mirrored(app.db, "orders")[0].first_activated_at
    ask(app)
    run_cycle(app)
    world.org.advance(1200)
    world.org.update("Order", order, {"Status": "Activated"})
    run_cycle(app)

    sql(app, "status = 'Draft'")
    report = run_cycle(app)

    assert ([problem.code for problem in report.attention], adapter.deactivations) == (["illegal_move"], [order])
    assert "`sfsync orders deactivate`" in report.attention[0].message
    [row] = mirrored(app.db, "orders")
    assert row.org_status == "Activated"
    assert first is not None
    assert row.first_activated_at == first < row.activated_at


@pytest.mark.parametrize("seen", ["by the pull", "by the look before the push"])
def test_a_status_that_the_org_has_got_since_wins_over_the_request(
    world: World, watched: tuple[App, Watched], order: str, seen: str
) -> None:
    app, adapter = watched
    ask(app)
    if seen == "by the pull":
        world.org.update("Order", order, {"Status": "Fulfilled"})
    else:
        just_before(world.org, LOOK, lambda: world.org.update("Order", order, {"Status": "Fulfilled"}))

    report = run_cycle(app)

    assert (report.exit_code, adapter.deactivations, adapter.statuses_sent) == (0, [], 0)
    assert world.org.get("Order", order)["Status"] == "Fulfilled"
    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status, row.deactivate_at) == ("Fulfilled", "Fulfilled", None)
    [told] = mirrored(app.db, "journal", action="order.conflict")
    assert (told.level, told.details["wanted"], told.details["in_org"]) == ("warning", "Draft", "Fulfilled")


@pytest.mark.parametrize("fault", ["lost_answer", "reset"])
def test_a_deactivation_whose_answer_is_lost_is_settled_by_reading(
    world: World, watched: tuple[App, Watched], order: str, fault: str
) -> None:
    app, adapter = watched
    ask(app)
    world.org.faults.add(fault, method="PATCH", path=WRITE)

    report = run_cycle(app)

    assert (report.exit_code, report.counts["answers_lost"]) == (0, 1)
    assert set(adapter.deactivations) == {order}
    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status, row.deactivate_at, row.in_doubt) == ("Draft", "Draft", None, None)


def test_a_deactivation_survives_a_crash_after_it_was_sent_and_is_not_sent_again(
    world: World, watched: tuple[App, Watched], order: str
) -> None:
    app, adapter = watched
    ask(app)

    def dies(call: Any, moment: str) -> None:
        if moment == "after" and (call.method, call.kind) == ("PATCH", "collections"):
            raise KeyboardInterrupt

    world.org.on_call.append(dies)
    with pytest.raises(KeyboardInterrupt):
        run_cycle(app)
    world.org.on_call.remove(dies)
    assert [row.in_doubt for row in mirrored(app.db, "orders")] == ["update"]
    run_cycle(app)

    assert adapter.deactivations == [order]
    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status, row.deactivate_at) == ("Draft", "Draft", None)
    assert mirrored(app.db, "events")[-1].type == "order.deactivated"


def test_a_reduced_order_is_not_deactivated_before_its_reductions_are_gone(
    world: World, watched: tuple[App, Watched], order: str
) -> None:
    app, adapter = watched
    ask(app)
    reduction = reduce(world, order)

    report = run_cycle(app)

    assert ([problem.code for problem in report.attention], adapter.deactivations) == (["has_reductions"], [])
    number = world.org.get("Order", reduction)["OrderNumber"]
    with pytest.raises(UsageError, match=f"is reduced by {number}"):
        ask(app)
    world.org.delete("Order", reduction)
    world.org.advance(60)
    assert (run_cycle(app).exit_code, adapter.deactivations) == (0, [order])


def test_a_line_that_reduces_an_orders_line_counts_where_no_header_names_the_order(db: Database) -> None:
    original = org_order(items=(item(),))
    other = "801000000000009AAA"
    line = item(sf_id="802000000000009AAA", order_id=other, key=None, original_item_id=item().sf_id)
    reduction = org_order(sf_id=other, key=None, number="00000109", is_reduction=True, items=(line,))
    with db.begin() as tx:
        save_orders(tx, "default", [original, reduction], lambda *_: Status.ACTIVATED, NOW)
        [row] = list(tx.exec_driver_sql("SELECT id FROM orders WHERE NOT is_reduction"))

        with pytest.raises(UsageError, match="is reduced by 00000109"):
            wants.deactivate(tx, "default", row.id, actor="ada", now=NOW)


def test_what_cannot_be_deactivated_is_refused_at_once(app: App, order: str) -> None:
    for change, said in {
        "status = 'Draft', org_status = 'Draft'": "is not activated: in the org it is Draft",
        "status = 'Fulfilled', org_status = 'Fulfilled'": "is not activated: in the org it is Fulfilled",
        "is_deleted = true": "was deleted in Salesforce",
        "sf_id = NULL": "is not in the org yet",
    }.items():
        sql(app, change)

        with pytest.raises(UsageError, match=said):
            ask(app)


def test_a_request_that_is_taken_back_is_gone_for_good(world: World, watched: tuple[App, Watched], order: str) -> None:
    app, adapter = watched
    ask(app)
    with app.db.begin() as tx:
        wants.want(tx, "default", mirrored(app.db, "orders")[0].id, Status.ACTIVATED, actor="ada", now=app.clock())
    assert mirrored(app.db, "orders")[0].deactivate_at is None
    ask(app)
    sql(app, "status = 'Activated'")
    run_cycle(app)
    sql(app, "status = 'Draft'")

    report = run_cycle(app)

    assert ([problem.code for problem in report.attention], adapter.deactivations) == (["illegal_move"], [])


def test_the_request_stays_while_the_org_refuses_it(world: World, watched: tuple[App, Watched], order: str) -> None:
    app, _ = watched
    ask(app)
    world.org.settings.edit_activated_orders = False
    assert run_cycle(app).exit_code == 1
    assert mirrored(app.db, "orders")[0].deactivate_by == "ada"

    world.org.settings.edit_activated_orders = True
    assert ask(app)
    run_cycle(app)

    assert world.org.get("Order", order)["Status"] == "Draft"


@pytest.mark.parametrize(("strict", "cancelled"), [("no", "Draft"), ("yes", "Draft"), ("no", "Activated")])
def test_no_other_path_sends_a_draft_value_to_an_order_that_is_none(
    make_app: Callable[[Org], App],
    monkeypatch: pytest.MonkeyPatch,
    strict: str,
    cancelled: str,
) -> None:
    """By SQL, by command, over a conflict, by the policy, with the fields that go along."""
    monkeypatch.setenv("SFSYNC_SYNC__STRICT", strict)
    monkeypatch.setenv("SFSYNC_CONFLICTS__STATUS", "ask")
    world = World(new_org(order_statuses=(*STATUSES[:3], StatusValue("Cancelled", cancelled))))
    adapter = Watched(world.org)
    app = replace(make_app(world.org), adapter=adapter)
    world.deals(6)
    run_cycle(app)
    sql(app, "status = 'Activated'")
    run_cycle(app)
    ids = [row.id for row in mirrored(app.db, "orders")]
    for number, wish in enumerate(("Draft", "Cancelled", "Draft", "Fulfilled", "Cancelled", "Draft")):
        sql(app, f"status = '{wish}', description = 'Mind' WHERE id = {ids[number]}")
    with app.db.begin() as tx, pytest.raises(UsageError, match="cannot go from Activated to Draft"):
        wants.want(tx, "default", ids[0], Status.DRAFT, actor="ada", now=app.clock())
    run_cycle(app)

    # The org fulfils one behind our back: a conflict, taken our way where that is allowed at all.
    sf_id = mirrored(app.db, "orders", id=ids[4])[0].sf_id
    world.org.advance(1200)
    world.org.update("Order", sf_id, {"Status": "Fulfilled"})
    sql(app, f"status = 'Draft' WHERE id = {ids[4]}")
    run_cycle(app)
    with app.db.begin() as tx, pytest.raises(UsageError, match="cannot"):
        conflicts.decide(tx, "default", ids[4], conflicts.TAKE_LOCAL, actor="ada", now=app.clock())
    monkeypatch.setenv("SFSYNC_CONFLICTS__STATUS", "local_wins")
    last = replace(make_app(world.org), adapter=adapter)
    sf_id = mirrored(app.db, "orders", id=ids[5])[0].sf_id
    world.org.update("Order", sf_id, {"Status": "Fulfilled"})
    run_cycle(last)
    run_cycle(last)

    assert adapter.statuses_sent >= 7
    assert adapter.deactivations == []
    with app.db.begin() as tx:
        wants.deactivate(tx, "default", ids[0], actor="ada", now=app.clock())
    run_cycle(last)
    assert adapter.deactivations == [mirrored(app.db, "orders", id=ids[0])[0].sf_id]
