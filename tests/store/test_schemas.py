from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sfsync.store import schemas

if TYPE_CHECKING:
    from sfsync.store.engine import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_schema_that_was_never_read_is_not_there(db: Database) -> None:
    with db.read() as tx:
        assert schemas.get(tx, "main") is None


def test_the_last_schema_put_is_the_one_that_is_kept(db: Database) -> None:
    later = NOW + timedelta(hours=1)
    with db.begin() as tx:
        schemas.put(tx, "main", {"fields": ["Name"]}, NOW)
        schemas.put(tx, "other", {}, NOW)
        schemas.put(tx, "main", {"fields": ["Name", "Señor__c"]}, later)

        kept = schemas.get(tx, "main")

    assert kept is not None
    assert json.loads(kept.content) == {"fields": ["Name", "Señor__c"]}
    assert kept.read_at == later
