"""The coverage page: resources, SOQL, rules, switches and faults, each read from the code that does them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.emulator.document.refusals import refusals
from sfsync.emulator.document.switches import switches
from sfsync.emulator.faults.catalogue import CATALOGUE, options_of
from sfsync.emulator.faults.options import STRIKING
from sfsync.emulator.routes import DATA_ROUTES, ROOT_ROUTES
from sfsync.emulator.settings import Settings
from sfsync.emulator.soql.coverage import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfsync.emulator.routes import Route

EMULATOR = Path(__file__).parents[1]
_GENERAL = ["dml", "plans", "references", "values"]
_HEAD = """<!-- Written by `python -m sfsync.emulator.document --write` from the code. Do not edit. -->
# What the emulator does

*done*: as the facts say. *switchable*: done, and a setting of the org changes it. *refused*: answered with
Salesforce's own refusal. What is not in these tables
at all is Salesforce's 404 for resources and MALFORMED_QUERY for SOQL. How to use it: [emulator.md](emulator.md).
"""
_RULES = """## Rules

Every refusal of a write, in the order in which the code asks. `…` stands for what depends on the record; a code in
small letters is the switch that holds it.
"""
_FAULTS = f"""## Faults

Besides its own options each takes those that say when it strikes: {", ".join(one.name for one in STRIKING)}.
"""


def page() -> str:
    """The whole page."""
    sections = [
        _HEAD,
        "## Resources\n\nBelow `/services/data/vXX.0` where nothing else is said.\n",
        _table(("Resource", "Methods", "State"), (_resource(route) for route in (*DATA_ROUTES, *ROOT_ROUTES))),
        "## SOQL\n",
        _table(
            ("Feature", "State", "Example", "Note"),
            ((row.feature, _state(row.state, row.switch), f"`{row.example}`", row.note) for row in ROWS),
        ),
        _RULES,
        _table(("Where", "Code", "Text", "State"), _rules()),
        "## Switches\n\nAttributes of `sfsync.emulator.settings.Settings`.\n",
        _table(
            ("Switch", "Default", "What it does"), ((f"`{s.name}`", f"`{s.default}`", s.sentence) for s in switches())
        ),
        _FAULTS,
        _table(("Fault", "Options", "What it does", "State"), _faults()),
    ]
    return "\n".join(sections)


def _resource(route: Route) -> tuple[str, ...]:
    path = f"`{route.path or '/'}`" if route in DATA_ROUTES else f"`/{route.path}`"
    return path, ", ".join(route.methods), "refused" if route.refused else "done"


def _state(state: str, switch: str | None) -> str:
    return f"{state}: `{switch}`" if switch else state


def _faults() -> Iterable[tuple[str, ...]]:
    general = {one.name for one in STRIKING}
    for entry in CATALOGUE:
        options = ", ".join(f"`{one.name}`" for one in options_of(entry) if one.name not in general)
        yield f"`{entry.name}`", options, entry.what, "done" if entry.here else "not here"


def _rules() -> Iterable[tuple[str, ...]]:
    known = set(Settings.__dataclass_fields__)
    modules = sorted(f"rules/{file.stem}" for file in (EMULATOR / "rules").glob("*.py"))
    for one in refusals(EMULATOR, [*_GENERAL, *modules]):
        governed = [f"`{name}`" for name in one.switches if name in known]
        state = f"switchable: {', '.join(governed)}" if governed else "done"
        yield one.module.removeprefix("rules/"), one.code, one.text, state


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in row)} |\n" for row in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
