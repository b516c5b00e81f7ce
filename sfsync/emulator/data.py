"""Records for an org from a JSON file, with references between them; and objects from an org's describe answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError
from sfsync.emulator.json_text import read_json
from sfsync.emulator.objects.imported import imported_schema

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sfsync.emulator.org import Org
    from sfsync.emulator.schema import Schema

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
    data = _read(path)
    try:
        with org.lock, org.world.savepoint():
            return load(org, data)
    except DataError as exc:
        raise DataError(f"{path}: {exc}") from exc


def load_schema(paths: Iterable[Path]) -> Schema:
    """Build a schema with the objects of other orgs: each file holds one answer of GET /sobjects/X/describe, or a list.

    Raises:
        DataError: if a file is not of that form.
    """
    answers: list[Any] = []
    for path in paths:
        read = _read(path)
        found = read if isinstance(read, list) else [read]
        if not all(isinstance(one, dict) and isinstance(one.get("fields"), list) and "name" in one for one in found):
            raise DataError(f"{path}: expected the JSON answer of /sobjects/X/describe, or a list of such answers")
        answers += found
    try:
        return imported_schema(answers)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise DataError(f"a describe answer lacks something or has the wrong type: {exc!r}") from exc


def _read(path: Path) -> Any:
    try:
        return read_json(path.read_bytes())
    except OSError as exc:
        raise DataError(f"{path}: {exc.strerror}") from exc
    except ApiError as exc:
        raise DataError(f"{path}: not valid JSON: {exc.message}") from exc


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
            values = {name: _value(where, name, value, ids) for name, value in row.items() if name[:1] != "_"}
            unknown = [name for name in row if name[:1] == "_" and name not in {_REF, _AFTER}]
            if unknown:
                raise DataError(f"{where}, field {unknown[0]}: only {_REF} and {_AFTER} may begin with _")
            record_id = _try(where, lambda s=sobject, v=values: org.insert(s, v))
            if (ref := row.get(_REF)) is not None:
                if not isinstance(ref, str):
                    raise DataError(f"{where}, field {_REF}: expected a text")
                if ref in ids:
                    raise DataError(f"{where}, field {_REF}: {ref!r} is taken")
                ids[ref] = record_id
            if _AFTER in row:
                if not isinstance(row[_AFTER], dict):
                    raise DataError(f"{where}, field {_AFTER}: expected an object")
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
