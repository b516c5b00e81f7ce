"""Under which conditions a play is played, and the service's settings for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from unittest import mock

from scripts.simulation.company import NOTE
from scripts.simulation.receiver import SECRET
from sfsync.config import load_settings

if TYPE_CHECKING:
    from random import Random

    from sfsync.config import Settings

CLIENT_SECRET = "emulator-secret"  # noqa: S105 - the emulator's
POLICIES = ("ask", "org_wins", "local_wins")
KINDS = ("http", "storage", "crash", "meanwhile", "second", "setup", "clock", "receiver")
"""The kinds of faults: what `--faults` takes."""


@dataclass(frozen=True)
class Conditions:
    """What may go wrong, who decides conflicts, and whether updates are strict."""

    faults: frozenset[str] = frozenset(KINDS)
    policy: str = "ask"
    strict: bool = False
    people: bool = True
    """Whether people want things here; without them, nothing needs a person in the end."""
    ships: bool = False
    """Whether shipments are enabled."""
    stock: bool = False
    """Whether the company has sold before: orders stand activated when sfsync comes."""
    automatic: bool = False
    """Whether orders are activated by rule, without a person."""


def drawn(chance: Random, faults: frozenset[str], *, people: bool = True) -> Conditions:
    """Draw the conditions of a play."""
    policy = chance.choice(POLICIES if people else POLICIES[1:])
    strict, ships, automatic, stock = (chance.random() < share for share in (0.3, 0.5, 0.25, 0.6))
    return Conditions(faults, policy, strict=strict, people=people, ships=ships, automatic=automatic, stock=stock)


@cache
def settings_for(conditions: Conditions) -> Settings:
    """Return the settings, from nothing but the conditions: neither a file nor the environment counts."""
    fields = ("STATUS", "PO_NUMBER", "END_DATE", "DESCRIPTION", "CUSTOM")
    variables = {
        "SFSYNC_SALESFORCE__LOGIN_URL": "https://org.example",
        "SFSYNC_SALESFORCE__CLIENT_ID": "3MVG9sfsyncEMULATOR",
        "SFSYNC_SALESFORCE__CLIENT_SECRET": CLIENT_SECRET,
        "SFSYNC_SYNC__LEASE_WAIT_SECONDS": "0",
        "SFSYNC_SYNC__STRICT": str(conditions.strict).lower(),
        "SFSYNC_ORDERS__WRITABLE_FIELDS": NOTE,
        "SFSYNC_SINKS__BILLING__URL": "http://billing.example/hook",
        "SFSYNC_SINKS__BILLING__SECRET": SECRET,
        "SFSYNC_SINKS__BILLING__ALLOW_PRIVATE": "true",
        "SFSYNC_SHIPMENTS__ENABLED": str(conditions.ships).lower(),
        "SFSYNC_ACTIVATION__AUTO": str(conditions.automatic).lower(),
        **{f"SFSYNC_CONFLICTS__{name}": conditions.policy for name in fields},
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SFSYNC_")}
    with mock.patch.dict(os.environ, kept | variables, clear=True):
        return load_settings()
