"""Which tests the usual run leaves out on PostgreSQL: they send it no statement that others do not send.

A test runs there if it is in tests/store, or marked as about `databases` (locks, transactions, types), or the cheapest
of its file, or sends a statement that the others before it do not. The rest is listed in tests/repeats.txt and runs on
SQLite only, as do all cases but the first of a test that has several. A new test runs on both until the list is written
anew; `SFSYNC_TEST_ALL=1` takes every case on both. To write the list:

    SFSYNC_TEST_REPEATS=write python -m pytest -n 0 -k postgresql
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

EVERYTHING, WRITE = "SFSYNC_TEST_ALL", "SFSYNC_TEST_REPEATS"
_LIST = Path(__file__).with_name("repeats.txt")
_VALUES = re.compile(r"%\(\w+\)s(::\w+)?|\$\d+(::\w+)?|\b\d+\b")
_MANY = re.compile(r"\(?\?\)?(, \(?\?\)?)+")


def left_out(items: Iterable[pytest.Item]) -> set[pytest.Item]:
    """Return those of the tests that the usual run leaves out."""
    if os.environ.get(EVERYTHING):
        return set()
    listed = set() if os.environ.get(WRITE) else set(_LIST.read_text(encoding="utf-8").splitlines())
    seen: set[str] = set()
    found = set()
    for item in items:
        test, _, case = item.nodeid.partition("[")
        if case and item.get_closest_marker("postgres") and not _is_of_store(test):
            if test in seen or (test in listed and not item.get_closest_marker("databases")):
                found.add(item)
            seen.add(test)
    return found


class Recorder:
    """Notes the statements that each test sends, and writes the list at the end."""

    def __init__(self) -> None:
        self._now: Counter[str] = Counter()
        self._sent: dict[str, Counter[str]] = {}
        self._kept: set[str] = set()
        event.listen(Engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self._now[_MANY.sub("?", _VALUES.sub("?", statement))] += 1

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note what a test sends with its fixtures."""
        self._now = Counter()
        try:
            return (yield)
        finally:
            if item.get_closest_marker("postgres"):
                test = item.nodeid.partition("[")[0]
                self._sent[test] = self._now
                if _is_of_store(test) or item.get_closest_marker("databases"):
                    self._kept.add(test)

    def pytest_sessionfinish(self) -> None:
        """Write the list: one test after the other runs that sends most of what is new for what it sends in all."""
        known = {one for test in self._kept for one in self._sent[test]}
        left = {test: sent for test, sent in self._sent.items() if test not in self._kept}
        by_file: defaultdict[str, list[str]] = defaultdict(list)
        for test in sorted(left):
            by_file[test.partition("::")[0]].append(test)
        for tests in by_file.values():
            known |= left.pop(min(tests, key=lambda test: left[test].total())).keys()
        while left:
            best = max(sorted(left), key=lambda test: len(left[test].keys() - known) / (1 + left[test].total()))
            if not left[best].keys() - known:
                break
            known |= left.pop(best).keys()
        _LIST.write_text("".join(f"{test}\n" for test in sorted(left)), encoding="utf-8")


def _is_of_store(test: str) -> bool:
    return test.startswith("tests/store/")
