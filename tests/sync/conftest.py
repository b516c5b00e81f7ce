"""An emulated org, a fresh database of each kind, and the service between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.app import App
from sfsync.config import load_settings
from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.store.tables import metadata
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.emulator.org import Org
    from sfsync.store.engine import Database


@pytest.fixture
def world() -> World:
    return World(new_org())


@pytest.fixture
def make_app(db: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[[Org], App]:
    """Make the service for an org: a new process, as far as anything in memory goes."""
    monkeypatch.setenv("SFSYNC_SALESFORCE__LOGIN_URL", "https://org.example")
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_ID", "3MVG9sfsyncEMULATOR")
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_SECRET", "emulator-secret")

    def make(org: Org) -> App:
        return App(load_settings(), "default", db, clock=org.clock, adapter=EmulatorAdapter(org))

    return make


@pytest.fixture
def app(world: World, make_app: Callable[[Org], App]) -> App:
    return make_app(world.org)


@pytest.fixture
def many(database_url: str) -> int:
    """A thousand; fewer on the second database, which gets the same statements."""
    return 1000 if database_url.startswith("sqlite") else 300


@pytest.fixture
def empty_db(db: Database) -> Callable[[], None]:
    """Lose everything that the mirror holds."""

    def empty() -> None:
        with db.begin() as tx:
            for table in reversed(metadata.sorted_tables):
                tx.execute(table.delete())

    return empty
