"""What became of one order or line that we asked the org to create or to update."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Created:
    """The order exists, whole. `item_ids` maps line keys to ids; it is empty where the answer does not tell them."""

    key: str
    order_id: str
    item_ids: dict[str, str]


@dataclass(frozen=True, slots=True)
class ItemCreated:
    """The line of this key has been added to its order."""

    key: str
    item_id: str


@dataclass(frozen=True, slots=True)
class Updated:
    """The record of this id has the values that were sent."""

    key: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The org said no, and nothing of this order was done. `line_key` names the line that was the cause.

    `key` is our key for creations, the record's id for updates.
    """

    key: str
    code: str
    message: str
    fields: tuple[str, ...] = ()
    line_key: str | None = None


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """Our unique key is taken: an earlier try did it. Read it back by its key and adopt it."""

    key: str


@dataclass(frozen=True, slots=True)
class Halted:
    """Never tried, because of the failure of others in the same call: send it again."""

    key: str


@dataclass(frozen=True, slots=True)
class Locked:
    """The org was busy (a locked row, or a failure that passes). Nothing was done: try again after a back-off."""

    key: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Stale:
    """The record was changed since it was read, so nothing of it was done: read it again, then decide."""

    key: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The answer lacks this order, or says two things at once: settle it by its key."""

    key: str


CreateOutcome = Created | Refused | AlreadyThere | Halted | Locked | InDoubt
ItemOutcome = ItemCreated | Refused | AlreadyThere | Halted | Locked | InDoubt
UpdateOutcome = Updated | Refused | Locked | Stale | InDoubt
