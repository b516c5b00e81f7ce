"""The chapter of NovaTech: told by the real commands, and true of the org afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sfsync.cli.main import main
from sfsync.demo import midterm
from sfsync.demo.story import Story
from sfsync.emulator.server import Server
from tests.world import World, new_org

if TYPE_CHECKING:
    from pathlib import Path


class InProcess(Story):
    """The story without a process for each command."""

    def run(self, *words: str) -> None:
        assert main(words) == 0


@pytest.mark.parametrize("held_by", [(100,), (50, 30, 20)])
def test_a_hundred_licences_become_seventy_five_whoever_holds_them(
    held_by: tuple[int, ...],
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    today = datetime.now(UTC).date()
    world = World(new_org())
    account = world.org.insert("Account", {"Name": midterm.ACCOUNT})
    entry = world.entry(midterm.PRODUCT, 100)
    orders = []
    for many in held_by:
        orders.append(world.order(AccountId=account))
        world.item(orders[-1], PricebookEntryId=entry, Quantity=many)
        world.org.update("Order", orders[-1], {"Status": "Activated"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    with Server(world.org) as server:
        monkeypatch.setenv("SFSYNC_DATABASE_URL", sqlite_url)
        monkeypatch.setenv("SFSYNC_SALESFORCE__LOGIN_URL", server.url)
        monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_ID", server.client_id)
        monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_SECRET", server.client_secret)
        monkeypatch.setenv("SFSYNC_SALESFORCE__CA_FILE", str(server.ca_file))
        assert main(["sync"]) == 0

        midterm.tell(InProcess(world.org, None, tmp_path, quiet=False), today)  # type: ignore[arg-type] - no world of the demo's

    told = " ".join(capsys.readouterr().out.split())
    assert "100 0 100 10,000.00" in told
    assert "100 25 75 7,500.00" in told
    made = world.org.query("SELECT StatusCode, TotalAmount FROM Order WHERE IsReductionOrder = true")
    assert sum(int(one["TotalAmount"]) for one in made) == -2500
    assert {one["StatusCode"] for one in made} == {"Activated"}
    assert len(made) == (1 if len(held_by) == 1 else 2)
