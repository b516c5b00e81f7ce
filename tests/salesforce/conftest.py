"""Clients for exact bytes (responses) and for behaviour (the emulator in this process)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import responses

from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.salesforce.client import OrgClient
from sfsync.salesforce.endpoint import Endpoint
from sfsync.salesforce.schema import FieldNames, OrgSchema, read_schema
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Generator

ORG = "https://acme.my.salesforce.com"
DATA = f"{ORG}/services/data/v66.0"
TOKEN_URL = f"{ORG}/services/oauth2/token"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
IDENTITY = f"{ORG}/id/00D000000000001AAA/005000000000001AAA"
TOKEN = {"access_token": "00D000000000001!first", "instance_url": ORG, "id": IDENTITY, "token_type": "Bearer"}


@pytest.fixture
def http() -> Generator[responses.RequestsMock]:
    """The network: nothing answers but what a test registers."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def naps() -> list[float]:
    """How long the client under test has waited between its tries."""
    return []


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint(ORG, "consumer-key", client_secret="top-secret")


@pytest.fixture
def client(endpoint: Endpoint, naps: list[float], http: responses.RequestsMock) -> OrgClient:
    """A client whose login works; everything else a test registers."""
    http.post(TOKEN_URL, json=TOKEN)
    return OrgClient(endpoint, clock=lambda: NOW, sleep=naps.append)


@pytest.fixture
def world() -> World:
    return World(new_org())


@pytest.fixture
def org_client(world: World, naps: list[float]) -> OrgClient:
    """A client at the emulated org."""
    return OrgClient(
        Endpoint("https://org.example", "3MVG9sfsyncEMULATOR", client_secret="emulator-secret"),
        clock=world.org.clock,
        adapter=EmulatorAdapter(world.org),
        sleep=naps.append,
    )


@pytest.fixture
def schema(org_client: OrgClient) -> OrgSchema:
    return read_schema(org_client, FieldNames())
