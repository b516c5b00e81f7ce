"""What an org's schema looked like when it was last read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, bindparam, cast, delete, select

from sfsync.store.tables import schema_cache
from sfsync.store.upserts import upsert

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.store.engine import Tx

# As text: whoever reads the same again and again need not take it apart each time.
_KEPT = select(cast(schema_cache.c.content, Text).label("content"), schema_cache.c.read_at).where(
    schema_cache.c.org == bindparam("org_")
)


@dataclass(frozen=True, slots=True)
class CachedSchema:
    """A schema as JSON text, and when the org showed it."""

    content: str
    read_at: datetime


def get(tx: Tx, org: str) -> CachedSchema | None:
    """Return what is kept of the org's schema, None if it was never read."""
    row = tx.execute(_KEPT, {"org_": org}).one_or_none()
    return None if row is None else CachedSchema(row.content, row.read_at)


def put(tx: Tx, org: str, content: Any, now: datetime) -> None:
    """Keep the org's schema (anything that JSON can hold) as read at `now`."""
    upsert(tx, schema_cache, [{"org": org, "content": content, "read_at": now}], ("org",))


def forget(tx: Tx, org: str) -> None:
    """Drop what is kept of the org's schema, so that it is read again."""
    tx.execute(delete(schema_cache).where(schema_cache.c.org == org))
