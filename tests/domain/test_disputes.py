from __future__ import annotations

from datetime import UTC, datetime

from sfsync.domain.disputes import conflict_words
from sfsync.domain.facts import ConflictFacts


def test_a_conflict_is_told_with_what_each_side_has_and_how_to_settle_it() -> None:
    since = datetime(2026, 3, 2, tzinfo=UTC)
    one = ConflictFacts(1, "00000100", None, "006000000000001AAA", "po_number", "ours", "theirs", None, since)

    said = conflict_words(one)

    assert said.startswith("PoNumber was changed here to “ours” and in the org to “theirs”; it was “(empty)”.")
    assert "`sfsync conflicts take-local 00000100 --field po_number`" in said
