"""The chapters of NovaTech and Apex: told by the real commands, and true of the org afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sfsync.cli.main import main
from sfsync.demo import goods, midterm
from sfsync.demo.story import Story
from sfsync.emulator.server import Server
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


class InProcess(Story):
    """The story without a process for each command."""

    def run(self, *words: str, last: int = 0, brief: bool = False) -> None:
        del brief
        assert main(words) == (1 if (words, last) == (("sync",), 6) else 0)  # an alarm is something to see to


@pytest.fixture
def world(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[World]:
    """An org that the commands find, here and on a socket."""
    world = World(new_org())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    with Server(world.org) as server:
        monkeypatch.setenv("SFSYNC_DATABASE_URL", sqlite_url)
        monkeypatch.setenv("SFSYNC_SALESFORCE__LOGIN_URL", server.url)
        monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_ID", server.client_id)
        monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_SECRET", server.client_secret)
        monkeypatch.setenv("SFSYNC_SALESFORCE__CA_FILE", str(server.ca_file))
        yield world


def story(world: World, folder: Path) -> InProcess:
    return InProcess(world.org, None, folder, quiet=False)  # type: ignore[arg-type] - no world of the demo's


@pytest.mark.parametrize("held_by", [(100,), (50, 30, 20)])
def test_a_hundred_licences_become_seventy_five_whoever_holds_them(
    held_by: tuple[int, ...], world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    today = datetime.now(UTC).date()
    account = world.org.insert("Account", {"Name": midterm.ACCOUNT})
    entry = world.entry(midterm.PRODUCT, 100)
    orders = []
    for many in held_by:
        orders.append(world.order(AccountId=account))
        world.item(orders[-1], PricebookEntryId=entry, Quantity=many)
        world.org.update("Order", orders[-1], {"Status": "Activated"})
    assert main(["sync"]) == 0

    midterm.tell(story(world, tmp_path), today)

    told = " ".join(capsys.readouterr().out.split())
    assert "100 0 100 10,000.00" in told
    assert "100 25 75 7,500.00" in told
    made = world.org.query("SELECT StatusCode, TotalAmount FROM Order WHERE IsReductionOrder = true")
    assert sum(int(one["TotalAmount"]) for one in made) == -2500
    assert {one["StatusCode"] for one in made} == {"Activated"}
    assert len(made) == (1 if len(held_by) == 1 else 2)


def test_goods_are_shipped_in_parts_until_it_is_too_much(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    order = world.order()
    for product, many in ((goods.PRODUCT, goods.ORDERED), (goods.OTHER, goods.OTHERS)):
        world.item(order, PricebookEntryId=world.entry(product, 10), Quantity=many)
    world.org.update("Order", order, {"Status": "Activated"})
    assert main(["sync"]) == 0
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "true")  # the story gives it to processes of its own

    goods.tell(story(world, tmp_path), order, datetime.now(UTC).date())

    told = " ".join(capsys.readouterr().out.split())
    assert "68.75 %" in told
    assert "GPS Tracker: 65 shipped of 60 due" in told
    lines = world.org.query("SELECT Quantity__c FROM Shipment_Line__c ORDER BY SFSync_Key__c")
    assert [line["Quantity__c"] for line in lines] == [goods.FIRST, goods.OTHERS, goods.SECOND]
