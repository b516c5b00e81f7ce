"""`sfsync doctor`: what is ready, what is not, and how to fix it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from sfsync.cli.options import AsJson, Org  # noqa: TC001 - Typer reads the annotations
from sfsync.cli.render import count, has_width, plain, show, show_json
from sfsync.errors import EXIT_DONE
from sfsync.service.doctor import examine, exit_code_of

if TYPE_CHECKING:
    from sfsync.service.doctor import Check

_COLOURS = {"ok": "green", "problem": "bold red", "note": "yellow"}
_WIDTH = max(map(len, _COLOURS))


def command(*, org: Org = None, as_json: AsJson = False) -> None:
    """Check settings, database, login, rights, fields, statuses, API usage and clock; write nothing to the org.

    Exit code 0: all is well. 1: it works, but some statuses cannot be pushed. 2: something must be fixed first.
    75: the org or the database does not answer.
    """
    checks: list[Check] = []
    for check in examine(org):
        checks.append(check)
        if not as_json:
            _show(check)  # at once: some take their time
    code = exit_code_of(checks)
    broken = sum(check.verdict == "problem" for check in checks)
    if as_json:
        show_json({"ok": code == EXIT_DONE, "checks": checks})
    else:
        show(f"\n{count(broken, 'problem')}." if broken else "\nAll is well.")
    raise typer.Exit(code)


def _show(check: Check) -> None:
    found, remedy = f"{check.name}: {check.message}", f"→ {check.remedy}"
    if not has_width(sys.stdout):
        # In a file a finding is one line, however long.
        show(f"{check.verdict:{_WIDTH}}  {found}", *([f"{'':{_WIDTH}}  {remedy}"] if check.remedy else []), wrap=False)
        return
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_column(no_wrap=True, min_width=_WIDTH)
    row.add_column(overflow="fold")
    row.add_row(Text(check.verdict, style=_COLOURS[check.verdict]), plain(found))
    if check.remedy:
        row.add_row("", plain(remedy))
    show(row)
