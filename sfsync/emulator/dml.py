"""Insert, update, delete and undelete of one record, in the order in which the platform checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError, not_found
from sfsync.emulator.ids import LONG, is_id, normalise
from sfsync.emulator.locks import lock_parents
from sfsync.emulator.plans import WritePlan, build_plan
from sfsync.emulator.references import check_references, check_unique, resolve_parents
from sfsync.emulator.rules import rules_of
from sfsync.emulator.rules.hooks import read_only

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.emulator.schema import Right
    from sfsync.emulator.settings import Settings
    from sfsync.emulator.world import Row, World


class Writer:
    """Writes as one user. Without `may_all` the permissions and field-level security of the API user hold."""

    def __init__(self, world: World, user_id: str, plans: dict[Any, WritePlan], *, may_all: bool = False) -> None:
        self.world = world
        self.user_id = user_id
        self._plans = plans
        self._may_all = may_all

    @property
    def settings(self) -> Settings:
        """The org's switches."""
        return self.world.settings

    def may(self, permission: str) -> bool:
        """Whether the user has a permission, named as in Settings."""
        return self._may_all or bool(getattr(self.settings, permission))

    def row(self, sobject: str, record_id: str | None) -> Row | None:
        """The live row of that id, or None; not to be changed."""
        return self.world.row(sobject, record_id)

    def plan(self, sobject: str) -> WritePlan:
        """The write plan of an object.

        Raises:
            ApiError: NOT_FOUND if there is no such object.
        """
        key = (self.world.schema.version, sobject, self._may_all)
        plan = self._plans.get(key)
        if plan is None:
            described = self.world.schema.get(sobject)
            if described is None:
                raise not_found()
            plan = self._plans[key] = build_plan(self.world.schema, described, see_all=self._may_all)
        return plan

    def insert(self, sobject: str, given: Mapping[str, Any]) -> str:
        """Create a record and return its id of 18 characters. All or nothing.

        Raises:
            ApiError: the platform's refusal.
        """
        plan = self.plan(sobject)
        described = plan.sobject
        if not described.createable or described.key_prefix is None:
            raise _no_access()
        self._check_right(described.name, "create")
        if any(name.lower() == "id" for name in given):
            raise _id_in_body()
        values, parents = plan.read(given, creating=True, round_decimals=self.settings.round_unit_price)
        resolve_parents(self, plan, values, parents)
        values = self.world.customs.run_flows(plan, plan.defaults, values)
        row: Row = {**plan.defaults, **values}
        check_references(self, plan, values)
        name = described.name
        rules = rules_of(name, multicurrency=self.settings.multicurrency)
        with self.world.savepoint():
            if rules.before_insert:
                rules.before_insert(self, row)
            self.world.customs.validate(name, row)
            check_unique(self, plan, row, None)
            row["Id"] = self.world.new_id(described.key_prefix)
            self._stamp_new(plan, row)
            for auto in plan.autos:
                row[auto.name] = self.world.next_number(name, auto)
            self.world.lock_row(row["Id"])
            lock_parents(self.world, name, "insert", row)
            self.world.db.insert_row(name, row)
            self.world.rows[row["Id"]] = {**plan.blank, **row}
            if rules.after_insert:
                rules.after_insert(self, row)
        record_id: str = row["Id"]
        return record_id

    def _stamp_new(self, plan: WritePlan, row: Row) -> None:
        now = self.world.now()
        row["CreatedDate"] = row["LastModifiedDate"] = row["SystemModstamp"] = now
        row["CreatedById"] = row["LastModifiedById"] = self.user_id
        for missing in plan.unstamped:
            row.pop(missing, None)
        if plan.has_is_deleted:
            row["IsDeleted"] = False
        if "ownerid" in plan.names and row.get("OwnerId") is None:
            row["OwnerId"] = self.user_id

    def update(self, sobject: str, record_id: str, given: Mapping[str, Any]) -> None:
        """Change a record. All or nothing.

        Raises:
            ApiError: the platform's refusal; 404 if there is no such record.
        """
        plan = self.plan(sobject)
        if not plan.sobject.updateable:
            raise _no_access()
        if any(name.lower() == "id" for name in given):
            raise _id_in_body()
        old = self.find(sobject, record_id, for_write=True)
        self._check_right(plan.sobject.name, "edit")
        values, parents = plan.read(given, creating=False, round_decimals=self.settings.round_unit_price)
        resolve_parents(self, plan, values, parents)
        values = self.world.customs.run_flows(plan, old, values)
        check_references(self, plan, {name: value for name, value in values.items() if old.get(name) != value})
        name = plan.sobject.name
        rules = rules_of(name, multicurrency=self.settings.multicurrency)
        new = {**old, **values}
        changed = {field for field, value in values.items() if old.get(field) != value}
        with self.world.savepoint():
            if rules.before_update and rules.before_update(self, old, new, frozenset(values)) is False:
                return
            self.world.customs.validate(name, new)
            check_unique(self, plan, {field: new[field] for field in changed}, old["Id"])
            lock_parents(self.world, name, "update", old, new)
            self._set(name, old["Id"], {f: v for f, v in new.items() if old.get(f) != v})
            if rules.after_update:
                rules.after_update(self, old, new)

    def write(self, sobject: str, record_id: str, values: Row) -> None:
        """Set fields as the system does: no checks, but the stamps move, as with a roll-up [facts: orders 4.9]."""
        row = self.row(sobject, record_id) if self.settings.rollups_lock_parents or self.world.customs.rules else None
        if row is not None and self.settings.rollups_lock_parents:
            lock_parents(self.world, sobject, "update", row)
        if row is not None and self.settings.rollups_are_validated:
            self.world.customs.validate(sobject, {**row, **values})
        self._set(sobject, record_id, values)

    def _set(self, sobject: str, record_id: str, values: Row) -> None:
        self.world.lock_row(record_id)
        now = self.world.now()
        stamped = {**values, "LastModifiedDate": now, "LastModifiedById": self.user_id, "SystemModstamp": now}
        for missing in self.plan(sobject).unstamped:
            stamped.pop(missing, None)
        self.world.db.update_row(sobject, record_id, stamped)
        known = self.world.rows.get(record_id)
        if known is not None:
            self.world.rows[record_id] = {**known, **stamped}

    def delete(self, sobject: str, record_id: str, *, purge: bool = False) -> None:
        """Delete a record with what depends on it; into the recycle bin where its object has one, unless `purge`.

        Raises:
            ApiError: the platform's refusal; 404 if there is no such record.
        """
        plan = self.plan(sobject)
        if not plan.sobject.deletable:
            raise _no_access()
        row = self.find(sobject, record_id, for_write=True)
        self._check_right(plan.sobject.name, "delete")
        with self.world.savepoint():
            self.delete_row(plan.sobject.name, row, cascaded=False, purge=purge)

    def delete_row(self, sobject: str, row: Row, *, cascaded: bool, purge: bool = False) -> None:
        """Delete one row, its rules asked first, children that depend on it before it."""
        rules = rules_of(sobject)
        self.world.lock_row(row["Id"])
        if rules.before_delete:
            rules.before_delete(self, row, cascaded=cascaded)
        lock_parents(self.world, sobject, "delete", row)
        for relation in self.world.schema.children(sobject):
            if not relation.cascade_delete and not relation.restricted_delete:
                continue
            for child in self.world.find(relation.child, {relation.field: row["Id"]}):
                if not relation.cascade_delete:
                    raise _in_use(sobject, relation.child)
                self.delete_row(relation.child, child, cascaded=True, purge=purge)
        hard = purge or (rules.hard_delete and not cascaded) or not self.plan(sobject).has_is_deleted
        self.world.db.delete_row(sobject, row["Id"], self.world.now(), hard=hard)
        self.world.forget(row["Id"])
        if rules.after_delete and not cascaded:
            rules.after_delete(self, row)

    def undelete(self, sobject: str, record_id: str) -> None:
        """Bring a record back from the recycle bin, with the children that went with it.

        Raises:
            ApiError: if it is not there, its object cannot be undeleted, or its unique key has been given away.
        """
        plan = self.plan(sobject)
        row = self.world.deleted_row(plan.sobject.name, normalise(record_id))
        if row is None or not row.get("IsDeleted") or not plan.sobject.undeletable:
            raise ApiError(400, "UNDELETE_FAILED", "Entity is not in the recycle bin", [])
        with self.world.savepoint():
            self._restore(plan, row)

    def _restore(self, plan: WritePlan, row: Row) -> None:
        """Undelete a row and, level by level, the children deleted at the same moment: a cascade shares its stamp."""
        name = plan.sobject.name
        self.world.lock_row(row["Id"])
        check_unique(self, plan, row, row["Id"])
        lock_parents(self.world, name, "update", row)
        self.world.db.undelete_row(name, row["Id"], self.world.now())
        self.world.forget(row["Id"])
        for relation in self.world.schema.children(name):
            if relation.cascade_delete and self.plan(relation.child).has_is_deleted:
                gone = {relation.field: row["Id"], "IsDeleted": True, "SystemModstamp": row["SystemModstamp"]}
                for child in self.world.find(relation.child, gone, include_deleted=True):
                    self._restore(self.plan(relation.child), child)

    def find(self, sobject: str, record_id: str, *, for_write: bool = False) -> Row:
        """Return the live row behind an id of a request; for_write also asks whether another transaction holds it.

        Raises:
            ApiError: NOT_FOUND, ENTITY_IS_DELETED or MALFORMED_ID [facts: api 3.3].
        """
        plan = self.plan(sobject)
        described = plan.sobject
        if not is_id(record_id) and len(record_id) == LONG and record_id.isalnum():
            raise wrong_record_id(described.label, record_id)  # an id, but for the case of its letters [facts: api 9.1]
        if not is_id(record_id):
            message = f"Provided external ID field does not exist or is not accessible: {record_id}"
            raise ApiError(404, "NOT_FOUND", message)
        full = normalise(record_id)
        if self.hides(described.name, full):
            raise not_found()
        if described.key_prefix and full[:3] != described.key_prefix:
            raise wrong_record_id(described.label, record_id)
        if for_write:
            self.world.lock_row(full)
        row = self.row(described.name, full)
        if row is not None:
            return row
        if plan.has_is_deleted and self.world.deleted_row(described.name, full) is not None:
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", [])
        raise not_found()

    def hides(self, sobject: str, record_id: str) -> bool:
        """Whether sharing hides a record from the user."""
        return not self._may_all and record_id in self.world.schema.hidden_records(sobject)

    def _check_right(self, sobject: str, right: Right) -> None:
        if not self._may_all and not self.world.schema.may(sobject, right):
            raise read_only(self)


def wrong_record_id(label: str, record_id: str) -> ApiError:
    """The refusal of an id that is none, or one of another object than that of the label [facts: api 3.3]."""
    return ApiError(400, "MALFORMED_ID", f"{label} ID: id value of incorrect type: {record_id}", ["Id"])


def _id_in_body() -> ApiError:
    return ApiError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")


def _no_access() -> ApiError:
    return ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted, updated or deleted")


def _in_use(sobject: str, child: str) -> ApiError:
    message = (
        f"Your attempt to delete {sobject} could not be completed because it is associated with the following {child}."
    )
    return ApiError(400, "DELETE_FAILED", message, [])
