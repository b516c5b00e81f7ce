"""The SQL that makes the tables of an org's rows."""

from collections.abc import Mapping

from sfsync.emulator.fields import ID_TYPES, NUMERIC, Field
from sfsync.emulator.schema import SObject

OWN = (
    'CREATE TABLE IF NOT EXISTS "_deleted" (sobject TEXT, "Id" TEXT, "deletedDate" TEXT, hard INTEGER)',
    'CREATE TABLE IF NOT EXISTS "_kept" (name TEXT PRIMARY KEY, value TEXT)',
    'CREATE INDEX IF NOT EXISTS "_deleted_by_date" ON "_deleted" (sobject, "deletedDate")',
)
"""What every org has beside the tables of its objects: what was deleted, and what is kept of other kinds."""

_UNINDEXED_TARGETS = frozenset({"User", "Group", "RecordType", "Profile"})


def table(name: str, stored: Mapping[str, Field]) -> str:
    """Return what makes the table of an object with these stored fields."""
    columns = ['"Id" TEXT PRIMARY KEY NOT NULL', *(column(one) for key, one in stored.items() if key != "Id")]
    return f'CREATE TABLE "{name}" ({", ".join(columns)}) WITHOUT ROWID'


def column(one: Field) -> str:
    """Return the definition of a field's column."""
    name = f'"{one.name}"'
    if one.type == "boolean":
        return f"{name} INTEGER NOT NULL DEFAULT 0"
    if one.type == "int":
        return f"{name} INTEGER"
    if one.type in NUMERIC:
        return f"{name} REAL"
    if one.type in ID_TYPES or one.type in {"date", "datetime"} or (one.unique and one.case_sensitive):
        return f"{name} TEXT"
    return f"{name} TEXT COLLATE NOCASE"


def indexes(sobject: SObject) -> list[str]:
    """Return what makes the indexes of an object's table, as far as there are none yet."""
    wanted = [("SystemModstamp", '"SystemModstamp", "Id"')] if "SystemModstamp" in sobject.fields else []
    for one in sobject.fields.values():
        refers = one.type == "reference" and not _UNINDEXED_TARGETS.intersection(one.reference_to)
        if refers or one.unique or one.external_id:
            wanted.append((one.name, f'"{one.name}"'))
    if "IsDeleted" in sobject.fields and "SystemModstamp" in sobject.fields:
        wanted.append(("recycle bin", '"SystemModstamp") WHERE ("IsDeleted" = 1'))
    return [
        f'CREATE INDEX IF NOT EXISTS "{sobject.name}.{name}" ON "{sobject.name}" ({columns})'
        for name, columns in wanted
    ]
