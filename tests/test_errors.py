"""The exit codes are the same in the code and wherever they are told."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from sfsync import errors
from sfsync.cli import main
from sfsync.errors import SfsyncError

CODES = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_every_exit_code_is_in_the_readme_and_no_other() -> None:
    table = README.partition("## Exit codes")[2].partition("\n## ")[0]

    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == sorted(CODES)


def test_every_exit_code_is_told_where_the_code_is_read() -> None:
    for module in (errors, main):
        assert {int(number) for number in re.findall(r"\b\d+\b", module.__doc__ or "")} == CODES


def test_the_tree_of_errors_names_every_error_with_its_exit_code() -> None:
    tree = {name: int(code) for name, code in re.findall(r"── (\w+) +(\d+) ", errors.__doc__ or "")}
    found = {
        name: one.exit_code
        for name, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, SfsyncError) and one is not SfsyncError
    }

    assert tree == found
