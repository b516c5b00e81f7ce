"""Rules of Contact: the full name is made of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.rules.hooks import Rules

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row


def _name(writer: Writer, new: Row) -> None:  # noqa: ARG001 - the shape of a rule
    new["Name"] = " ".join(filter(None, (new.get("FirstName"), new.get("LastName"))))


def _rename(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> None:  # noqa: ARG001 - the shape of a rule
    _name(writer, new)


RULES = Rules(before_insert=_name, before_update=_rename)
