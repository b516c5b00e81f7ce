"""Faults of the set-up: rights, users, addresses and the org's clock, rules and flows that administrators add."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.emulator.clock import VirtualClock
from sfsync.emulator.customs import Condition, FieldUpdate, ValidationRule
from sfsync.emulator.faults.data import choose_record
from sfsync.emulator.faults.entry import Entry
from sfsync.emulator.faults.options import FaultError, Option

if TYPE_CHECKING:
    from sfsync.emulator.faults.plan import Fault
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.users import User

_PERMISSIONS = (
    "activate_orders",
    "edit_activated_orders",
    "create_reduction_orders",
    "activate_contracts",
    "view_all_data",
)
_OBJECT = Option("object", "object", "the sObject", required=True)
_OVER = Option("over", "flag", "true: it ends", default=False)
_WHEN = Option("when", "text", "only for records with this value, written Field=value")
_USER = Option("user", "text", "the user name; by default the integration user")


def _withdraw(org: Org, fault: Fault, _request: Request | None) -> str:
    over, permission = fault.options["over"], fault.options["permission"]
    setattr(org.settings, permission, over)
    return f"{'gave back' if over else 'withdrew'} {permission}"


def _withdraw_right(org: Org, fault: Fault, _request: Request | None) -> str:
    sobject, right, over = fault.options["object"], fault.options["right"], fault.options["over"]
    if right == "read":
        change = org.schema.show_object if over else org.schema.hide_object
        org.change_schema(lambda: change(sobject))
    else:
        org.change_schema(lambda: org.schema.withhold(sobject, right, on=not over))
    return f"{'gave back' if over else 'withdrew'} the right to {right} {sobject}"


def _user_of(org: Org, fault: Fault) -> User:
    name = fault.options["user"]
    users = {user.username.lower(): user for user in org.settings.users}
    if name is None:
        return org.settings.users[0]
    if name.lower() not in users:
        raise FaultError(f"fault {fault.name}: there is no user {name!r}")
    return users[name.lower()]


def _end_sessions(org: Org, user: User) -> int:
    return sum(org.tokens.revoke_user(str(row["Id"])) for row in org.db.find("User", {"Username": user.username}))


def _freeze(org: Org, fault: Fault, _request: Request | None) -> str:
    user = _user_of(org, fault)
    user.frozen = not fault.options["over"]
    if not user.frozen:
        return f"unfroze {user.username}"
    return f"froze {user.username}, ended {_end_sessions(org, user)} sessions"


def _block(org: Org, fault: Fault, _request: Request | None) -> str:
    over, ended = fault.options["over"], 0
    for user in org.settings.users:
        user.ip_restricted = not over
        if fault.options["sessions"] and not over:
            ended += _end_sessions(org, user)
    return "let the address in again" if over else f"blocked the address, ended {ended} sessions"


def _disable(org: Org, fault: Fault, _request: Request | None) -> str:
    org.settings.api_enabled = fault.options["over"]
    return "enabled the API" if fault.options["over"] else "disabled the API"


def _lock_org(org: Org, fault: Fault, _request: Request | None) -> str:
    org.settings.org_active = fault.options["over"]
    if fault.options["over"]:
        return "unlocked the org"
    return f"locked the org, ended {org.tokens.revoke_all()} sessions"


def _skew(org: Org, fault: Fault, _request: Request | None) -> str:
    """Set the Date header off the stamps, or the org's whole clock off the client's."""
    seconds = fault.options["seconds"]
    if fault.options["of"] == "date":
        org.settings.date_skew_seconds = seconds
        return f"the Date header is {seconds:g} seconds ahead of the stamps"
    if isinstance(org.clock, VirtualClock):
        org.clock.move_to(org.clock() + timedelta(seconds=seconds))
    else:
        before = org.clock
        org.clock = org.world.clock = lambda: before() + timedelta(seconds=seconds)
    return f"the org's clock jumped by {seconds:g} seconds"


def _condition(org: Org, fault: Fault) -> Condition | None:
    when = fault.options["when"]
    if when is None:
        return None
    name, equals, value = when.partition("=")
    field = org.schema.objects[fault.options["object"]].field(name.strip())
    if not equals or field is None:
        raise FaultError(f"fault {fault.name}: when must be Field=value of {fault.options['object']}, not {when!r}")
    return Condition(field.name, value.strip())


def _add_rule(org: Org, fault: Fault, _request: Request | None) -> str:
    wanted = fault.options
    rule = ValidationRule(wanted["object"], wanted["message"], _condition(org, fault), wanted["field"])
    if not wanted["over"]:
        org.world.customs.rules.append(rule)
        return f"added a validation rule to {rule.sobject}"
    kept = [one for one in org.world.customs.rules if (one.sobject, one.message) != (rule.sobject, rule.message)]
    ended = len(org.world.customs.rules) - len(kept)
    org.world.customs.rules[:] = kept
    return f"removed {ended} validation rules from {rule.sobject}"


def _add_flow(org: Org, fault: Fault, _request: Request | None) -> str:
    wanted = fault.options
    flow = FieldUpdate(wanted["object"], wanted["field"], wanted["value"], _condition(org, fault))
    if not wanted["over"]:
        org.world.customs.flows.append(flow)
        return f"added a flow to {flow.sobject} that sets {flow.field}"
    kept = [one for one in org.world.customs.flows if (one.sobject, one.field) != (flow.sobject, flow.field)]
    ended = len(org.world.customs.flows) - len(kept)
    org.world.customs.flows[:] = kept
    return f"removed {ended} flows from {flow.sobject}"


def _hide_record(org: Org, fault: Fault, request: Request | None) -> str:
    sobject, over = fault.options["object"], fault.options["over"]
    if over and fault.options["id"] is None:
        org.schema.hide_records(sobject, org.schema.hidden_records(sobject), on=False)
        return f"showed all records of {sobject} again"
    chosen = choose_record(org, fault, request)
    if chosen is None:
        return "found no record for it"
    org.schema.hide_records(chosen[0], [chosen[1]], on=not over)
    return f"{'showed' if over else 'hid'} {' '.join(chosen)}"


ROWS = (
    Entry(
        "permission_withdrawn",
        "set-up",
        "The API user loses a permission.",
        "api 5.4, orders 4.7",
        (Option("permission", "choice", "which", required=True, choices=_PERMISSIONS), _OVER),
        ("permission withdrawn",),
        act=_withdraw,
    ),
    Entry(
        "object_right_withdrawn",
        "set-up",
        "The API user loses a right on an object: what it may not read does not exist for it.",
        "api 5.4, 10",
        (
            _OBJECT,
            Option("right", "choice", "which", required=True, choices=("read", "create", "edit", "delete")),
            _OVER,
        ),
        ("permission withdrawn",),
        act=_withdraw_right,
    ),
    Entry(
        "user_frozen",
        "set-up",
        "The user is frozen: its sessions end, and it gets no new one.",
        "api 1.2, 1.5",
        (_USER, _OVER),
        ("user frozen",),
        act=_freeze,
    ),
    Entry(
        "ip_blocked",
        "set-up",
        "The client's address is in no range that may log in: no new sessions.",
        "api 1.2",
        (Option("sessions", "flag", "the sessions there are end, too", default=True), _OVER),
        ("IP blocked",),
        act=_block,
    ),
    Entry(
        "api_disabled",
        "set-up",
        "The API is switched off: 403 API_DISABLED_FOR_ORG.",
        "api 1.5",
        (_OVER,),
        act=_disable,
    ),
    Entry(
        "org_locked",
        "set-up",
        "The org is locked: its sessions end, and nobody can log in.",
        "api 1.2",
        (_OVER,),
        act=_lock_org,
    ),
    Entry(
        "clock_skew",
        "set-up",
        "The Date header is off the stamps, or the org's clock off the client's: JWTs are expired then.",
        "api 1.2, 6.1",
        (
            Option("seconds", "number", "how far ahead, or behind if negative", required=True),
            Option("of", "choice", "of what", default="date", choices=("date", "clock")),
        ),
        ("clock skew",),
        act=_skew,
    ),
    Entry(
        "validation_rule",
        "set-up",
        "An administrator adds a validation rule: FIELD_CUSTOM_VALIDATION_EXCEPTION with its text.",
        "api 5.4",
        (
            _OBJECT,
            Option("message", "text", "the rule's text", required=True),
            Option("field", "field", "the field at which it stands"),
            _WHEN,
            _OVER,
        ),
        act=_add_rule,
    ),
    Entry(
        "flow_sets_field",
        "set-up",
        "An administrator adds a flow: whatever is written, a field gets another value in the same transaction.",
        "api B.8",
        (
            _OBJECT,
            Option("field", "field", "the field", required=True),
            Option("value", "value", "the value it gets; by default it is emptied"),
            _WHEN,
            _OVER,
        ),
        act=_add_flow,
    ),
    Entry(
        "record_hidden",
        "set-up",
        "Sharing hides a record from the API user; no stamp moves, not when it comes back either.",
        "api 6.3, 6.4",
        (_OBJECT, Option("id", "text", "the record; by default one chosen by the seed"), _OVER),
        act=_hide_record,
    ),
)
