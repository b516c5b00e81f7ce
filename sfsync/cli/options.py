"""Options that several commands share, and opening what they work on."""

from __future__ import annotations

import getpass
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfsync.app import App

Org = Annotated[
    str | None,
    typer.Option("--org", metavar="NAME", help="The org, by its name in the settings.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, errors too.")]
Record = Annotated[
    str,
    typer.Argument(
        metavar="RECORD",
        help="An order key, an order number, a Salesforce Id or an Opportunity Id.",
        show_default=False,
    ),
]


@contextmanager
def opened(org: str | None) -> Generator[App]:
    """Load the settings, set the log up, and open the mirror for one org; without a name, for the only one there is.

    Raises:
        SettingsError: if a setting is wrong, or there is no such org.
        UsageError: if there are several orgs and none is named.
        DatabaseRefused: if the database cannot be used.
        DatabaseUnavailable: if it does not answer.
    """
    # Here, not on top: `sfsync --help` needs none of it.
    from sfsync import log  # noqa: PLC0415
    from sfsync.app import open_app  # noqa: PLC0415
    from sfsync.config import load_settings  # noqa: PLC0415

    settings = load_settings()
    log.configure(level=settings.log.level, form=settings.log.format)
    with open_app(settings.chosen(org), settings=settings) as app:
        yield app


def actor() -> str:
    """Who is at the keyboard, for the journal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"  # a container without a user database
