"""A schema and a database with rows put there directly, for tests below the platform's rules."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sfsync.emulator.database import Database, Value
from sfsync.emulator.errors import ApiError
from sfsync.emulator.ids import IdFactory
from sfsync.emulator.objects import standard_schema
from sfsync.emulator.soql import Cursor, execute, prepare

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)  # a Wednesday
STAMP = "2026-01-01T00:00:00"


class Rows:
    def __init__(self) -> None:
        self.schema = standard_schema()
        self.db = Database(self.schema)
        self.ids = IdFactory()

    def add(self, sobject: str, **values: Value) -> str:
        """Put a row in and return its id; stamps are given unless said otherwise."""
        known = self.schema.objects[sobject]
        record_id = self.ids.next(str(known.key_prefix))
        stamps: dict[str, Value] = {
            name: STAMP for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp") if name in known.fields
        }
        self.db.insert_row(sobject, {"Id": record_id, **stamps, **values})
        return record_id

    def prepare(self, text: str, *, include_deleted: bool = False) -> Cursor:
        return prepare(text, schema=self.schema, db=self.db, now=NOW, include_deleted=include_deleted)

    def query(self, text: str, *, include_deleted: bool = False, version: str = "66.0") -> list[dict[str, Any]]:
        schema, db = self.schema, self.db
        answer = execute(text, schema=schema, db=db, now=NOW, include_deleted=include_deleted, version=version)
        return answer.records

    def column(self, text: str, *, include_deleted: bool = False) -> list[Any]:
        """Return the values of the only field selected."""
        return [list(row.values())[1] for row in self.query(text, include_deleted=include_deleted)]

    def names(self, condition: str) -> list[str]:
        """Return the names of the accounts that meet the condition."""
        return self.column(f"SELECT Name FROM Account WHERE {condition} ORDER BY Name")

    def refusal(self, text: str) -> ApiError:
        with pytest.raises(ApiError) as caught:
            self.query(text)
        return caught.value
