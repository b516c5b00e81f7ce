"""Nothing that the service says or writes down holds a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.simulation.invariants.base import Invariant
from scripts.simulation.receiver import SECRET
from scripts.simulation.settings import CLIENT_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXTS = (
    ("journal", "message"),
    ("journal", "details"),
    ("runs", "error"),
    ("orders", "problem"),
    ("deliveries", "last_error"),
    ("sinks", "reason"),
)


class NoSecretSaid(Invariant):
    """Neither the client's secret, nor a sink's, nor a session."""

    name = "no secret is said"

    def said(self, text: str) -> None:
        for secret in self._secrets():
            if secret in text:
                self.broken("a secret is in an error message")

    def at_the_end(self) -> None:
        for table, column in _TEXTS:
            for row in self.sim.mirror.rows(f"SELECT {column} AS said FROM {table} WHERE {column} IS NOT NULL"):
                self.said(str(row["said"]))

    def _secrets(self) -> Iterator[str]:
        yield CLIENT_SECRET
        yield SECRET.removeprefix("whsec_")
        yield f"{self.sim.org.settings.org_id[:15]}!"
