"""`sfsync db`: the database as a whole: its schema, its health, backups."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.options import AsJson, actor
from sfsync.cli.render import bullets, count, show, show_json, title, when
from sfsync.config import load_settings
from sfsync.errors import EXIT_ATTENTION, EXIT_DONE, EXIT_USAGE
from sfsync.store import migrations
from sfsync.store.connect import parse, shown

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfsync.config import Settings
    from sfsync.domain.soundness import Breach
    from sfsync.store.alarms import Alarm
    from sfsync.store.backup import Backup
    from sfsync.store.engine import Database

app = typer.Typer(no_args_is_help=True, help="Check, upgrade, back up or restore the database.")
File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup, gzipped.", show_default=False)]


@app.command()
def check(
    *,
    accept: Annotated[
        bool, typer.Option("--accept", help="Let stopped lanes go on in spite of what is known to be wrong.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether the database has the right schema, is whole, and keeps our promises; changes nothing of it.

    Exit code 2: it cannot be used as it is. Exit code 1: something in it is wrong, or a lane stands still.
    """
    settings = load_settings()
    url = settings.database_url
    state = migrations.check(url)
    document: dict[str, Any] = {
        "database": shown(parse(url)),
        "current": state.current,
        "needed": state.head,
        "ok": state.ok,
    }
    if state.ok:
        _look_inside(settings, document, accept=accept, as_json=as_json)
    if as_json:
        show_json(document)
    elif state.current is None:
        show(f"{document['database']} is empty. The first command that needs it sets it up, or `sfsync db upgrade`.")
    else:
        show(
            f"{document['database']} has schema {state.current}; this sfsync needs {state.head}. "
            "Run `sfsync db upgrade` if it is older; if it is newer, use the sfsync that wrote it."
        )
    raise typer.Exit(EXIT_USAGE)


def _look_inside(settings: Settings, document: dict[str, Any], *, accept: bool, as_json: bool) -> None:
    from sfsync.app import App  # noqa: PLC0415 - a database of another schema is not looked into
    from sfsync.store.engine import open_database  # noqa: PLC0415 - as above
    from sfsync.store.health import troubles  # noqa: PLC0415 - as above
    from sfsync.sync.guard import accept_alarms, breaches, lane_alarms  # noqa: PLC0415 - as above

    db = open_database(settings.database_url)
    try:
        wrong = troubles(db)
        found: list[tuple[str, Breach]] = []
        known: list[tuple[str, Alarm]] = []
        accepted: list[tuple[str, Alarm]] = []
        for org in settings.org_names if not wrong else ():
            one = App(settings, org, db)
            found += [(org, breach) for breach in breaches(one)]
            accepted += [(org, alarm) for alarm in (accept_alarms(one, actor()) if accept else ())]
            known += [(org, alarm) for alarm in lane_alarms(one)]
    finally:
        db.close()
    stopped = [(org, alarm) for org, alarm in known if alarm.stops]
    allowed = {(org, alarm.code): alarm for org, alarm in known if not alarm.stops}
    # What was accepted is known; more records than those are not.
    new = [(o, b) for o, b in found if (o, b.promise.code) not in allowed or not _covers(allowed[o, b.promise.code], b)]
    code = EXIT_USAGE if wrong else EXIT_ATTENTION if stopped or new else EXIT_DONE
    document |= {
        "ok": not wrong,
        "troubles": wrong,
        "broken": [{"org": o, "code": b.promise.code, "lane": b.promise.lane, "records": b.records} for o, b in found],
        "stopped": [{"org": o, "lane": a.lane, "code": a.code, "since": a.since} for o, a in stopped],
        "accepted": [{"org": o, "lane": a.lane, "code": a.code} for o, a in accepted],
    }
    if as_json:
        show_json(document)
    else:
        show(f"{document['database']} has schema {document['needed']}, which this sfsync needs.")
        if wrong:
            show(title("What is wrong"), bullets(*wrong))
        if found:
            said = (
                f"{o}: {b.message if (o, b) in new else _accepted(b, allowed[o, b.promise.code])}" for o, b in found
            )
            show(title("Broken promises"), bullets(*said))
        for o, alarm in stopped:
            show(f"{o}: the {alarm.lane} lane has stood still since {when(alarm.since)} UTC ({alarm.code}).")
        for o, alarm in accepted:
            show(f"{o}: accepted ({alarm.code}); the {alarm.lane} lane goes on with the next sync.")
        if code == EXIT_DONE and not found:
            show("It is whole, and all promises hold.")
    raise typer.Exit(code)


def _covers(alarm: Alarm, breach: Breach) -> bool:
    return set(breach.records) <= set(alarm.records)


def _accepted(breach: Breach, alarm: Alarm) -> str:
    who = f"Accepted by {alarm.accepted_by} on {when(alarm.accepted_at)} UTC"
    return f"{breach.what} {who}: the {breach.promise.lane} lane works."


@app.command()
def upgrade(*, as_json: AsJson = False) -> None:
    """Bring the database to the schema that this sfsync needs: all or nothing, and only if nobody works on it."""
    settings = load_settings()
    url = settings.database_url
    with _nobody_works(settings, "db upgrade"):
        before = migrations.upgrade(url)
    database = shown(parse(url))
    if as_json:
        show_json({"database": database, "before": before.current, "current": before.head, "changed": not before.ok})
    elif before.ok:
        show(f"{database} has schema {before.head} already.")
    else:
        show(f"{database} now has schema {before.head}; it was {before.current or 'empty'}.")


@app.command()
def backup(file: File, *, as_json: AsJson = False) -> None:
    """Write all that the database holds to a file, as it is at this moment; a daemon may go on working."""
    from sfsync.app import open_app, utc_now  # noqa: PLC0415 - the other commands need none of it
    from sfsync.store.backup import back_up  # noqa: PLC0415 - as above

    with open_app(migrate=False) as opened:
        _tell(back_up(opened.db, file, utc_now()), f"{file} holds", as_json=as_json)


@app.command()
def restore(
    file: File,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Lose what the database holds now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fill an empty database from a backup, all of it or nothing: SQLite or PostgreSQL, whichever wrote it.

    What happened since the backup is read from the org again by the next sync; wishes made since then are lost.
    """
    from sfsync.app import open_app  # noqa: PLC0415 - the other commands need none of it
    from sfsync.store import backup as backups  # noqa: PLC0415 - as above

    backups.examine(file)
    settings = load_settings()
    with open_app(settings=settings) as opened, _alone(settings, opened.db, "db restore"):
        _tell(backups.restore(opened.db, file, replace=replace), f"{opened.db.shown_url} now holds", as_json=as_json)


@contextmanager
def _nobody_works(settings: Settings, who: str) -> Generator[None]:
    """Make sure that nobody works on a database of an older schema, where there is one."""
    from sfsync.store.connect import make_engine  # noqa: PLC0415 - only an upgrade needs it
    from sfsync.store.engine import Database  # noqa: PLC0415 - as above

    if (state := migrations.check(settings.database_url)).ok or state.current is None:
        yield
        return
    url = parse(settings.database_url)
    db = Database(url, make_engine(url))
    try:
        with _alone(settings, db, who):
            yield
    finally:
        db.close()


@contextmanager
def _alone(settings: Settings, db: Database, who: str) -> Generator[None]:
    from sfsync.store import lease  # noqa: PLC0415 - not every command needs it
    from sfsync.store.backup import orgs_in  # noqa: PLC0415 - as above

    with db.read() as tx:
        orgs = {*settings.org_names, *orgs_in(tx)}
    sinks = {f"{org}.{sink}.sink" for org in orgs for sink in settings.sinks}
    with lease.hold_all(db, orgs | sinks, who=who):
        yield


def _tell(backup: Backup, what: str, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "schema": backup.schema,
                "made_at": backup.made_at,
                "database": backup.database,
                "orgs": list(backup.orgs),
                "rows": backup.rows,
            }
        )
    else:
        many = count(sum(backup.rows.values()), "row")
        show(f"{what} {many} of {backup.database}, schema {backup.schema}, as of {when(backup.made_at)} UTC.")
