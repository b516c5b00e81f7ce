"""Merged records [facts: api 6.4]."""

from __future__ import annotations

import pytest

from sfsync.emulator.errors import ApiError
from tests.emulator.api import Api, make_api


@pytest.fixture
def api() -> Api:
    return make_api()


def test_the_loser_is_deleted_and_its_children_move_to_the_winner(api: Api) -> None:
    loser = api.create("Account", Name="Acme Inc")
    contact = api.create("Contact", LastName="A", AccountId=loser)
    order, _ = api.activated_order()
    mine = api.order(AccountId=loser)
    api.org.advance(60)

    api.org.merge("Account", api.account, [loser])

    stamp = "2026-03-01T12:01:30"
    assert {api.org.get(name, one)["AccountId"] for name, one in (("Contact", contact), ("Order", mine))} == {
        api.account
    }
    assert [
        api.org.get("Contact", contact)["SystemModstamp"],
        api.org.get("Account", api.account)["SystemModstamp"],
    ] == [
        stamp,
        stamp,
    ]
    assert api.org.get("Order", order)["SystemModstamp"] != stamp
    gone = api.org.query(f"SELECT IsDeleted, MasterRecordId FROM Account WHERE Id = '{loser}'", include_deleted=True)[0]
    assert (gone["IsDeleted"], gone["MasterRecordId"]) == (True, api.account)
    assert api.call("GET", f"sobjects/Account/{loser}").status == 404
    window = "start=2026-03-01T12:00:00Z&end=2026-03-01T12:05:00Z"
    deleted = api.call("GET", f"sobjects/Account/deleted?{window}").json()["deletedRecords"]
    assert [one["id"] for one in deleted] == [loser]


def test_even_orders_that_are_activated_move(api: Api) -> None:
    order, _ = api.activated_order()
    winner = api.create("Account", Name="Winner")

    api.org.merge("Account", winner, [api.account])

    row = api.org.get("Order", order)
    assert (row["AccountId"], row["StatusCode"]) == (winner, "Activated")


def test_a_winner_below_a_loser_is_below_nobody_then(api: Api) -> None:
    winner = api.create("Account", Name="Child", ParentId=api.account)

    api.org.merge("Account", winner, [api.account])

    assert api.org.get("Account", winner)["ParentId"] is None


def test_what_cannot_be_merged_is_refused_and_nothing_has_happened(api: Api) -> None:
    others = [api.create("Account", Name=f"A{number}") for number in range(3)]
    wrong = [
        ("Order", api.order(), [api.order()]),
        ("Account", api.account, []),
        ("Account", api.account, [api.account]),
        ("Account", api.account, others),
        ("Account", api.account, [others[0], "001000000000000AAA"]),
    ]
    for sobject, winner, losers in wrong:
        with pytest.raises(ApiError):
            api.org.merge(sobject, winner, losers)

    assert len(api.org.query("SELECT Id FROM Account")) == 4
