"""What people and programs are told when a command fails."""

from __future__ import annotations

import re
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from sfsync.cli.render import console, has_width, plain, show_json
from sfsync.errors import EXIT_UNEXPECTED, EXIT_USAGE, SfsyncError

if TYPE_CHECKING:
    import typer


def report_wrong_use(error: typer.TyperException, *, as_json: bool) -> int:
    """Tell of a call that makes no sense; return the exit code. A bare command shows its help instead."""
    ctx: Any = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError" and ctx is not None:
        ctx.get_help()  # with rich, it prints
        return EXIT_USAGE
    path = ctx.command_path if ctx is not None else "sfsync"
    _tell("usage", error.format_message(), f"`{path} --help` shows how it is used.", as_json=as_json)
    return EXIT_USAGE


def report_failure(error: Exception, *, as_json: bool, debug: bool) -> int:
    """Tell of an error of a command; return the exit code."""
    if debug:
        sys.stderr.write(_traceback(error))
    if isinstance(error, SfsyncError):
        _tell(code_of(error), error.message, error.remedy, as_json=as_json, org_code=getattr(error, "code", ""))
        return error.exit_code
    remedy = None if debug else "Run again with --debug for the traceback."
    # Neither its text nor its values: nobody has looked whether they hold a secret.
    said = f"sfsync did not expect this: {type(error).__name__}{_place(error)}."
    _tell("unexpected", said, remedy, as_json=as_json)
    return EXIT_UNEXPECTED


def _place(error: Exception) -> str:
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if "sfsync" in Path(frame.filename).parts]
    return f" in {Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""


def _traceback(error: Exception) -> str:
    """Return the traceback without local variables, and with what looks like a secret blotted out."""
    from sfsync.log import redact  # noqa: PLC0415 - only --debug needs structlog

    return str(redact(None, "", {"shown": "".join(traceback.format_exception(error))})["shown"])


def code_of(error: SfsyncError) -> str:
    """Return the stable code of an error: the name of its class, `org_unavailable` for example."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def _tell(code: str, message: str, remedy: str | None, *, as_json: bool, org_code: str = "") -> None:
    if as_json:
        error = {"code": code, "message": message, "remedy": remedy}
        show_json({"error": error | ({"org_code": org_code} if org_code else {})})
        return
    out = console(sys.stderr)
    said = Table.grid(padding=(0, 1, 0, 0))
    said.add_row(Text("error:", style="bold red"), plain(message))
    if remedy:
        said.add_row("", plain(remedy))
    if has_width(sys.stderr):
        out.print(said)
    else:
        # In a log file a message is one line, however long.
        sys.stderr.write(f"error: {plain(message)}\n" + (f"       {plain(remedy)}\n" if remedy else ""))
