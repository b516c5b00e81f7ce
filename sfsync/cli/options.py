"""Options that several commands share, and opening what they work on."""

from __future__ import annotations

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
    """Load the settings and open the mirror for one org; without a name, for the only one there is.

    Raises:
        SettingsError: if a setting is wrong, or there is no such org.
        UsageError: if there are several orgs and none is named.
        DatabaseRefused: if the database cannot be used.
        DatabaseUnavailable: if it does not answer.
    """
    # Here, not on top: `sfsync --help` needs none of it.
    from sfsync.app import open_app  # noqa: PLC0415
    from sfsync.config import load_settings  # noqa: PLC0415

    settings = load_settings()
    with open_app(_chosen(org, settings.org_names), settings=settings) as app:
        yield app


def _chosen(org: str | None, names: tuple[str, ...]) -> str:
    from sfsync.config.section import did_you_mean  # noqa: PLC0415
    from sfsync.errors import SettingsError, UsageError  # noqa: PLC0415

    if org is None and (len(names) == 1 or "default" in names):
        return "default" if "default" in names else names[0]
    if org is None:
        raise UsageError("Several orgs are configured, and none of them is the default.", remedy=_name_one(names))
    if org not in names:
        raise SettingsError(
            f"There is no org “{org}” in the settings.", remedy=did_you_mean(org, names) or _name_one(names)
        )
    return org


def _name_one(names: tuple[str, ...]) -> str:
    return f"Name one with --org: {', '.join(names)}."
