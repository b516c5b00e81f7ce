"""Switches of an org as text: NAME=VALUE, for the command line."""

from __future__ import annotations

import difflib
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_type_hints

from sfsync.emulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

_TRUE, _FALSE = {"true", "on", "yes", "1"}, {"false", "off", "no", "0"}
_KINDS = (bool, int, float, str)


class SwitchError(ValueError):
    """A switch that there is not, or a value that it cannot have."""


def read_switches(given: Iterable[str]) -> dict[str, Any]:
    """Read `NAME=VALUE` texts into arguments of Settings.

    Raises:
        SwitchError: naming the switch, and what it should be.
    """
    hints = get_type_hints(Settings)
    kinds = {one.name: _kind(hints[one.name]) for one in fields(Settings)}
    simple = {name: kind for name, kind in kinds.items() if kind is not None}
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip()
        if name not in simple:
            nearest = difflib.get_close_matches(name, simple, n=1)
            raise SwitchError(f"there is no switch {name!r}" + (f"; did you mean {nearest[0]}?" if nearest else ""))
        if not equals:
            raise SwitchError(f"switch {name} needs a value: {name}=...")
        found[name] = _read(name, value.strip(), simple[name])
    return found


def _kind(hint: Any) -> type | None:
    """The plain type of a setting; None for those that text cannot give."""
    if hint in _KINDS:
        return hint  # type: ignore[no-any-return]
    return str if hint == (str | None) else None


def _read(name: str, value: str, kind: type) -> Any:
    if kind is bool:
        if value.lower() not in _TRUE | _FALSE:
            raise SwitchError(f"switch {name} should be true or false, not {value!r}")
        return value.lower() in _TRUE
    try:
        return kind(value)
    except ValueError:
        raise SwitchError(f"switch {name} should be a number, not {value!r}") from None
