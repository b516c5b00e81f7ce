"""The doctor: looks at all that sfsync needs, one thing after the other, and says what is wrong and how to fix it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from sfsync.app import App, open_app
from sfsync.config import load_settings
from sfsync.config.sinks import complete_sink
from sfsync.errors import EXIT_ATTENTION, EXIT_DONE, EXIT_TRY_LATER, EXIT_USAGE, SfsyncError, UsageError
from sfsync.salesforce.fitness import notes, problems, reduction_problems
from sfsync.salesforce.identity import read_identity
from sfsync.salesforce.schema import read_schema
from sfsync.store import deliveries, reductions, schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.identity import Identity
    from sfsync.salesforce.schema import OrgSchema

CLOCKS_DIFFER = timedelta(seconds=60)
_USED_UP = 0.8
_GRAVEST_FIRST = (EXIT_USAGE, EXIT_TRY_LATER, EXIT_ATTENTION, EXIT_DONE)


@dataclass(frozen=True, slots=True)
class Check:
    """What the doctor found of one thing. A note is worth knowing and stops nothing."""

    name: str
    verdict: Literal["ok", "problem", "note"]
    message: str
    remedy: str | None = None
    exit_code: int = EXIT_DONE
    """What this finding alone would end with: 1 if part of the work stands still, 2 or 75 if all of it does."""


def exit_code_of(checks: Iterable[Check]) -> int:
    """Return the gravest exit code: what must be fixed before what may pass by itself, before what lacks in part."""
    found = {check.exit_code for check in checks}
    return next(code for code in _GRAVEST_FIRST if code in found or code == EXIT_DONE)


def examine(org_name: str | None = None) -> Iterator[Check]:
    """Check settings, database, login, rights, fields, keys, statuses, API usage and clock, and yield each finding.

    Nothing is written to the org, and nothing to the mirror but an empty database's tables. What needs
    something that is broken is not checked, and the last finding says so.
    """
    try:
        settings = load_settings()
        org = settings.org(org_name)
    except UsageError as error:
        yield _failed("settings", error)
        yield _not_checked("database and org")
        return
    yield Check("settings", "ok", f"They name the org {org.name} at {org.login_url}.")
    try:
        with open_app(org.name, settings=settings) as app:
            _try_writing(app)
            yield Check("database", "ok", f"{app.db.shown_url} has the schema of this version and can be written.")
            yield from _sinks(app)
            yield from _examine_org(app)
    except SfsyncError as error:
        yield _failed("database", error)
        yield _not_checked("org")


def _examine_org(app: App) -> Iterator[Check]:
    try:
        client = app.client
        url = client.instance_url
    except SfsyncError as error:
        yield _failed("login", error)
        yield _not_checked("org")
        return
    try:
        identity = read_identity(client)
        drift = client.server_now - app.clock() if client.server_now else None
        schema = read_schema(client, app.field_names)
    except SfsyncError as error:
        yield Check("login", "ok", f"{url} has let us in.")
        yield _failed("api", error)
        yield _not_checked("rights, fields and statuses")
        return
    who = identity.username or client.user_id or "a user that cannot be read"
    yield Check("login", "ok", f"{url} has let us in as {who}; the org is {schema.org_name} ({schema.org_id}).")
    yield from _fields(schema)
    yield from _reductions(app, schema)
    yield from _statuses(app, schema)
    yield from _permissions(identity)
    yield from _usage(client)
    if drift is not None:
        yield _clock(drift)


def _try_writing(app: App) -> None:
    """Write a row and take it back.

    Raises:
        DatabaseRefused, DatabaseUnavailable: if that cannot be done.
    """
    with contextlib.suppress(_TakeBackError), app.db.begin() as tx:
        schemas.put(tx, "doctor", {}, app.clock())
        raise _TakeBackError


class _TakeBackError(Exception):
    """Rolls the trial write back."""


def _sinks(app: App) -> Iterator[Check]:
    for name, given in app.settings.sinks.items():
        try:
            sink = complete_sink(given, name)
        except UsageError as error:
            yield Check("sinks", "problem", error.message, error.remedy, EXIT_ATTENTION)
            continue
        with app.db.read() as tx:
            standing = next(iter(deliveries.standings(tx, app.org_name, [name])))
        if standing.paused_at:
            said = f"{name} is paused, and {standing.pending:,} events wait for it."
            yield Check("sinks", "note", said, f"sfsync events resume {name}")
        elif standing.dead:
            said = f"{name} has not taken {standing.dead:,} events, which were given up."
            yield Check("sinks", "problem", said, "sfsync events replay --since 7d", EXIT_ATTENTION)
        else:
            yield Check("sinks", "ok", f"{name} is told of events at {sink.url}; {standing.pending:,} wait.")


def _fields(schema: OrgSchema) -> Iterator[Check]:
    found = problems(schema)
    for name, checked in (
        ("fields", f"All {len(schema.objects)} objects are there, with every field and right that is needed."),
        ("keys", "The external id fields of orders and their items are unique, case-sensitive and writable."),
    ):
        of_name = [problem for problem in found if (name == "keys") == problem.code.startswith("key_")]
        if not of_name:
            yield Check(name, "ok", checked)
        for problem in of_name:
            yield Check(name, "problem", problem.message, problem.remedy, EXIT_USAGE)
    for note in notes(schema):
        yield Check("fields", "note", note.message, note.remedy)


def _reductions(app: App, schema: OrgSchema) -> Iterator[Check]:
    """Look at what reducing takes: whoever does not reduce orders needs none of it."""
    with app.db.read() as tx:
        used = reductions.any_planned(tx, app.org_name)
    found = reduction_problems(schema)
    for problem in found:
        verdict: Literal["problem", "note"] = "problem" if used else "note"
        yield Check("reductions", verdict, problem.message, problem.remedy, EXIT_ATTENTION if used else EXIT_DONE)
    if used and not found:
        yield Check(
            "reductions",
            "note",
            "All fields are there. Whether the user has “Create Reduction Orders” cannot be proven by reading.",
            "If reductions are refused, look it up in Setup, in the user's permission sets.",
        )


def _statuses(app: App, schema: OrgSchema) -> Iterator[Check]:
    found, unsafe = app.status_map.check(schema.statuses), app.status_map.unsafe(schema.statuses)
    held = "Orders of that status are held back until then. `sfsync orders show ORDER` says so of each."
    for problem in found:
        stops = problem in unsafe
        yield Check(
            "statuses", "problem", problem.message, "Nothing runs until then." if stops else held,
            EXIT_USAGE if stops else EXIT_ATTENTION,
        )  # fmt: skip
    if not found:
        spelled = ", ".join(f"{status} is “{label}”" for status, label in app.status_map.labels.items())
        also = "; ".join(
            f"{' and '.join(f'“{label}”' for label in labels)} {'is' if len(labels) == 1 else 'are'} read as {status}"
            for status, labels in app.status_map.also.items() if labels
        )  # fmt: skip
        yield Check("statuses", "ok", f"The org has all of them: {spelled}" + (f"; {also}." if also else "."))


def _permissions(identity: Identity) -> Iterator[Check]:
    for label, granted in identity.permissions.items():
        if granted:
            yield Check("permissions", "ok", f"The user has “{label}”.")
        elif granted is None:
            yield Check(
                "permissions",
                "note",
                f"Whether the user has “{label}” cannot be proven by reading: the org does not show it.",
                "Look it up in Setup, in the user's permission sets; statuses can be pushed only with it.",
            )
        else:
            yield Check(
                "permissions",
                "problem",
                f"The user lacks “{label}”: the org will refuse statuses.",
                f"Give its permission set the system permission “{label}”.",
                EXIT_ATTENTION,
            )


def _usage(client: OrgClient) -> Iterator[Check]:
    usage = client.usage
    if usage is None:
        return
    message = f"{usage.used:,} of {usage.limit:,} API calls of the last 24 hours are used, by everybody together."
    if usage.used < usage.limit * _USED_UP:
        yield Check("api", "ok", message)
    else:
        yield Check("api", "note", message, "Find out what else uses the API (Setup, Company Information).")


def _clock(drift: timedelta) -> Check:
    if abs(drift) <= CLOCKS_DIFFER:
        return Check("clock", "ok", "This machine's clock agrees with the org's.")
    apart = timedelta(seconds=round(abs(drift).total_seconds()))
    direction = "behind" if drift > timedelta() else "ahead of"
    return Check(
        "clock",
        "note",
        f"This machine's clock is {apart} {direction} the org's: times in logs mislead, and JWT logins may fail.",
        "Set the clock by NTP.",
    )


def _failed(name: str, error: SfsyncError) -> Check:
    return Check(name, "problem", error.message, error.remedy, error.exit_code)


def _not_checked(what: str) -> Check:
    return Check(what, "note", "Not checked: it needs what is missing above.")
