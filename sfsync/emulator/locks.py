"""Which rows a write locks beside its own: the parents its lookups and master-details point to [facts: api 5.5]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sfsync.emulator.fields import Field
    from sfsync.emulator.schema import SObject
    from sfsync.emulator.settings import Settings
    from sfsync.emulator.world import Row, World

Act = Literal["insert", "update", "delete"]
Acts = frozenset[Act]

_NEVER: Acts = frozenset()
_SAVED: Acts = frozenset({"insert", "update"})
_ALWAYS: Acts = frozenset({"insert", "update", "delete"})

# Owners, profiles, record types and currencies are named by nearly every row: if they were locked, no two writes of
# an org could overlap, which is not so [memory].
_SET_UP = frozenset({"CurrencyType", "Group", "Organization", "Profile", "RecordType", "User"})
_PRICE_LISTS = frozenset({"Pricebook2", "PricebookEntry", "Product2"})

PARENT_LOCKS: dict[tuple[str, str], Acts] = {
    ("Order", "AccountId"): _SAVED,  # [facts: api 5.5, doc]
    ("Order", "ContractId"): _SAVED,  # [facts: api 5.5 and orders 9, memory H]
    ("OrderItem", "OrderId"): _ALWAYS,  # the total rolls up [facts: api 5.5, orders 9]
    ("OpportunityLineItem", "OpportunityId"): _ALWAYS,  # the amount rolls up [facts: api 5.5, orders 6.2]
    ("Opportunity", "AccountId"): _SAVED,  # [vendor's record locking cheat sheet]
}
"""Lookups known one by one. All others follow `_acts`."""


def _acts(sobject: str, field: Field, settings: Settings) -> Acts:
    """When a reference locks its target."""
    known = PARENT_LOCKS.get((sobject, field.name))
    if known is not None:
        return known
    if _SET_UP.intersection(field.reference_to):
        return _NEVER
    if _PRICE_LISTS.intersection(field.reference_to):
        return _SAVED if settings.price_lists_are_locked else _NEVER
    if field.custom and field.cascade_delete and not field.nillable:
        return _ALWAYS  # a master-detail [facts: api 5.5, orders 10]
    if field.custom and not settings.custom_lookups_lock:
        return _NEVER
    return _SAVED  # "each lookup field", whenever a record is inserted or updated [facts: api 5.5, doc]


def lock_parents(world: World, sobject: str, act: Act, *rows: Row) -> None:
    """Lock what the rows (of an update: before and after it) refer to; free of charge while no transaction is open.

    Raises:
        BlockedError: if another transaction holds one of them and the write may wait.
        ApiError: UNABLE_TO_LOCK_ROW if it may not.
    """
    if world.journal is None and world.locked is None:
        return
    described = world.schema.get(sobject)
    if described is None:
        return
    for name, acts in _references(world, described):
        if act in acts:
            for target in dict.fromkeys(row.get(name) for row in rows):
                if target is not None:
                    world.lock_row(target)


def _references(world: World, described: SObject) -> list[tuple[str, Acts]]:
    settings = world.settings
    key = (world.schema.version, described.name, settings.price_lists_are_locked, settings.custom_lookups_lock)
    known = world.lookups.get(key)
    if known is None:
        references = [one for one in described.fields.values() if one.type == "reference"]
        known = [(one.name, acts) for one in references if (acts := _acts(described.name, one, settings))]
        world.lookups[key] = known
    return known
