"""`sfsync init`: the first files in an empty folder."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync.app import utc_now
from sfsync.cli.options import AsJson  # noqa: TC001 - Typer reads the annotations
from sfsync.cli.render import show, show_json
from sfsync.service.scaffold import start

if TYPE_CHECKING:
    from sfsync.service.scaffold import Started

LoginUrl = Annotated[str | None, typer.Option(help="The org's My Domain, as in https://acme.my.salesforce.com.")]
ClientId = Annotated[str | None, typer.Option(help="Consumer key of the external client app.")]
Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], metavar="DAY", help="Deals closed before this day get no orders.", show_default="today"
    ),
]


def command(
    *, login_url: LoginUrl = None, client_id: ClientId = None, since: Since = None, as_json: AsJson = False
) -> None:
    """Write a settings file and a place for secrets, and set the database up; never overwrites anything."""
    if not as_json and login_url is None and client_id is None and sys.stdin.isatty() and sys.stdout.isatty():
        login_url = typer.prompt("The org's My Domain (empty: later)", default="", show_default=False) or None
        client_id = typer.prompt("Consumer key of the app (empty: later)", default="", show_default=False) or None
    first_day = (since or utc_now()).date()
    started = start(since=first_day, login_url=login_url, client_id=client_id)
    if as_json:
        show_json(_as_json(started))
    else:
        show(_as_text(started), wrap=False)


def _as_json(started: Started) -> dict[str, object]:
    return {
        "settings_file": str(started.config),
        "settings_file_written": started.config_made,
        "dotenv": str(started.dotenv),
        "dotenv_written": started.dotenv_made,
        "database": started.database,
        "orders_since": started.since.isoformat() if started.since else None,
        "missing": started.missing,
    }


def _as_text(started: Started) -> str:
    if started.since is None:
        scope = (
            "orders.since is not set: the first sync turns EVERY won deal into an order, however old.\n"
            f"Set it in {started.config} before you go on, unless that is what you want."
        )
    else:
        day = started.since.isoformat()
        scope = (
            f"Deals closed before {day} get no orders, so that a first sync leaves the past alone:\n"
            f"change orders.since in {started.config} if you want them."
        )
    steps = [
        "sfsync doctor   checks login, rights, fields and statuses, and says how to fix what is missing",
        "sfsync plan     shows what would be created, and writes nothing",
        "sfsync sync     does it; sfsync daemon does it again and again",
    ]
    if started.missing:
        steps.insert(0, f"Fill in {started.config} and {started.dotenv}: {started.missing}")
    following = "\n".join(f"  {number}. {step}" for number, step in enumerate(steps, 1))
    return f"""\
{_told(made=started.config_made)}  {started.config}  the settings; those that have a default show it
{_told(made=started.dotenv_made)}  {started.dotenv}  for the client secret; readable by you alone
ready    {started.database}

{scope}

Next:
{following}"""


def _told(*, made: bool) -> str:
    return "written" if made else "kept   "
