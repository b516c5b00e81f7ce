"""The program: finds the command, runs it, and turns what goes wrong into a message, a remedy and an exit code.

Exit codes: 0 done; 1 done, and some records need attention; 2 wrong use, settings or rights;
75 try later (org or database unavailable, or another sfsync at work); 70 an error of sfsync itself;
130 stopped by Ctrl-C; 141 whoever read the output has gone.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from sfsync import __version__
from sfsync.cli.commands import COMMANDS
from sfsync.cli.failure import report_failure, report_wrong_use
from sfsync.errors import EXIT_INTERRUPTED, EXIT_UNREAD

if TYPE_CHECKING:
    from collections.abc import Sequence

_HELP = """Turns won Salesforce opportunities into orders, mirrors them in SQL and pushes status changes back.

Exit codes: 0 done, 1 some records need attention, 2 wrong use or settings, 75 try later, 70 internal error.
"""


class LazyGroup(TyperGroup):
    """Knows the commands by name and help line, and loads the module of the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load the called command in the place of its entry, and hand it the --org that was given before it."""
        if args and args[0] in self.commands:
            self.commands[args[0]] = _load(args[0])
        name, command, rest = super().resolve_command(ctx, args)
        if ctx.params.get("org") is not None:
            ctx.default_map = {name: _spread(command, ctx.params["org"])}
        return name, command, rest


app = typer.Typer(
    name="sfsync",
    cls=LazyGroup,
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - Typer's call
    if wanted:
        typer.echo(f"sfsync {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    org: Annotated[
        str | None, typer.Option("--org", metavar="NAME", help="The org, by its name in the settings.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of errors.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before the command; `main` and `LazyGroup` hand them on."""
    del org, debug, version


def _entry() -> None:
    """Stand in for a command that has not been loaded."""


for _command in COMMANDS:
    app.command(_command.name, help=_command.help, rich_help_panel=_command.panel)(_entry)


def _load(name: str) -> Any:
    [entry] = [one for one in COMMANDS if one.name == name]
    found = getattr(import_module(entry.module), entry.attribute)
    around = typer.Typer(
        add_completion=False, rich_markup_mode="rich", context_settings={"help_option_names": ["-h", "--help"]}
    )
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
        around.command("beside", hidden=True)(_entry)  # a Typer of one command would be that command
    commands: dict[str, Any] = typer.main.get_command(around).commands  # type: ignore[attr-defined]
    return commands[name]


def _spread(command: Any, org: str) -> dict[str, Any]:
    below = getattr(command, "commands", {})
    return {"org": org, **{name: _spread(inner, org) for name, inner in below.items()}}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Nothing is raised, no traceback is shown without --debug."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug, wanted = _take_debug(given)
    as_json = "--json" in wanted
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that cannot show a quotation mark must not end a sync.
            stream.reconfigure(errors="replace")
    try:
        code = app(wanted, prog_name="sfsync", standalone_mode=False) or 0
        sys.stdout.flush()
    except typer.TyperException as error:
        return report_wrong_use(error, as_json=as_json)
    except BrokenPipeError:
        code = EXIT_UNREAD
    except (KeyboardInterrupt, typer.Abort):
        code = EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence: people get a sentence, not a traceback
        return report_failure(error, as_json=as_json, debug=debug)
    if code == EXIT_UNREAD:
        # What is left in the buffer can go nowhere: Python must not complain about it when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if code == EXIT_INTERRUPTED:
        sys.stderr.write("Stopped. Nothing is lost: the next run goes on from here.\n")
    return int(code)


def _take_debug(given: Sequence[str]) -> tuple[bool, list[str]]:
    """Let --debug stand anywhere: people add it to the end of what they have just run."""
    end = given.index("--") if "--" in given else len(given)
    return "--debug" in given[:end], [word for place, word in enumerate(given) if word != "--debug" or place > end]
