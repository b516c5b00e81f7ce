"""Two answers, field by field: keys and their order, types, values. Every difference has a name and is reported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of these only the form is compared; that the contents differ is reported as such.
_FORMS = {
    "moment": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000(?:\+0000|Z)"),
    "tag": re.compile(r'"[0-9a-f]{8}"'),
    "date": re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
    "request id": re.compile(r"[0-9a-f]{32}"),
}
_ID = re.compile(r"([0-9A-Za-z]{3})(?=\w*\d)[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?")
_HOST = re.compile(r"https://[^/]+")


@dataclass(frozen=True)
class Difference:
    """Where two answers differ, how, and what stands there."""

    path: str
    what: str
    recorded: Any = None
    ours: Any = None


class Comparison:
    """Compares answers of one session; `ids` maps the recorded ids to ours as they are met."""

    def __init__(self, ids: dict[str, str]) -> None:
        self._ids = ids

    def values(self, recorded: Any, ours: Any, path: str = "") -> Iterator[Difference]:
        """Yield the differences of two JSON values."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            yield from self._objects(recorded, ours, path)
        elif isinstance(recorded, list) and isinstance(ours, list):
            yield from self._lists(recorded, ours, path)
        elif type(recorded) is not type(ours):
            yield Difference(path, "type", recorded, ours)
        else:
            how = self._texts(recorded, ours) if isinstance(recorded, str) else "value" if recorded != ours else None
            if how is not None:
                yield Difference(path, how, recorded, ours)

    def _objects(self, recorded: dict[str, Any], ours: dict[str, Any], path: str) -> Iterator[Difference]:
        yield from (Difference(f"{path}.{key}", "missing", one) for key, one in recorded.items() if key not in ours)
        yield from (Difference(f"{path}.{key}", "extra", None, one) for key, one in ours.items() if key not in recorded)
        common = [key for key in recorded if key in ours]
        if common != [key for key in ours if key in recorded]:
            yield Difference(path, "order of keys", list(recorded), list(ours))
        for key in common:
            yield from self.values(recorded[key], ours[key], f"{path}.{key}")

    def _lists(self, recorded: list[Any], ours: list[Any], path: str) -> Iterator[Difference]:
        named, own = _by_name(recorded), _by_name(ours)
        if named is not None and own is not None:
            yield from self._objects(named, own, path)
            return
        if len(recorded) != len(ours):
            yield Difference(path, "length", len(recorded), len(ours))
        for place, (one, other) in enumerate(zip(recorded, ours, strict=False)):
            yield from self.values(one, other, f"{path}[{place}]")

    def _texts(self, recorded: str, ours: str) -> str | None:
        """How two texts differ; an id must stand for the same record, a tag for the same state, wherever it is."""
        parts, own = (_HOST.sub("https:", text).split("/") for text in (recorded, ours))
        if len(parts) == len(own) and all(map(self._same_part, parts, own)):
            if recorded == ours:
                return None
            return "id" if parts != own else "host"
        for name, form in _FORMS.items():
            if form.fullmatch(recorded) and form.fullmatch(ours):
                return name if name != "tag" or self._ids.setdefault(recorded, ours) == ours else "value"
        return "value"

    def _same_part(self, recorded: str, ours: str) -> bool:
        known, new = _ID.fullmatch(recorded), _ID.fullmatch(ours)
        if known is None or new is None:
            return recorded == ours
        return known[1] == new[1] and len(recorded) == len(ours) and self._ids.setdefault(recorded, ours) == ours


def _by_name(items: list[Any]) -> dict[str, Any] | None:
    """The items of a list by their names if they have such: fields, relationships, objects, record types."""
    named: dict[str, Any] = {}
    for one in items:
        if not isinstance(one, dict):
            return None
        if "childSObject" in one:
            name = f"{one['childSObject']}.{one['field']}"
        else:
            name = str(one.get("developerName") or one.get("name") or "")
        if not name or name in named:
            return None
        named[name] = one
    return named or None
