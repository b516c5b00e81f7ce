"""The fault catalogue: every fault as one row of data, for planning, for listing and for the docs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfsync.emulator.calls import BULK_ROWS
from sfsync.emulator.faults import calls, data, deletions, edge, elsewhere, long_calls, setup, shape, wire
from sfsync.emulator.faults.options import STRIKING, Option
from sfsync.emulator.routes import KINDS

if TYPE_CHECKING:
    from sfsync.emulator.faults.entry import Entry

CATALOGUE: tuple[Entry, ...] = (
    *wire.ROWS,
    *edge.ROWS,
    *calls.ROWS,
    *long_calls.ROWS,
    *data.ROWS,
    *deletions.ROWS,
    *shape.ROWS,
    *setup.ROWS,
    *elsewhere.ROWS,
)
ENTRIES = {entry.name: entry for entry in CATALOGUE}
NAMES = tuple(entry.name for entry in CATALOGUE if entry.here)


def _of_kinds(kinds: frozenset[str]) -> tuple[Option, ...]:
    return tuple(replace(one, choices=tuple(sorted(kinds))) if one.name == "kind" else one for one in STRIKING)


_STRIKING, _STRIKING_PARTS = _of_kinds(KINDS), _of_kinds(KINDS | {BULK_ROWS})
_MOMENT = Option(
    "moment",
    "choice",
    "when a change of the org happens",
    default="before",
    choices=("before", "after"),
)
_TITLES = {
    "call": "Faults of a call",
    "data": "What happens to the data",
    "set-up": "What happens to the set-up",
    "not here": "Not the emulator's to make",
}


def options_of(entry: Entry) -> tuple[Option, ...]:
    """All options of a fault: its own, and those that say when it strikes."""
    if not entry.here:
        return ()
    moment = (_MOMENT,) if entry.act is not None else ()
    return (*entry.options, *moment, *(_STRIKING if entry.part is None else _STRIKING_PARTS))


def as_data() -> list[dict[str, Any]]:
    """The catalogue as JSON-ready rows."""
    return [
        {
            "name": entry.name,
            "group": entry.group,
            "what": entry.what,
            "strikes": strikes(entry),
            "options": [_option(one) for one in options_of(entry)],
            "source": entry.source,
        }
        for entry in CATALOGUE
    ]


def _option(one: Option) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": one.name, "kind": one.kind, "what": one.what, "required": one.required}
    if one.default is not None:
        shown["default"] = one.default
    if one.choices:
        shown["choices"] = list(one.choices)
    return shown


def strikes(entry: Entry) -> str:
    """When it strikes, in words."""
    if not entry.here:
        return "never"
    calls_meant = f"calls of kind {', '.join(sorted(entry.kinds))}" if entry.kinds else "any call"
    return calls_meant if entry.act is None else f"at once, or before or after {calls_meant}"


def catalogue_text() -> str:
    """The catalogue for people, as `sfsync emulator faults` shows it."""
    lines: list[str] = []
    for group, title in _TITLES.items():
        lines += ["", title]
        for entry in (one for one in CATALOGUE if one.group == group):
            lines += [f"  {entry.name}", f"      {entry.what}"]
            if entry.kinds:
                lines.append(f"      Strikes {strikes(entry)}, unless path or kind say otherwise.")
            lines += [f"      {_described(one)}" for one in entry.options]
    lines += ["", "When a fault strikes: options that all take"]
    lines += [f"      {_described(one)}" for one in (*_STRIKING_PARTS, _MOMENT)]
    lines += ["", 'On the command line: --faults "lost_answer:path=graph,nth=2;http_503:rate=0.1"', ""]
    return "\n".join(lines).lstrip("\n")


def _described(one: Option) -> str:
    told = one.default not in {None, False}
    needed = " (needed)" if one.required else f" (default {one.default})" if told else ""
    among = f": {', '.join(one.choices)}" if one.choices else ""
    return f"{one.name}: {one.what}{among}{needed}"
