"""What an org lacks of what sfsync wants, as steps in their order; a pure comparison of wanted and present."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sfsync.errors import OrgRefused
from sfsync.salesforce import soql
from sfsync.salesforce.composite import Sub

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.composite import SubAnswer
    from sfsync.salesforce.wanted import WantedField, WantedObject

PERMISSION_SET = "SFSync"
_OBJECT_RIGHTS = ("PermissionsCreate", "PermissionsRead", "PermissionsEdit", "PermissionsViewAllRecords")


class StepKind(StrEnum):
    """What a step does."""

    OBJECT = "custom object"
    FIELD = "custom field"
    PERMISSION_SET = "permission set"
    OBJECT_RIGHTS = "object permissions"
    FIELD_RIGHTS = "field permissions"
    ASSIGNMENT = "assignment"
    BY_HAND = "by hand"
    """Nothing that sfsync does: a person has to."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to create or grant: what, and how somebody does it in Setup."""

    kind: StepKind
    name: str
    words: str
    by_hand: str
    body: Mapping[str, Any] = field(default_factory=dict)
    """What is sent."""
    needs: str | None = None
    """The object that must be there first."""


@dataclass(frozen=True, slots=True)
class Present:
    """What the org has, as far as our user may see it."""

    describes: Mapping[str, Mapping[str, Any] | None]
    """Objects by name; None for one that is missing or hidden."""
    hidden_fields: frozenset[str] = frozenset()
    """Custom fields (Object.Field) that exist, seen or not."""
    hidden_objects: frozenset[str] = frozenset()
    """Custom objects that exist, seen or not."""
    permission_set: str | None = None
    """The Id of ours."""
    granted_fields: frozenset[str] = frozenset()
    """Fields that it grants to edit."""
    granted_objects: frozenset[str] = frozenset()
    """Objects that it grants all that is needed of."""
    assigned: bool = False
    """Whether our user has it."""


def read_present(client: OrgClient, sobjects: Sequence[str]) -> Present:
    """Look at the org, in one composite call and two of the Tooling API; nothing is written.

    Raises:
        OrgUnavailable, OrgRefused: the org cannot be read.
    """
    ours = f"Name = {soql.quoted(PERMISSION_SET)}"
    user = client.user_id
    rights = ", ".join(_OBJECT_RIGHTS)
    queries = [
        f"SELECT Id FROM PermissionSet WHERE {ours}",
        f"SELECT Field FROM FieldPermissions WHERE Parent.{ours} AND PermissionsEdit = true",
        f"SELECT SobjectType, {rights} FROM ObjectPermissions WHERE Parent.{ours}",
    ]
    if user is not None:
        queries.append(
            f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.{ours} AND AssigneeId = {soql.quoted_id(user)}"
        )
    subs = [Sub(f"sobjects/{name}/describe") for name in sobjects]
    answers = client.read_many([*subs, *(Sub("query", {"q": text}) for text in queries)])
    rows = [_rows(answer) for answer in answers[len(subs) :]]
    objects = _tooling(client, "SELECT Id, DeveloperName FROM CustomObject")
    owner = {str(row["Id"])[:15]: f"{row['DeveloperName']}__c" for row in objects}
    fields = _tooling(client, "SELECT DeveloperName, TableEnumOrId FROM CustomField")
    return Present(
        describes={name: _described(answer) for name, answer in zip(sobjects, answers, strict=False)},
        hidden_fields=frozenset(f"{_owner(row, owner)}.{row['DeveloperName']}__c" for row in fields),
        hidden_objects=frozenset(owner.values()),
        permission_set=rows[0][0]["Id"] if rows[0] else None,
        granted_fields=frozenset(row["Field"] for row in rows[1]),
        granted_objects=frozenset(row["SobjectType"] for row in rows[2] if all(row[one] for one in _OBJECT_RIGHTS)),
        assigned=user is not None and bool(rows[3]),
    )


def plan(objects: Sequence[WantedObject], fields: Sequence[WantedField], present: Present) -> list[Step]:
    """Return what is missing, in the order in which it can be made; nothing for an org that has it all."""
    steps = [_object(one) for one in objects if not _exists(one.name, present)]
    new = {step.name for step in steps}
    granted: list[WantedField] = []
    for one in fields:
        info = _field_info(one, present)
        if info is not None:
            steps += _unfit(one, info)
            if info["createable"] and info["updateable"]:
                continue
        elif one.full_name not in present.hidden_fields:
            steps.append(_field(one, new_object=one.sobject in new))
        granted.append(one)
    to_see = [one.name for one in objects if one.name not in present.granted_objects and not _usable(one.name, present)]
    to_grant = [one for one in granted if one.full_name not in present.granted_fields]
    if (to_grant or to_see) and present.permission_set is None:
        steps.append(_permission_set())
    steps += [_object_rights(name) for name in to_see]
    steps += [_field_rights(one) for one in to_grant]
    if (granted or to_see) and not present.assigned:
        steps.append(_assignment())
    return steps


def _exists(name: str, present: Present) -> bool:
    return present.describes.get(name) is not None or name in present.hidden_objects


def _usable(name: str, present: Present) -> bool:
    described = present.describes.get(name)
    return described is not None and bool(described["createable"]) and bool(described["updateable"])


def _field_info(one: WantedField, present: Present) -> Mapping[str, Any] | None:
    described = present.describes.get(one.sobject)
    found = described["fields"] if described else []
    return next((info for info in found if info["name"].lower() == one.name.lower()), None)


def _unfit(one: WantedField, info: Mapping[str, Any]) -> Iterator[Step]:
    wrong = [] if info["type"] in one.types else [f"is of type {info['type']}"]
    if one.is_key:
        flags = {"unique": "not unique", "externalId": "no external id", "caseSensitive": "not case-sensitive"}
        wrong += [f"is {words}" for flag, words in flags.items() if not info[flag]]
    if wrong:
        said = f"It is there, and {' and '.join(wrong)}; it should be {one.words}."
        yield Step(StepKind.BY_HAND, one.full_name, said, "Change it in Setup, or name another field in the settings.")


def _object(one: WantedObject) -> Step:
    by_hand = f"Setup, Object Manager, Create: {one.label} ({one.name}), with an Auto Number as its name."
    body = {"label": one.label, "plural": one.plural}
    return Step(StepKind.OBJECT, one.name, f"Custom object “{one.label}”", by_hand, body)


def _field(one: WantedField, *, new_object: bool) -> Step:
    by_hand = f"Setup, Object Manager, {one.sobject}, Fields & Relationships, New: {one.words}, named {one.name}."
    if not one.name.endswith("__c"):
        said = "It is no custom field, so it cannot be made, and the org does not show it."
        return Step(StepKind.BY_HAND, one.full_name, said, "Name a custom field, ending in __c, in the settings.")
    body = {"FullName": one.full_name, "Metadata": one.metadata}
    return Step(StepKind.FIELD, one.full_name, one.words, by_hand, body, one.sobject if new_object else None)


def _permission_set() -> Step:
    by_hand = f"Setup, Permission Sets, New: {PERMISSION_SET}."
    body = {
        "Name": PERMISSION_SET,
        "Label": "sfsync",
        "Description": "What sfsync needs of its own fields and objects.",
    }
    return Step(StepKind.PERMISSION_SET, PERMISSION_SET, "Permission set “sfsync”", by_hand, body)


def _object_rights(name: str) -> Step:
    by_hand = f"In a permission set of the user: {name}, Object Permissions: Read, Create, Edit, View All."
    body = {"SobjectType": name, **dict.fromkeys(_OBJECT_RIGHTS, True)}
    return Step(StepKind.OBJECT_RIGHTS, name, "Read, Create, Edit, View All", by_hand, body)


def _field_rights(one: WantedField) -> Step:
    by_hand = f"In a permission set of the user: {one.sobject}, Field Permissions, {one.name}: Read and Edit."
    body = {"SobjectType": one.sobject, "Field": one.full_name, "PermissionsRead": True, "PermissionsEdit": True}
    return Step(StepKind.FIELD_RIGHTS, one.full_name, "Read and Edit", by_hand, body)


def _assignment() -> Step:
    by_hand = f"Setup, Permission Sets, {PERMISSION_SET}, Manage Assignments: add the integration user."
    return Step(StepKind.ASSIGNMENT, PERMISSION_SET, "To the user that sfsync logs in as", by_hand)


def _rows(answer: SubAnswer) -> list[Mapping[str, Any]]:
    """Rows of a query; none where the org does not let us look."""
    if answer.failure is not None:
        if isinstance(answer.failure, OrgRefused):
            return []
        raise answer.failure
    return list(answer.body["records"])


def _described(answer: SubAnswer) -> Mapping[str, Any] | None:
    if answer.failure is not None:
        if isinstance(answer.failure, OrgRefused):
            return None
        raise answer.failure
    described: Mapping[str, Any] = answer.body
    return described


def _tooling(client: OrgClient, text: str) -> list[Mapping[str, Any]]:
    """Ask the Tooling API; it is closed to users who may not look into Setup."""
    try:
        return list(client.read("tooling/query", {"q": text})["records"])
    except OrgRefused:
        return []


def _owner(row: Mapping[str, Any], owner: Mapping[str, str]) -> str:
    table = str(row["TableEnumOrId"])
    return owner.get(table[:15], table)
