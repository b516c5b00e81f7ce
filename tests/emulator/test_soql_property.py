"""Random queries: the emulator answers as the naive evaluator does, in the same order.

SOQL_EXAMPLES=20000 runs as many, chosen anew each time.
"""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from sfsync.emulator.soql import execute
from tests.emulator.rows import Rows
from tests.emulator.soql_grammar import FISCAL_MONTH, NOW, WORLD, ZONE, queries, text_of

if TYPE_CHECKING:
    from tests.emulator.soql_reference import Query

_MANY = int(os.environ.get("SOQL_EXAMPLES", "0"))
_WORDS = (
    *("NOT IN (SELECT", " IN (SELECT", " AND ", " OR ", "NOT ", " LIKE ", "null", "_N_", "FISCAL_", "CALENDAR_"),
    *("GROUP BY", "HAVING", "COUNT()", "COUNT_DISTINCT", "AVG(", "ORDER BY", "NULLS LAST", "LIMIT", "OFFSET"),
    *("FROM Contacts", "FROM ChildAccounts", "Account.Parent.", "Parent."),
)
_PHASES = [Phase.generate, Phase.shrink]


@pytest.fixture(scope="module")
def rows() -> Rows:
    made = Rows()
    made.add("Organization", Name="Org", TimeZoneSidKey=ZONE, FiscalYearStartMonth=FISCAL_MONTH)
    for sobject, records in WORLD.rows.items():
        for record in records:
            stored = {name: Decimal(repr(one)) if isinstance(one, float) else one for name, one in record.items()}
            missing = {"CreatedDate", "LastModifiedDate", "SystemModstamp"} - set(stored)
            made.db.insert_row(sobject, dict.fromkeys(missing, "2026-01-01T00:00:00") | stored)
    return made


def test_random_queries_are_answered_like_the_naive_evaluator_does(rows: Rows) -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=_MANY or 200,
        derandomize=not _MANY,
        deadline=None,
        database=None,
        phases=_PHASES,
        suppress_health_check=list(HealthCheck),
    )
    @given(queries())
    def check(query: Query) -> None:
        _check(rows, query)
        seen.update(word for word in _WORDS if word in text_of(query))
        seen["answered"] += bool(WORLD.run(query))
        seen["all"] += 1

    check()

    assert set(_WORDS) <= set(seen), set(_WORDS) - set(seen)
    assert seen["answered"] > seen["all"] / 3  # what answers nothing proves little


def _check(rows: Rows, query: Query) -> None:
    text = text_of(query)

    found = execute(text, schema=rows.schema, db=rows.db, now=NOW)

    if query.count:
        assert found.total_size == WORLD.run(query), text
    elif query.groups or query.aggregates:
        assert [_plain_group(one) for one in found.records] == [_plain_group(one) for one in WORLD.run(query)], text
    else:
        assert [_plain(one) for one in found.records] == WORLD.run(query), text


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """A record without attributes; datetimes as they are stored."""
    return {name: _plain_value(value) for name, value in record.items() if name != "attributes"}


def _plain_value(value: Any) -> Any:
    if isinstance(value, dict) and "records" in value:
        assert value["totalSize"] == len(value["records"])
        return [_plain(one) for one in value["records"]]
    if isinstance(value, dict):
        return _plain(value)
    return value.removesuffix(".000+0000") if isinstance(value, str) else value


def _plain_group(record: dict[str, Any]) -> dict[str, Any]:
    """A group; which spelling of a text stands for it is open, and so are the last digits of a mean."""
    made: dict[str, Any] = {}
    for name, value in _plain(record).items():
        if isinstance(value, float):
            value = round(value, 6)  # noqa: PLW2901 - a name of its own would say no more
        made[name] = value.lower() if isinstance(value, str) else value
    return made
