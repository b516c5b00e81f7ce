"""A run: some arrows under the org's lease, recorded from its start to however it ends."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.domain.events import Event, EventType
from sfsync.errors import EXIT_ATTENTION, EXIT_DONE, OrgRefused, OrgUnfit, SfsyncError
from sfsync.salesforce.codes import Class, classify
from sfsync.salesforce.fitness import problems
from sfsync.salesforce.schema import read_schema, schema_from_text
from sfsync.store import events, journal, lease, migrations, overview, runs, schemas
from sfsync.sync.work import Stopped, Work, no_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from datetime import datetime

    from sfsync.app import App
    from sfsync.salesforce.schema import OrgSchema
    from sfsync.store.engine import Database, Tx
    from sfsync.store.overview import Attention
    from sfsync.sync.work import Progress

SCHEMA_LASTS = timedelta(hours=1)


@dataclass(frozen=True)
class Report:
    """What a run did, for people and for programs."""

    run_id: int | None
    command: str
    counts: Mapping[str, int]
    calls: Mapping[str, int]
    seconds: float
    attention: tuple[Attention, ...]

    @classmethod
    def of(cls, work: Work, command: str, started: datetime, attention: tuple[Attention, ...]) -> Report:
        """Sum up what the arrows of a run counted."""
        seconds = (work.now() - started).total_seconds()
        calls = dict(work.client.calls - work.calls_before)
        return cls(work.run_id, command, dict(+work.counts), calls, seconds, attention)

    @property
    def exit_code(self) -> int:
        """0 when nothing is left for a person to do, 1 otherwise."""
        return EXIT_ATTENTION if self.attention else EXIT_DONE


def run(
    app: App,
    command: str,
    arrows: Callable[[Work], None],
    *,
    only: str | None = None,
    progress: Progress = no_progress,
    is_well: Callable[[], bool] | None = None,
) -> Report:
    """Run some arrows and say what they did.

    Args:
        app: The service.
        command: What the run is called in the log.
        arrows: What is to be done.
        only: The one deal that it is about.
        progress: Is told how far it is.
        is_well: Decides at the end whether the run is “done”; otherwise that is so if nothing needs attention.

    Raises:
        LeaseHeld: if another process works on this org and does not finish in time.
        OrgUnavailable: when the org cannot be used; what was done is kept, and the next run goes on from there.
        OrgUnfit: if the org lacks what sfsync needs.
    """
    wait = timedelta(seconds=app.settings.sync.lease_wait_seconds)
    with lease.hold(app.db, app.org_name, wait=wait, who=command) as held, _recorded(app, command) as opened:
        schema = known_schema(app, app.db)
        counts, before = opened.counts, opened.calls_before
        work = Work(app, app.db, app.client, schema, opened.run_id, only, progress, counts, held.confirm, before)
        arrows(work)
        with app.db.read() as tx:
            opened.attention = overview.attention(tx, app.org_name, only, work.alarms)
        opened.is_well = is_well() if is_well else not opened.attention
    return Report.of(work, command, opened.started, opened.attention)


def known_schema(app: App, db: Database) -> OrgSchema:
    """Return the org's fields and statuses, read again when what we know of them is an hour old, or unfit by now.

    Raises:
        OrgUnfit: if the org lacks what sfsync cannot work without; names all of it.
    """
    now = app.clock()
    with db.read() as tx:
        cached = schemas.get(tx, app.org_name)
    before: OrgSchema | None = None
    if cached:
        try:
            before = schema_from_text(cached.content)
        except (KeyError, TypeError):
            before = None  # another version of sfsync wrote it
    is_new = cached is not None and now - cached.read_at < SCHEMA_LASTS
    if before and is_new and before.names == app.field_names and not app.status_map.unsafe(before.statuses):
        return before
    schema = read_schema(app.client, app.field_names)
    _refuse_unfit(app, schema)
    with db.begin() as tx:
        schemas.put(tx, app.org_name, schema.to_json(), now)
        journal.write(tx, app.org_name, None, _missing_statuses(app, before, schema), now)
    return schema


def _missing_statuses(app: App, before: OrgSchema | None, now: OrgSchema) -> list[journal.Entry]:
    """What the mapping lacks that holds back single orders: told when it is new, not with every look."""
    found = app.status_map.check(now.statuses)
    if before is not None and found == app.status_map.check(before.statuses):
        return []
    return [journal.Entry(action="statuses.unfit", message=problem.message, level="warning") for problem in found]


def _refuse_unfit(app: App, schema: OrgSchema) -> None:
    found = problems(schema)
    if found:
        raise OrgUnfit(
            "The org is not ready: " + " ".join(problem.message for problem in found),
            remedy=" ".join(dict.fromkeys(problem.remedy for problem in found)) + " `sfsync doctor` shows it all.",
        )
    if unsafe := app.status_map.unsafe(schema.statuses):
        raise OrgUnfit(
            "The org's order statuses do not fit the settings: " + " ".join(problem.message for problem in unsafe),
            remedy="Correct the settings under [statuses] or the picklist in Setup. `sfsync doctor` shows it all.",
        )


@dataclass
class _Open:
    """A run that is going on."""

    run_id: int
    started: datetime
    calls_before: Counter[str]
    counts: Counter[str] = field(default_factory=Counter)
    attention: tuple[Attention, ...] = ()
    is_well: bool = True


@contextmanager
def _recorded(app: App, command: str) -> Generator[_Open]:
    """Open a run, and close it whatever happens: done, attention or failed, with the error in words."""
    started = app.clock()
    with app.db.begin() as tx:
        migrations.confirm(tx, app.db.url)
        opened = _Open(runs.start(tx, app.org_name, command, started), started, app.client.calls.copy())
    error: str | None = None
    outcome: runs.Outcome = "failed"
    try:
        yield opened
        outcome = "done" if opened.is_well else "attention"
    except (Stopped, KeyboardInterrupt):
        outcome = "interrupted"
        raise
    except SfsyncError as failure:
        error = str(failure)
        _forget_schema(app, failure)
        raise
    except BaseException as failure:
        error = f"{type(failure).__name__}, which sfsync did not expect."
        raise
    finally:
        _close(app, opened, outcome, error)


def _forget_schema(app: App, failure: SfsyncError) -> None:
    """A field that the org does not know any more: look at its fields again before the next run."""
    if isinstance(failure, OrgRefused) and classify(failure.code) is Class.SCHEMA:
        with app.db.begin() as tx:
            schemas.forget(tx, app.org_name)


def _close(app: App, opened: _Open, outcome: runs.Outcome, error: str | None) -> None:
    used = app.client.usage
    made = app.client.calls - opened.calls_before
    calls = made.total() - made["token"]
    usage = runs.ApiUsage(calls, used.used if used else None, used.limit if used else None)
    now = app.clock()
    with app.db.begin() as tx:
        runs.finish(tx, opened.run_id, outcome, dict(+opened.counts), usage, error, now)
        if error is not None:
            entry = journal.Entry(action="run.failed", message=error, level="error")
            journal.write(tx, app.org_name, opened.run_id, [entry], now)
        if outcome != "interrupted":
            _tell(app, tx, opened, error, now)


def _tell(app: App, tx: Tx, opened: _Open, error: str | None, now: datetime) -> None:
    """Tell the sinks when runs begin to fail, and when they go through again: not of every one between."""
    if runs.failed_before(tx, app.org_name, opened.run_id) == (error is not None):
        return
    kind = EventType.SYNC_FAILING if error is not None else EventType.SYNC_RECOVERED
    data = {"sync": {"org": app.org_name, "run": opened.run_id, "error": error}}
    events.write(tx, app.org_name, [Event(kind, app.org_name, data)], app.sinks, now)
