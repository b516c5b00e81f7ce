"""The coverage page is made from the code: what it reads there, and that it is of today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.document.__main__ import PAGE, main
from sfsync.emulator.document.page import page
from sfsync.emulator.document.refusals import Refusal, refusals
from sfsync.emulator.document.switches import switches
from sfsync.emulator.faults.catalogue import CATALOGUE
from sfsync.emulator.routes import DATA_ROUTES, ROOT_ROUTES

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

HELPERS = """
from errors import ApiError

_LOCKED = "the row is locked"

def integrity(message, *fields):
    return ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message, fields)

def required(*fields):
    message = f"Required fields are missing: [{', '.join(fields)}]"
    return ApiError(400, "REQUIRED_FIELD_MISSING", message, fields)
"""
RULES = """
def check(writer, row):
    if row["a"]:
        message = f"{row['a']} is wrong"
        raise ApiError(400, writer.settings.some_code, message, [])
    if row["b"] and not writer.settings.lenient:
        message = "b is wrong"
        raise integrity(message, "b")
    if not writer.may("edit_things"):
        raise integrity(_LOCKED)
    if row["c"]:
        raise required("c")
    raise ValueError("not a refusal of the platform")
"""


def test_refusals_are_found_with_their_codes_texts_and_switches(tmp_path: Path) -> None:
    (tmp_path / "hooks.py").write_text(HELPERS, encoding="utf-8")
    (tmp_path / "order.py").write_text(f'_LOCKED = "it is locked"\n{RULES}', encoding="utf-8")

    assert refusals(tmp_path, ["hooks", "order"]) == [
        Refusal("order", "`some_code`", "… is wrong", ("some_code",)),
        Refusal("order", "FIELD_INTEGRITY_EXCEPTION", "b is wrong", ("lenient",)),
        Refusal("order", "FIELD_INTEGRITY_EXCEPTION", "it is locked", ("edit_things",)),
        Refusal("order", "REQUIRED_FIELD_MISSING", "Required fields are missing: […]", ()),
    ]


def test_the_page_names_every_resource_fault_and_documented_switch() -> None:
    text = page()

    assert all(f"`{route.path}`" in text for route in DATA_ROUTES if route.path)
    assert all(f"`/{route.path}`" in text for route in ROOT_ROUTES)
    assert all(f"| `{entry.name}` |" in text for entry in CATALOGUE)
    assert all(f"| `{switch.name}` |" in text for switch in switches())
    assert "An order must have at least one product." in text


def test_a_page_that_differs_is_told_and_written_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "docs" / "page.md"

    assert main([], file=file) == 1
    assert not file.exists()
    assert main(["--write"], file=file) == 0
    assert main([], file=file) == 0
    assert capsys.readouterr().out.splitlines() == ["differs from the code: docs/page.md", "written: docs/page.md"]


def test_every_refusing_switch_of_the_page_is_one_that_there_is() -> None:
    known = {switch.name for switch in switches()}

    assert {"missing_unit_price_code", "contract_must_be_active", "row_last_modified"} <= known
    assert PAGE.name == "emulator-coverage.md"
