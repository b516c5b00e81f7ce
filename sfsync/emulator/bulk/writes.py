"""Writes the records of a job: in chunks of 200, each a transaction, in which each record succeeds or fails alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.emulator.calls import BULK_ROWS
from sfsync.emulator.errors import ApiError
from sfsync.emulator.resources.many import change_by_id, given_twice, upsert_among
from sfsync.emulator.resources.records import Upserted, key_field
from sfsync.emulator.values import coerce

if TYPE_CHECKING:
    from sfsync.emulator.bulk.jobs import Job
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.org import Org
    from sfsync.emulator.world import Row

CHUNK = 200
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a record: its id (of a refused one, if the client named it) and the refusal."""

    record_id: str
    created: bool = False
    refusal: ApiError | None = None

    @property
    def error(self) -> str:
        """The refusal as results tell it: CODE:message:fields -- [facts: api 4.2]."""
        if self.refusal is None:
            return ""
        fields = ", ".join(self.refusal.fields or ())
        return f"{self.refusal.code}:{self.refusal.message}:{f'{fields} ' if fields else ''}--"


def write_chunk(org: Org, job: Job, records: list[Row]) -> list[Outcome]:
    """Try up to 200 records in one transaction of their own, which waits for locks as any other.

    A record whose row is locked fails alone, with UNABLE_TO_LOCK_ROW; so does one that a planned fault hits.
    """
    fault = org.faults.of_parts(BULK_ROWS)
    refusals = [fault.refusal() if fault and fault.hits_part(place) else None for place in range(1, len(records) + 1)]

    def attempt() -> list[Outcome]:
        writer = org.writer(job.user_id)
        with org.world.savepoint():
            chunk = _Chunk(org, writer, job, records)
            return [chunk.write(record, refusal) for record, refusal in zip(records, refusals, strict=True)]

    return org.settled(attempt)


class _Chunk:
    def __init__(self, org: Org, writer: Writer, job: Job, records: list[Row]) -> None:
        self._org = org
        self._writer = writer
        self._job = job
        self._key = key_field(writer, job.sobject, job.external_id or "") if job.operation == "upsert" else None
        self._twice: set[str] = set()
        if self._key is not None:
            self._twice = given_twice(self._key, (_value(record, self._key.name) for record in records))

    def write(self, record: Row, planned: ApiError | None) -> Outcome:
        record_id = _value(record, "Id")
        try:
            if planned is not None:
                raise planned
            done = self._try(record, record_id)
        except ApiError as refusal:
            named = str(record_id) if record_id is not None and self._job.operation != "insert" else ""
            return Outcome(named, refusal=self._in_bulk_words(refusal, record))
        return Outcome(done.record_id, done.created)

    def _try(self, record: Row, record_id: Any) -> Upserted:
        writer, sobject, operation = self._writer, self._job.sobject, self._job.operation
        values = {name: value for name, value in record.items() if name.lower() != "id"}
        if self._key is not None:
            body = {name: value for name, value in values.items() if name.lower() != self._key.name.lower()}
            if record_id is not None and self._key.name != "Id":
                raise _id_on_insert("upsert")
            given = _value(record, self._key.name)
            return upsert_among(writer, sobject, self._key, given, body, twice=self._twice, version=self._job.version)
        if operation == "insert":
            if record_id is not None:
                raise _id_on_insert("insert")
            return Upserted(writer.insert(sobject, values), created=True)
        if record_id is None:
            raise ApiError(400, "MISSING_ARGUMENT", f"Id not specified in {_article(operation)} call", [])
        act = {
            "update": lambda: writer.update(sobject, str(record_id), values),
            "delete": lambda: writer.delete(sobject, str(record_id)),
            "hardDelete": lambda: writer.delete(sobject, str(record_id), purge=True),
        }[operation]
        return Upserted(change_by_id(writer, sobject, str(record_id), act), created=False)

    def _in_bulk_words(self, refusal: ApiError, record: Row) -> ApiError:
        """A value of the wrong type is the fault of a JSON parser only where there was JSON."""
        if refusal.code != "JSON_PARSER_ERROR":
            return refusal
        names = self._writer.plan(self._job.sobject).names
        for name, value in record.items():
            field = names.get(name.lower())
            try:
                if field is not None:
                    coerce(field, value)
            except ApiError as again:
                if again.code == refusal.code:
                    message = f"{field.label}: value not of required type: {value}" if field else again.message
                    return ApiError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name] if field else [])
        return refusal


def _value(record: Row, name: str) -> Any:
    return next((value for sent, value in record.items() if sent.lower() == name.lower()), None)


def _article(operation: str) -> str:
    return "an update" if operation == "update" else "a delete"


def _id_on_insert(operation: str) -> ApiError:
    message = f"cannot specify Id in an {operation} call"
    return ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, ["Id"])
