"""What administrators add to an org: validation rules, and flows that set a field in the transaction of the save."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError
from sfsync.emulator.values import coerce

if TYPE_CHECKING:
    from sfsync.emulator.plans import WritePlan
    from sfsync.emulator.world import Row


@dataclass(frozen=True, slots=True)
class Condition:
    """That a field has a value, compared as text; an empty one means null."""

    field: str
    value: str

    def holds(self, row: Row) -> bool:
        """Whether a row, as it is about to be saved, meets it."""
        value = row.get(self.field)
        text = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
        return text.lower() == self.value.lower()


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """Refuses to save records of an object that meet the condition, with the administrator's words."""

    sobject: str
    message: str
    when: Condition | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class FieldUpdate:
    """A flow that runs before each save and gives a field another value [facts: api B.8]."""

    sobject: str
    field: str
    value: Any
    when: Condition | None = None


@dataclass(slots=True)
class Customs:
    """The rules and flows of one org, in the order in which they were made. They hold for everybody."""

    rules: list[ValidationRule] = field(default_factory=list)
    flows: list[FieldUpdate] = field(default_factory=list)

    def run_flows(self, plan: WritePlan, old: Row, values: Row) -> Row:
        """Return what is to be saved over `old`, the flows having had their say."""
        for flow in self.flows:
            described = plan.sobject.field(flow.field)
            if flow.sobject != plan.sobject.name or described is None:
                continue
            if flow.when is None or flow.when.holds({**old, **values}):
                values = {**values, described.name: coerce(described, flow.value)}
        return values

    def validate(self, sobject: str, row: Row) -> None:
        """Ask the rules about a row as it is about to be saved.

        Raises:
            ApiError: FIELD_CUSTOM_VALIDATION_EXCEPTION with the words of the first rule it breaks [facts: api 5.4].
        """
        for rule in self.rules:
            if rule.sobject == sobject and (rule.when is None or rule.when.holds(row)):
                fields = [rule.field] if rule.field else []
                raise ApiError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)
