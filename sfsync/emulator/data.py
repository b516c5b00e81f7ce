"""Records for an org from a JSON file, with references between them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.emulator.org import Org

STANDARD = "@standard_pricebook"
_REF, _AFTER = "_ref", "_after"


class DataError(Exception):
    """A data file that cannot be loaded; the message names file, row and field."""


def load_file(org: Org, path: Path) -> dict[str, str]:
    """Load a JSON file of the form {"Account": [{"_ref": "a1", "Name": "Acme"}], ...} into an org.

    Objects are loaded in the order of the file, all or nothing. A value "@a1" stands for the id of the row with
    `_ref` a1, "@standard_pricebook" for that of the standard price book. `_after` holds changes made when every row
    is there, such as activating an order. Returns the ids by `_ref`.

    Raises:
        DataError: if the file is not of that form, or the org refuses a row.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise DataError(f"{path}: {exc.strerror}") from exc
    except ValueError as exc:
        raise DataError(f"{path}: not valid JSON: {exc}") from exc
    try:
        with org.lock, org.world.savepoint():
            return load(org, data)
    except DataError as exc:
        raise DataError(f"{path}: {exc}") from exc


def load(org: Org, data: Any) -> dict[str, str]:
    """Load what `load_file` reads."""
    if not isinstance(data, dict):
        raise DataError("expected an object with one list of rows per sObject")
    ids = {STANDARD[1:]: org.standard_pricebook_id}
    later: list[tuple[str, str, str, dict[str, Any]]] = []
    for sobject, rows in data.items():
        if org.schema.get(sobject) is None:
            raise DataError(f"there is no sObject {sobject!r}")
        if not isinstance(rows, list):
            raise DataError(f"{sobject}: expected a list of rows")
        for number, row in enumerate(rows, 1):
            where = f"{sobject} row {number}"
            if not isinstance(row, dict):
                raise DataError(f"{where}: expected an object")
            values = {name: _value(where, name, value, ids) for name, value in row.items() if name[0] != "_"}
            unknown = [name for name in row if name[0] == "_" and name not in {_REF, _AFTER}]
            if unknown:
                raise DataError(f"{where}, field {unknown[0]}: only {_REF} and {_AFTER} may begin with _")
            record_id = _try(where, lambda s=sobject, v=values: org.insert(s, v))
            if (ref := row.get(_REF)) is not None:
                if ref in ids:
                    raise DataError(f"{where}, field {_REF}: {ref!r} is taken")
                ids[ref] = record_id
            if _AFTER in row:
                later.append((where, sobject, record_id, row[_AFTER]))
    for where, sobject, record_id, changes in later:
        values = {name: _value(where, name, value, ids) for name, value in changes.items()}
        _try(where, lambda s=sobject, i=record_id, v=values: org.update(s, i, v))
    return ids


def _value(where: str, name: str, value: Any, ids: dict[str, str]) -> Any:
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    if value[1:] not in ids:
        raise DataError(f"{where}, field {name}: no earlier row has {_REF} {value[1:]!r}")
    return ids[value[1:]]


def _try(where: str, act: Any) -> str:
    try:
        return str(act())
    except ApiError as exc:
        fields = f", field {', '.join(exc.fields)}" if exc.fields else ""
        raise DataError(f"{where}{fields}: {exc.code}: {exc.message}") from exc
