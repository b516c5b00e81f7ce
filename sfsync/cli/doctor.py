"""`sfsync doctor`: what is ready, what is not, and how to fix it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from sfsync.cli.options import AsJson, Org  # noqa: TC001 - Typer reads the annotations
from sfsync.errors import EXIT_DONE

if TYPE_CHECKING:
    from sfsync.service.doctor import Check

_COLOURS = {"ok": typer.colors.GREEN, "problem": typer.colors.RED, "note": typer.colors.YELLOW}
_INDENT = " " * 10


def command(*, org: Org = None, as_json: AsJson = False) -> None:
    """Check settings, database, login, rights, fields, statuses, API usage and clock; write nothing to the org."""
    # Here, not on top: `sfsync --help` needs none of it.
    from sfsync.service.doctor import examine, exit_code_of  # noqa: PLC0415

    checks: list[Check] = []
    for check in examine(org):
        checks.append(check)
        if not as_json:
            _show(check)
    code = exit_code_of(checks)
    if as_json:
        typer.echo(
            json.dumps(
                {"ok": code == EXIT_DONE, "checks": [asdict(check) for check in checks]}, indent=2, ensure_ascii=False
            )
        )
    else:
        broken = sum(check.verdict == "problem" for check in checks)
        typer.echo(f"\n{broken} {'problem' if broken == 1 else 'problems'}." if broken else "\nAll is well.")
    raise typer.Exit(code)


def _show(check: Check) -> None:
    """Print a finding when it is made: some take their time."""
    typer.echo(f"{typer.style(f'{check.verdict:8}', fg=_COLOURS[check.verdict])}  {check.name}: {check.message}")
    if check.remedy:
        typer.echo(f"{_INDENT}→ {check.remedy}")
