"""The CSV of bulk jobs: what is written is read again, and pages are cut where rows end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.emulator.bulk.csvtext import DELIMITERS, ENDINGS, BadCsvError, Form, ending_of, rows, written
from sfsync.emulator.bulk.results import ResultFile

cells = st.text(alphabet='ab",;|\t^`\n\rß', max_size=6)
tables = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), max_size=8))
forms = st.builds(Form, st.sampled_from(sorted(ENDINGS)), st.sampled_from(sorted(DELIMITERS)))


@settings(max_examples=60, deadline=None)
@given(tables, forms)
def test_what_is_written_is_read_again(table: list[list[str]], form: Form) -> None:
    assert list(rows(written(table, form), form.delimiter)) == [row for row in table if any(row)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(cells, cells), max_size=30), forms, st.integers(0, 2_100), st.integers(1, 1_200))
def test_any_page_is_a_slice(few: list[tuple[str, str]], form: Form, start: int, count: int) -> None:
    table = [(f"{place}", *row) for place, row in enumerate([*few, ("x", "")] * 70)]
    results = ResultFile(("Id", "A", "B"), form)
    results.extend(table[:7])
    results.extend(table[7:])

    expected = written([("Id", "A", "B"), *table[start : start + count]], form)

    assert results.count == len(table)
    assert results.page(start, count).decode() == expected
    assert results.page().decode() == written([("Id", "A", "B"), *table], form)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
        ("a,b\r\n1,\r\n", [["a", "b"], ["1", ""]]),
        ("a\r1\r", [["a"], ["1"]]),
        ("a\n\n\n1\n\n", [["a"], ["1"]]),
        ('a,b\n"",\n,1\n', [["a", "b"], ["", "1"]]),
        ('"a ""b""\n,c",\n', [['a "b"\n,c', ""]]),
        (" a , b\n", [[" a ", " b"]]),
        ("", []),
        (",", []),
    ],
)
def test_rows_are_read_as_they_stand(text: str, read: list[list[str]]) -> None:
    assert list(rows(text, ",")) == read


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('a"b\n', "Found unescaped quote"),
        (' "a"\n', "Found unescaped quote"),
        ('"a"b\n', "Not expecting more text after end quote"),
        ('"a" ,"\n', "Not expecting more text after end quote"),
        ('"a\n', "EOF reached before closing an opened quote"),
        ('"', "EOF reached before closing an opened quote"),
    ],
)
def test_quotes_out_of_place_are_no_csv(text: str, problem: str) -> None:
    with pytest.raises(BadCsvError, match=problem):
        list(rows(text, ","))


def test_the_first_line_tells_how_lines_end() -> None:
    assert [ending_of(text) for text in ("a\nb\r\n", "a\r\nb\n", "a", "\n")] == ["LF", "CRLF", None, "LF"]
