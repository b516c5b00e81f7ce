"""The custom fields and objects of an org: made, changed, removed, and found again in an org kept in a file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sfsync.emulator.customising.fields import read_field
from sfsync.emulator.customising.objects import read_object
from sfsync.emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.emulator.org import Org
    from sfsync.emulator.world import World

_KEPT = "custom fields and objects"
FIELD_PREFIX, OBJECT_PREFIX = "00N", "01I"


@dataclass(frozen=True)
class Definition:
    """One custom field (`Object.Field__c`) or object: its id, metadata, and when and by whom it was made and changed.

    Without metadata it was made by Python code, which makes it again whenever the org is opened.
    """

    name: str
    id: str
    metadata: dict[str, Any] | None
    created: str
    modified: str
    user_id: str


def definitions(world: World) -> dict[str, Definition]:
    """Return all definitions by lower-case name, in the order in which they were made."""
    kept = json.loads(world.db.kept(_KEPT) or "[]")
    return {one["name"].lower(): Definition(**one) for one in kept}


def keep(world: World, known: Mapping[str, Definition]) -> None:
    """Keep these definitions, and no others."""
    world.db.keep(_KEPT, json.dumps([asdict(one) for one in known.values()]))


def all_definitions(org: Org) -> dict[str, Definition]:
    """Return the definitions of everything custom, also of what Python code made without saying so."""
    known = definitions(org.world)
    missing = [name for name in _custom_names(org) if name.lower() not in known]
    for name in missing:
        known[name.lower()] = new_definition(org.world, name, None, org.admin_id)
    if missing:
        keep(org.world, known)
    return known


def _custom_names(org: Org) -> list[str]:
    objects = org.schema.all_objects()
    fields = [f"{one.name}.{field.name}" for one in objects for field in one.fields.values() if field.custom]
    return [*(one.name for one in objects if one.custom), *fields]


def new_definition(world: World, name: str, metadata: dict[str, Any] | None, user_id: str) -> Definition:
    """Return the definition of something made now, with an id of its own."""
    made = world.ids.next(FIELD_PREFIX if "." in name else OBJECT_PREFIX)
    return Definition(name, made, metadata, world.now(), world.now(), user_id)


def restore(world: World) -> None:
    """Put back into the schema what a kept org was given through its APIs; its ids go on after the last ones."""
    for one in definitions(world).values():
        world.ids.resume_after(one.id)
        if one.metadata is None:
            continue
        if "." not in one.name:
            prefix = str(one.metadata["_prefix"])
            world.schema.add_object(read_object(one.name, _public(one.metadata), prefix))
            continue
        sobject, _, name = one.name.partition(".")
        world.schema.add_custom_field(sobject, read_field(name, _public(one.metadata), world.schema))
    world.db.synchronise()


def _public(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if not name.startswith("_")}


def existing(org: Org, name: str) -> Definition:
    """Return the definition of something custom.

    Raises:
        ApiError: NOT_FOUND if there is none of that name.
    """
    known = all_definitions(org).get(name.lower())
    if known is None:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return known
