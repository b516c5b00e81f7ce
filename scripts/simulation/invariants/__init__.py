"""What must always hold: one module per subject, all of them in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.simulation.invariants.audit import NobodyAccusedWrongly, ReconcileOnlyReads
from scripts.simulation.invariants.budget import WithinTheBudget
from scripts.simulation.invariants.creation import NeverBesideAnother, OneOrderPerDeal, WholeToTheCent
from scripts.simulation.invariants.deals import AddsUp, UpdatedWhole
from scripts.simulation.invariants.events import ReceivedAsWritten, ToldOnce, ToldWithTheChange
from scripts.simulation.invariants.mirror import NeverOlder
from scripts.simulation.invariants.reductions import EachReductionOnce, HeldAsTold, NeverTooMuch
from scripts.simulation.invariants.secrets import NoSecretSaid
from scripts.simulation.invariants.shipments import EachShipmentOnce, PercentAsShipped
from scripts.simulation.invariants.wishes import WishesKept
from scripts.simulation.invariants.writes import (
    LegalMoves,
    MarkedBeforeSent,
    NeverBlindly,
    NothingOverwritten,
    OneWriter,
)

if TYPE_CHECKING:
    from scripts.simulation.invariants.base import Invariant

ALL: tuple[type[Invariant], ...] = (
    OneOrderPerDeal,
    WholeToTheCent,
    AddsUp,
    UpdatedWhole,
    NeverBesideAnother,
    MarkedBeforeSent,
    NeverBlindly,
    OneWriter,
    NothingOverwritten,
    LegalMoves,
    WishesKept,
    ToldWithTheChange,
    ToldOnce,
    ReceivedAsWritten,
    NeverTooMuch,
    EachReductionOnce,
    HeldAsTold,
    EachShipmentOnce,
    PercentAsShipped,
    NeverOlder,
    ReconcileOnlyReads,
    NobodyAccusedWrongly,
    WithinTheBudget,
    NoSecretSaid,
)
"""A new one is a module here and a line in this table; `base.Invariant` says what it is told."""
