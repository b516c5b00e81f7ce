from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain.soundness import PROMISES
from sfsync.store import alarms
from sfsync.store.tables import orders
from sfsync.sync.arrows import only_generate, only_push
from sfsync.sync.cycle import run_cycle
from sfsync.sync.running import run
from tests.mirror import mirrored

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World


def change(app: App, statement: str, **values: Any) -> None:
    from sqlalchemy import text

    with app.db.begin() as tx:
        tx.execute(text(statement), values)


def raised(app: App) -> list[str]:
    with app.db.read() as tx:
        return [alarm.code for alarm in alarms.of_org(tx, "default")]


BROKEN = {
    "told_too_early": "UPDATE orders SET org_status = NULL, status_code = NULL WHERE id = :id",
    "wrong_status": "UPDATE orders SET org_status = 'Activated', status = 'Activated' WHERE id = :id",
    "doubt_unmarked": "UPDATE orders SET in_doubt = 'create' WHERE id = :id",
    "update_unmarked": "UPDATE orders SET in_doubt = 'update', sf_id = NULL WHERE id = :id",
}
