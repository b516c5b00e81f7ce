"""Faults of the schema: fields that vanish or change their type, picklist values that get other names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfsync.emulator.customising.changes import drop_field
from sfsync.emulator.errors import ApiError
from sfsync.emulator.faults.entry import Entry
from sfsync.emulator.faults.options import FaultError, Option
from sfsync.emulator.fields import NUMERIC, PicklistValue
from sfsync.emulator.values import coerce

if TYPE_CHECKING:
    from sfsync.emulator.faults.plan import Fault
    from sfsync.emulator.fields import Field
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_TYPES = (
    "string",
    "textarea",
    "picklist",
    "phone",
    "url",
    "email",
    "double",
    "currency",
    "percent",
    "int",
    "boolean",
    "date",
    "datetime",
)
_TEXT_LENGTH, _INT_DIGITS, _PRECISION, _SCALE = 255, 8, 18, 2
_VALUE_LISTS = {
    ("Order", "Status"): ("order_statuses", "OrderStatus"),
    ("Contract", "Status"): ("contract_statuses", "ContractStatus"),
    ("Opportunity", "StageName"): ("stages", "OpportunityStage"),
}

_OBJECT = Option("object", "object", "the sObject", required=True)
_FIELD = Option("field", "field", "its field", required=True)
_OVER = Option("over", "flag", "true: it ends", default=False)


def _field_of(org: Org, fault: Fault, *, custom: bool = False) -> tuple[str, Field]:
    name = fault.options["object"]
    field = org.schema.objects[name].field(fault.options["field"])
    if field is None:
        raise FaultError(f"fault {fault.name}: {name} has no field {fault.options['field']!r} any more")
    if custom and not field.custom:
        raise FaultError(f"fault {fault.name}: {name}.{field.name} is a standard field; that happens to custom ones")
    return name, field


def _remove(org: Org, fault: Fault, _request: Request | None) -> str:
    """Delete a custom field with its values; when it is erased for good, every row's stamp moves [facts: api 6.1]."""
    sobject, field = _field_of(org, fault, custom=True)
    may, org.settings.customize_application = org.settings.customize_application, True
    try:  # an administrator does it, whatever the API user may
        drop_field(org, f"{sobject}.{field.name}")
    finally:
        org.settings.customize_application = may
    if fault.options["erase"]:
        org.db.connection.execute(f'UPDATE "{sobject}" SET "SystemModstamp" = ?', [org.world.now()])
        org.world.rows.clear()
    return f"removed {sobject}.{field.name}"


def _hide(org: Org, fault: Fault, _request: Request | None) -> str:
    sobject, field = _field_of(org, fault)
    if fault.options["over"]:
        org.show_field(sobject, field.name)
        return f"showed {sobject}.{field.name} again"
    org.hide_field(sobject, field.name)
    return f"hid {sobject}.{field.name}"


def _change_type(org: Org, fault: Fault, _request: Request | None) -> str:
    """Give a custom field another type; values that do not fit it are lost."""
    sobject, old = _field_of(org, fault, custom=True)
    rows = org.db.connection.execute(f'SELECT "Id", "{old.name}" FROM "{sobject}"').fetchall()
    new = _retyped(old, fault.options["type"], [value for _, value in rows])
    org.db.drop_column(sobject, old.name)
    org.change_schema(lambda: org.schema.replace_field(sobject, new))
    with org.world.savepoint():
        for record_id, value in rows:
            kept = _converted(old, new, value)
            if kept is not None:
                org.db.update_row(sobject, str(record_id), {new.name: kept})
    return f"made {sobject}.{new.name} a {new.type}"


def _retyped(old: Field, to: str, values: list[Any]) -> Field:
    number, text = to in NUMERIC, to not in {*NUMERIC, "int", "boolean", "date", "datetime"}
    keeps_key = to == "string"
    choices = sorted({str(value) for value in values if value is not None}) if to == "picklist" else []
    return replace(
        old,
        type=to,
        length=(old.length or _TEXT_LENGTH) if text else 0,
        precision=_PRECISION if number else 0,
        scale=_SCALE if number else 0,
        digits=_INT_DIGITS if to == "int" else 0,
        unique=old.unique and keeps_key,
        case_sensitive=old.case_sensitive and keeps_key,
        external_id=old.external_id and keeps_key,
        id_lookup=old.id_lookup and keeps_key,
        restricted=False,
        picklist=tuple(PicklistValue(one, one) for one in choices),
        default=None,
        filterable=None,
        sortable=None,
        groupable=None,
        aggregatable=None,
        permissionable=None,
        byte_length=None,
    )


def _converted(old: Field, new: Field, value: Any) -> Any:
    if value is None:
        return None
    shown = ("true" if value else "false") if old.type == "boolean" else str(value)
    try:
        return coerce(new, shown)
    except ApiError:
        return None


def _rename_value(org: Org, fault: Fault, _request: Request | None) -> str:
    """Replace a picklist value: the rows get the new one, and SystemModstamp alone moves [facts: api 6.1]."""
    sobject, field = _field_of(org, fault)
    old, new = fault.options["old"], fault.options["new"]
    if not any(one.value == old for one in field.picklist):
        raise FaultError(f"fault {fault.name}: {sobject}.{field.name} has no value {old!r}")
    values = tuple(replace(one, value=new, label=new) if one.value == old else one for one in field.picklist)
    default = new if field.default == old else field.default
    org.change_schema(lambda: org.schema.replace_field(sobject, replace(field, picklist=values, default=default)))
    _rename_in_list(org, sobject, field.name, old, new)
    rows = org.db.find(sobject, {field.name: old}, include_deleted=True)
    with org.world.savepoint():
        for row in rows:
            org.db.update_row(sobject, str(row["Id"]), {field.name: new, "SystemModstamp": org.world.now()})
    org.world.rows.clear()
    return f"renamed {sobject}.{field.name} {old} to {new} in {len(rows)} records"


def _rename_in_list(org: Org, sobject: str, field: str, old: str, new: str) -> None:
    """Statuses and stages are records, too, and the org's rules go by them."""
    setting, holder = _VALUE_LISTS.get((sobject, field), (None, ""))
    if setting is None:
        return
    known = getattr(org.settings, setting)
    setattr(org.settings, setting, tuple(replace(one, api_name=new) if one.api_name == old else one for one in known))
    for row in org.db.find(holder, {"ApiName": old}):
        stamp = {"SystemModstamp": org.world.now()}
        org.db.update_row(holder, str(row["Id"]), {"ApiName": new, "MasterLabel": new, **stamp})


ROWS = (
    Entry(
        "field_removed",
        "set-up",
        "A custom field is deleted with its values: INVALID_FIELD in queries and writes, gone from describe.",
        "api 3.3, 8.6",
        (_OBJECT, _FIELD, Option("erase", "flag", "for good: every record's SystemModstamp moves", default=False)),
        ("field removed",),
        act=_remove,
    ),
    Entry(
        "field_hidden",
        "set-up",
        "Field-level security hides a field from the API user.",
        "api 6.5",
        (_OBJECT, _FIELD, _OVER),
        ("permission withdrawn",),
        act=_hide,
    ),
    Entry(
        "field_type_changed",
        "set-up",
        "A custom field gets another type; values that do not fit it are lost.",
        "peers 5.4",
        (_OBJECT, _FIELD, Option("type", "choice", "the new type", required=True, choices=_TYPES)),
        ("type changed",),
        act=_change_type,
    ),
    Entry(
        "picklist_renamed",
        "set-up",
        "A picklist value gets another API name; records that have it get the new one, and SystemModstamp moves.",
        "api 6.1",
        (
            _OBJECT,
            _FIELD,
            Option("old", "text", "the value", required=True),
            Option("new", "text", "what it becomes", required=True),
        ),
        ("picklist value renamed",),
        act=_rename_value,
    ),
)
