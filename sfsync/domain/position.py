"""How far a feed of changes has been read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an object's changes, ordered by (SystemModstamp, Id).

    `stamp` is the SystemModstamp of the last row read, `last_id` the Id of the last row read among
    those of that stamp; None means that no row of that stamp has been read.
    """

    stamp: datetime
    last_id: str | None
