"""A conflict in words: what each side has, and how to settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.domain.fields import api_name, shown

if TYPE_CHECKING:
    from sfsync.domain.facts import ConflictFacts


def conflict_words(one: ConflictFacts) -> str:
    """Say what each side has, and how to settle it."""
    return f"{sides(one)} {settle(one)}"


def sides(one: ConflictFacts) -> str:
    """Say what each side has."""
    return (
        f"{api_name(one.field)} was changed here to “{shown(one.wanted)}” and in the org to “{shown(one.org_value)}”; "
        f"it was “{shown(one.base)}”."
    )


def settle(one: ConflictFacts) -> str:
    """Say how to settle it."""
    command = f"{one.record} --field {one.field}"
    return f"Settle it: `sfsync conflicts take-local {command}` for ours, or take-org for the org's."
