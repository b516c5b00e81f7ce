"""orders: looking at them, wanting a status, having refused ones tried again."""

from __future__ import annotations

import getpass
import io
import re
from typing import TYPE_CHECKING

import pytest

from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.store.engine import Database
    from tests.cli.conftest import Ended
    from tests.world import World

    Program = Callable[..., Ended]


@pytest.fixture
def order(org: World, sfsync: Program) -> str:
    """The number of a draft order in the org, mirrored."""
    deal = org.deal((3, 100), (2, 49.5), name="Renewal")
    assert sfsync("sync").code == 0
    return str(org.orders(deal)[0]["OrderNumber"])


def test_orders_are_listed_with_their_totals_and_statuses(org: World, order: str, sfsync: Program) -> None:
    sfsync("orders", "activate", order)

    ended = sfsync("orders", "list")

    assert ended.code == 0
    assert re.search(rf"{order} +Cobalt Ventures +2026-03-01 +2 +399\.00 +Draft → Activated", ended.out)


def test_the_list_can_be_narrowed(org: World, mirror: Database, order: str, sfsync: Program) -> None:
    other = org.deal(name="Other")
    sfsync("sync")
    with mirror.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET status = 'Fulfilled' WHERE order_number = '{order}'")

    def numbers(*options: str) -> list[str]:
        return [one["order_number"] for one in sfsync("orders", "list", "--json", *options).json["orders"]]

    assert numbers() == ["00000101", order]
    assert numbers("--limit", "1") == ["00000101"]
    assert numbers("--waiting") == [order]
    assert numbers("--held") == []
    assert numbers("--status", "draft") == ["00000101"]
    assert numbers("--deal", other) == ["00000101"]
    sfsync("sync")
    assert numbers("--held") == [order]


def test_a_list_that_is_cut_says_how_many_there_are(org: World, sfsync: Program) -> None:
    org.deals(3)
    sfsync("sync")

    assert "2 of 3 shown; --limit shows more." in sfsync("orders", "list", "-n", "2").out


def test_an_order_is_shown_with_its_lines(order: str, sfsync: Program) -> None:
    ended = sfsync("orders", "show", order.lstrip("0"))

    assert ended.code == 0
    assert "created by sfsync" in ended.out
    assert re.search(r"Licence A +A +3 +100\.00 +300\.00", ended.out)
    assert re.search(r"Licence B +B +2 +49\.50 +99\.00", ended.out)


def test_json_shows_money_as_strings_with_two_decimals(order: str, sfsync: Program) -> None:
    shown = sfsync("orders", "show", order, "--json").json

    assert (shown["order"]["total_amount"], shown["order"]["lines"]) == ("399.00", 2)
    assert [(item["quantity"], item["total_price"]) for item in shown["items"]] == [
        ("3.00", "300.00"),
        ("2.00", "99.00"),
    ]


def test_an_order_is_activated_by_command_and_the_next_sync_sends_it(org: World, order: str, sfsync: Program) -> None:
    ended = sfsync("orders", "activate", order)

    assert ended.code == 0
    assert f"Order {order} is to become Activated; in the org it is Draft." in ended.out
    assert org.orders()[0]["Status"] == "Draft"
    assert sfsync("sync").code == 0
    assert org.orders()[0]["Status"] == "Activated"


def test_the_journal_names_who_wanted_the_status(mirror: Database, order: str, sfsync: Program) -> None:
    sfsync("orders", "activate", order)

    [entry] = mirrored(mirror, "journal", action="order.status_wanted")
    assert entry.actor == getpass.getuser()
    assert entry.details == {"wanted": "Activated", "before": "Draft", "in_org": "Draft"}


def test_wanting_the_same_twice_writes_nothing_more(mirror: Database, order: str, sfsync: Program) -> None:
    sfsync("orders", "activate", order)

    ended = sfsync("orders", "activate", order)

    assert (ended.code, "already" in ended.out) == (0, True)
    assert len(mirrored(mirror, "journal", action="order.status_wanted")) == 1


@pytest.mark.parametrize(("command", "status"), [("fulfil", ()), ("set-status", ("fulfilled",))])
def test_an_illegal_move_is_refused_at_once(
    mirror: Database, order: str, sfsync: Program, command: str, status: tuple[str, ...]
) -> None:
    ended = sfsync("orders", command, order, *status)

    assert ended.code == 2
    assert f"Order {order} cannot go from Draft to Fulfilled." in ended.err
    assert "activate it first" in " ".join(ended.err.split())
    assert mirrored(mirror, "orders")[0].status == "Draft"


def test_one_order_that_cannot_be_activated_keeps_all_of_the_call_back(
    org: World, mirror: Database, order: str, sfsync: Program
) -> None:
    ended = sfsync("orders", "activate", order, "999")

    assert ended.code == 2
    assert [row.status for row in mirrored(mirror, "orders")] == ["Draft"]


def test_a_wish_is_taken_back_by_wanting_what_the_org_has(mirror: Database, order: str, sfsync: Program) -> None:
    sfsync("orders", "cancel", order)

    ended = sfsync("orders", "set-status", order, "Draft")

    assert "the wish is taken back" in ended.out
    assert mirrored(mirror, "orders")[0].status == "Draft"


def test_a_held_order_is_free_again_when_its_wish_is_taken_back(mirror: Database, order: str, sfsync: Program) -> None:
    sfsync("orders", "cancel", order)
    assert sfsync("sync").code == 1  # this org's Cancelled would activate a draft

    sfsync("orders", "set-status", order, "Draft")

    assert mirrored(mirror, "orders")[0].problem_code is None
    assert sfsync("sync").code == 0


def test_an_unknown_status_names_the_known_ones(order: str, sfsync: Program) -> None:
    ended = sfsync("orders", "set-status", order, "Shipped")

    assert ended.code == 2
    assert all(word in ended.err for word in ("Draft", "Activated", "Fulfilled", "Cancelled"))


def test_retry_lets_a_refused_order_be_tried_at_once(org: World, mirror: Database, sfsync: Program) -> None:
    deal = org.deal(name="Locked")
    org.org.faults.add("lock_row", kind="graph")
    assert sfsync("sync").code == 1
    assert mirrored(mirror, "orders")[0].problem_code == "UNABLE_TO_LOCK_ROW"

    ended = sfsync("orders", "retry", deal)

    assert (ended.code, ended.out) == (0, f"{deal}-1: tried again by the next `sfsync sync`.\n")
    assert sfsync("sync").code == 0
    assert len(org.orders(deal)) == 1


def test_retry_all_frees_every_held_order(org: World, order: str, sfsync: Program) -> None:
    sfsync("orders", "cancel", order)
    sfsync("sync")

    assert sfsync("orders", "retry", "--all").text.startswith(f"{order}: tried again")
    assert "No order has a problem." in sfsync("orders", "retry", "--all").out


def test_retry_of_what_is_not_held_says_so(org: World, order: str, sfsync: Program) -> None:
    bad = org.deal(name="Bad", AccountId=None)
    sfsync("sync")

    ended = sfsync("orders", "retry", order, bad, "--json")

    assert [(one["record"], one["retried"]) for one in ended.json["records"]] == [(order, False), (bad, False)]


def test_retry_wants_orders_or_all(order: str, sfsync: Program) -> None:
    assert sfsync("orders", "retry").code == 2
    assert sfsync("orders", "retry", order, "--all").code == 2


def test_a_total_that_is_not_the_deals_is_mentioned_when_the_order_is_activated(
    mirror: Database, order: str, sfsync: Program
) -> None:
    with mirror.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET problem_code = 'total_mismatch', problem = 'They differ.'")

    ended = sfsync("orders", "activate", order)

    assert "Mind: They differ." in ended.out
    assert mirrored(mirror, "orders")[0].problem_code == "total_mismatch"


def test_a_rejected_deal_has_no_order_to_show(org: World, sfsync: Program) -> None:
    bad = org.deal(AccountId=None)
    sfsync("sync")

    ended = sfsync("orders", "show", bad)

    assert ended.code == 2
    assert f"`sfsync why {bad}`" in " ".join(ended.err.split())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("is_deleted = true", "deleted in Salesforce"),
        ("in_doubt = 'update', status = 'Activated'", "Draft → Activated (in doubt)"),
        ("problem_code = 'no_items', problem = 'Look.', retry_at = '2026-03-02 09:30:00'", "Draft (no_items)"),
        ("sf_id = NULL", "planned, not sent"),
        ("sf_id = NULL, in_doubt = 'create'", "sent, in doubt"),
        ("sf_id = NULL, problem_code = 'LOCKED', problem = 'Locked.'", "refused (LOCKED)"),
        ("planned_total = 400", "399.00; the deal says 400.00"),
        ("origin = 'adopted', is_reduction = true", "made by somebody else, adopted"),
        ("end_date = '2027-02-28'", "from 2026-03-01 to 2027-02-28"),
        ("activated_at = '2026-03-02 09:30:00'", "2026-03-02 09:30:00 UTC"),
    ],
)
def test_an_order_is_shown_as_it_stands(mirror: Database, order: str, sfsync: Program, row: str, said: str) -> None:
    with mirror.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET {row}")

    assert said in sfsync("orders", "show", order).text


def test_a_list_of_nothing_says_so(mirror: Database, sfsync: Program) -> None:
    assert sfsync("orders", "list").out == "There are no such orders.\n"
    assert sfsync("orders", "list", "--deal", "x").code == 2


def test_a_wish_is_printed_as_json(order: str, sfsync: Program) -> None:
    [wish] = sfsync("orders", "activate", order, "--json").json["orders"]

    assert (wish["record"], wish["status"], wish["org_status"], wish["changed"]) == (order, "Activated", "Draft", True)


class Keyboard(io.StringIO):
    """Somebody who types at a terminal."""

    def isatty(self) -> bool:
        return True


def test_an_order_is_deactivated_by_whoever_confirms_it(
    org: World, mirror: Database, order: str, sfsync: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    sfsync("orders", "activate", order)
    sfsync("sync")

    monkeypatch.setattr("sys.stdin", io.StringIO())
    unasked = sfsync("orders", "deactivate", order)
    monkeypatch.setattr("sys.stdin", Keyboard("yes\n"))
    slipped = sfsync("orders", "deactivate", order)
    before = mirrored(mirror, "orders")[0].status
    monkeypatch.setattr("sys.stdin", Keyboard(f"{order}\n"))
    typed = sfsync("orders", "deactivate", order, "--reason", "wrong price")
    again = sfsync("orders", "deactivate", order, "--yes", "--json")

    assert (unasked.code, slipped.code, before, typed.code) == (2, 2, "Activated", 0)
    assert "Give --yes." in unasked.err
    assert f"Order {order} is to be deactivated; in the org it is Activated." in typed.text
    assert (again.json["changed"], again.json["status"]) == (False, "Draft")
    assert f"Draft is wanted ({getpass.getuser()} asked at 20" in sfsync("why", order).text
    assert sfsync("sync").code == 0
    assert org.orders()[0]["Status"] == "Draft"
    [entry] = mirrored(mirror, "journal", action="order.deactivation_wanted")
    assert (entry.actor, entry.details["reason"]) == (getpass.getuser(), "wrong price")
