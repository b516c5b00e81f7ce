from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.errors import DatabaseRefused
from sfsync.store import migrations
from sfsync.store.backup import back_up, restore
from sfsync.sync.cycle import run_cycle
from sfsync.sync.reconcile import Wanted, run_reconcile
from tests.mirror import everything_but_runs, mirrored

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.app import App
    from tests.world import World


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_an_older_backup_was_restored_the_next_sync_catches_up_and_doubles_nothing(
    world: World, app: App, tmp_path: Path
) -> None:
    file, org = tmp_path / "backup", world.org
    world.deals(3)
    run_cycle(app)
    back_up(app.db, file, app.clock())
    first, second, third = (row.sf_id for row in mirrored(app.db, "orders"))
    org.advance(3600)
    late = [world.deal((2, 5), name="After the backup"), world.deal((3, 7), name="And another")]
    org.update("Order", first, {"Status": "Activated"})
    org.delete("Order", third)
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET status = 'Activated' WHERE sf_id = '{second}'")
    run_cycle(app)
    told = {row.event_id for row in mirrored(app.db, "events", sf_id=first)}
    org.advance(3600)
    made = len(world.orders())

    restore(app.db, file, replace=True)
    world.deal(name="After the restore")
    run_cycle(app)
    run_cycle(app)

    assert len(world.orders()) == made + 1
    assert [len(world.orders(deal)) for deal in late] == [1, 1]
    assert {row.event_id for row in mirrored(app.db, "events", sf_id=first)} == told
    assert {row.sf_id: row.org_status for row in mirrored(app.db, "orders", is_deleted=False)} == {
        order["Id"]: order["Status"] for order in world.orders()
    }
    org.advance(3600)
    assert run_reconcile(app, Wanted())[1].drifts == []


def test_a_process_that_a_newer_version_overtook_does_nothing_more_and_says_why(world: World, app: App) -> None:
    world.deal()
    run_cycle(app)
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE sfsync_version SET version_num = '9999'")
    world.deal()
    world.org.calls.clear()
    before = everything_but_runs(app.db)

    with pytest.raises(DatabaseRefused, match=r"Another sfsync has brought the database .* to schema 9999") as refused:
        run_cycle(app)
    after, runs = everything_but_runs(app.db), len(mirrored(app.db, "runs"))
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE sfsync_version SET version_num = '{migrations.HEAD}'")

    assert "Start this service again" in (refused.value.remedy or "")
    assert (after, runs, world.org.calls.count()) == (before, 1, 0)
