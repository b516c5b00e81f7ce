"""orders reduce and withdraw, entitlements, and what show, list, why and doctor tell of reductions."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.mirror import mirrored
from tests.shipping import ordered

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.store.engine import Database
    from tests.cli.conftest import Ended
    from tests.world import World

    Program = Callable[..., Ended]


@pytest.fixture
def order(org: World, sfsync: Program) -> str:
    """The number of an activated order of 100 of one licence and 2 of another."""
    ordered(org, (100, 12.5), (2, 250), name="Licences")
    sfsync("sync")
    return str(org.org.query("SELECT OrderNumber FROM Order")[0]["OrderNumber"])


def test_a_plan_is_shown_before_anything_is_done(order: str, mirror: Database, sfsync: Program) -> None:
    ended = sfsync("orders", "reduce", order, "--line", "A", "--line", "2", "--to", "75", "--to", "1", "--dry-run")

    assert ended.code == 0
    assert re.search(rf"{order} +1 Licence A +100 +25 +75 +12\.50 +-312\.50", ended.out)
    assert re.search(rf"{order} +2 Licence B +2 +1 +1 +250\.00 +-250\.00", ended.out)
    assert max(map(len, ended.out.splitlines())) <= 100
    unconfirmed = sfsync("orders", "reduce", order, "--all")
    assert (unconfirmed.code, "Give --yes" in unconfirmed.err) == (2, True)
    assert sfsync("orders", "reduce", order, "--all", "--json").json["written"] is False
    assert mirrored(mirror, "orders", is_reduction=True) == []


def test_a_reduction_is_planned_created_shown_and_explained(org: World, order: str, sfsync: Program) -> None:
    words = ("--line", "A", "--by", "25", "--effective", "2026-03-02", "--yes", "--activate")
    planned = sfsync("orders", "reduce", order, *words, "--json").json
    assert (planned["written"], planned["cuts"][0]["by"], planned["cuts"][0]["left"]) == (True, "25.00", "75.00")
    key = planned["reductions"][0]["key"]
    assert "planned, not sent" in sfsync("orders", "show", order).out
    sfsync("sync")

    shown = sfsync("orders", "show", order)

    number = sfsync("orders", "show", key, "--json").json["order"]["order_number"]
    assert re.search(rf"{number} +2026-03-02 +-312\.50 +Activated", shown.out)
    assert re.search(r"1 +Licence A +100 +25 +0 +75 +937\.50", shown.out)
    assert f"It reduces order {order}" in sfsync("orders", "show", number).text
    listed = sfsync("orders", "list", "--reductions", "--json").json["orders"]
    assert [one["key"] for one in listed] == [key]
    why = sfsync("why", order).text
    assert "Of 102 ordered, 25 are reduced: net 77." in why
    assert f"By {number}; as long as there are any, Salesforce lets the order not go back to Draft" in why
    own = sfsync("why", number).text
    assert f"Order {order} from 2026-03-02 on; that order stays as it is. It counts." in own
    assert "Nothing: the reduction counts" in own
    refused = sfsync("orders", "deactivate", order, "--yes")
    assert f"Order {order} is reduced by {number}." in " ".join(refused.err.split())
    assert "“Create Reduction Orders”" in sfsync("doctor").text


def test_one_downgrade_is_spread_over_the_orders_of_an_account(org: World, order: str, sfsync: Program) -> None:
    words = ("--account", "Cobalt Ventures", "--product", "Licence A", "--to", "75", "--effective", "2026-03-10")

    ended = sfsync("orders", "reduce", *words, "--policy", "oldest", "--yes")

    assert ended.code == 0
    assert "1 reduction order, effective 2026-03-10, to stay a draft" in ended.text
    assert "`sfsync orders withdraw KEY` takes one back" in ended.text
    sfsync("sync")
    again = sfsync("orders", "reduce", order, "--line", "1", "--by", "1", "--dry-run")
    assert "takes 25 already, and is not activated yet" in again.text
    draft = sfsync("why", sfsync("orders", "list", "--reductions", "--json").json["orders"][0]["key"]).text
    assert "It counts once it is activated" in draft
    assert "Review the order, then" in draft


def test_what_cannot_be_reduced_says_all_the_reasons(org: World, order: str, sfsync: Program) -> None:
    words = ("orders", "reduce", order, "--line", "A", "--line", "Coffee", "--by", "101", "--effective", "2026-02-01")

    ended = sfsync(*words, "--yes")
    document = sfsync(*words, "--yes", "--json")

    assert (ended.code, document.code) == (2, 2)
    codes = [problem["code"] for problem in document.json["error"]["problems"]]
    assert codes == ["before_start", "more_than_left", "unknown_line"]
    assert "only 100 are left to reduce" in " ".join(ended.err.split())


def test_a_planned_reduction_is_withdrawn(order: str, mirror: Database, sfsync: Program) -> None:
    for options, said in (((), "is taken back"), (("--json",), '"withdrawn": true')):
        plan = sfsync("orders", "reduce", order, "--all", "--yes", "--json").json
        assert said in sfsync("orders", "withdraw", plan["reductions"][0]["key"], *options).text
        assert mirrored(mirror, "orders", is_reduction=True) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name an order, or an account and a product"),
        (("1", "--account", "A", "--product", "P", "--all"), "Name an order, or an account and a product"),
        (("--account", "A", "--all"), "Name an order, or an account and a product"),
        (("1", "--all", "--by", "1"), "--all takes everything"),
        (("1", "--line", "A"), "Say how much"),
        (("1", "--line", "A", "--by", "1", "--to", "1"), "Say how much"),
        (("1", "--by", "1"), "0 lines and 1 quantities"),
        (("1", "--line", "A", "--line", "B", "--line", "C", "--by", "1", "--by", "2"), "3 lines and 2 quantities"),
        (("1", "--line", "A", "--by", "many"), "“many” is no quantity"),
        (("1", "--all", "--effective", "soon"), "“soon” is no date"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(
    mirror: Database, sfsync: Program, words: tuple[str, ...], said: str
) -> None:
    ended = sfsync("orders", "reduce", *words)

    assert ended.code == 2
    assert said in " ".join(ended.err.split())


def test_entitlements_are_shown_for_any_day_with_what_is_behind_them(org: World, order: str, sfsync: Program) -> None:
    sfsync("orders", "reduce", order, "--line", "A", "--by", "25", "--effective", "2026-03-10", "--yes", "--activate")
    sfsync("sync")

    before = sfsync("entitlements", "--as-of", "2026-03-09", "--product", "A", "--account", org.account, "--json").json
    after = sfsync("entitlements", "--as-of", "2026-03-10", "--orders")

    assert [one["net"] for one in before["entitlements"]] == ["100.00"]
    assert re.search(r"Licence A|Cobalt Ventures +- +100 +25 +75 +937\.50", after.out)
    assert f"100 by {order} from 2026-03-01" in after.text
    assert re.search(r"-25 by 0\d+ from 2026-03-10", after.text)
    assert max(map(len, after.out.splitlines())) <= 100
    assert "Nothing counts on 2020-01-01" in sfsync("entitlements", "--as-of", "2020-01-01").out
    assert sfsync("entitlements", "--as-of", "soon").code == 2
    assert sfsync("entitlements", "--contract", "77").code == 2
    assert Decimal(sfsync("entitlements", "--json").json["entitlements"][0]["ordered"]) == 100
