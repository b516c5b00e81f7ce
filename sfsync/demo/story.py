"""The story of `sfsync demo`: the real commands, as a user types them, on an org in a box."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from sfsync.demo import changes, evidence, goods, midterm
from sfsync.demo.commands import Commands
from sfsync.demo.receivers import listening
from sfsync.demo.world import build, new_org
from sfsync.emulator.server import serve
from sfsync.errors import EXIT_ATTENTION, EXIT_DONE, SfsyncError, UsageError

if TYPE_CHECKING:
    from sfsync.demo.receivers import Receivers
    from sfsync.demo.world import World
    from sfsync.emulator.org import Org
    from sfsync.emulator.server import Server

FOLDER = "sfsync-demo"
SEED = 7
_OURS = "sfsync.db*"


def run_story(*, json: bool, keep: Path | None) -> int:
    """Tell the story and return the exit code: 0 when every promise was kept, 1 otherwise.

    Args:
        json: Print one JSON document instead, and nothing else on stdout.
        keep: The folder to leave the database in; `sfsync-demo` in the current one by default.

    Raises:
        UsageError: if the folder cannot be used.
    """
    folder = _fresh(keep or Path(FOLDER))
    started = time.monotonic()
    org = new_org(SEED)
    story = Story(org, build(org, SEED, datetime.now(UTC).date()), folder, quiet=json)
    with serve(org, directory=folder / "org") as server, listening() as receivers:
        wanted = "order.fulfilled,order.cancelled,order.reduced"
        story.variables |= receivers.settings(provisioning="order.activated", billing=wanted)
        story.tell(server, receivers)
    found = evidence.gather(org, story.world, story.counts, seconds=time.monotonic() - started)
    story.finish(found)
    return EXIT_DONE if found.kept else EXIT_ATTENTION


@dataclass
class Story:
    """The org, the folder, and what the commands have counted so far."""

    org: Org
    world: World
    folder: Path
    quiet: bool
    counts: dict[str, int] = field(default_factory=dict)
    console: Console = field(init=False)
    commands: Commands = field(default_factory=Commands)
    server: Server | None = None
    variables: dict[str, str] = field(default_factory=dict)
    """Settings of the commands beside those of the org."""

    def __post_init__(self) -> None:
        self.console = Console(quiet=self.quiet, highlight=False)

    @property
    def database(self) -> Path:
        """The SQLite file that the story leaves."""
        return self.folder / "sfsync.db"

    def tell(self, server: Server, receivers: Receivers) -> None:
        """Run the chapters."""
        self.server = server
        named, expected = self.world.named, self.world.expected
        self.say(
            f"An org in a box stands at {server.url}: {expected.opportunities} opportunities of Cobalt Ventures, "
            f"Apex Manufacturing, NovaTech Software and their customers, {expected.won} of them won."
        )
        self.chapter("1. One cycle, and the answer to its first creation gets lost on the way")
        self.say("The org will commit the orders of that call, and the connection will break before it can say so.")
        self.org.faults.add("lost_answer", path="composite/graph")
        self.run("sync")
        self.chapter("2. Why a deal got no order")
        self.run("why", named.two_problems)
        self.chapter("3. Sales reps fix two deals and change one; three orders are to be activated")
        self._fix(named.no_account, named.contract_not_activated)
        changes.resell_draft(self, named.thirds)
        first, second, third = (self._draft(deal) for deal in (named.cobalt, named.novatech, named.apex))
        self.run("orders", "activate", first)
        self.sql(f"UPDATE orders SET status = 'Activated' WHERE key IN ('{second}', '{third}')")
        self.chapter("4. The next cycle pushes all three, orders what was fixed, and brings the draft to its deal")
        self.run("sync", brief=True)
        self._told(receivers)
        self.chapter("5. Provisioning has done its part, and billing hears of it")
        self.run("orders", "fulfil", first)
        changes.sell_more(self, named.cobalt)
        self.run("sync", brief=True)
        self._told(receivers)
        self.chapter("6. The deal of an order that is out already has grown")
        changes.amend(self, named.cobalt)
        self.chapter("7. One order, from the deal to now")
        self.run("why", first)
        self.chapter("8. How things stand")
        self.run("status")
        today = datetime.now(UTC).date()
        midterm.tell(self, today)
        self._told(receivers)
        goods.tell(self, third, today)

    def run(self, *words: str, last: int = 0, brief: bool = False) -> None:
        """Run a command of sfsync in a process of its own, and add up what it reports.

        All it says is shown, or its `last` lines, or with `brief` what comes before its first empty line.
        """
        self.console.print(f"\n[bold green]$ sfsync {shlex.join(words)}[/]")
        self.console.file.flush()
        said = self.folder / "said.txt" if self.quiet or last or brief else None
        options = ["--json"] if self.quiet else []
        code = self.commands.run([*words, *options], self.folder, self._environment(), into=said and said.resolve())
        shown = said.read_text() if said else ""
        if said:
            said.unlink()
        if code not in (EXIT_DONE, EXIT_ATTENTION):
            raise SfsyncError(
                f"`sfsync {' '.join(words)}` ended with exit code {code}, so the story ends here.",
                remedy=shown or "Its reason is above.",
            )
        if brief:
            self.console.print(shown.partition("\n\n")[0], "...", sep="\n")
        elif last:
            self.console.print("...", *shown.splitlines()[-last:], sep="\n")
        if words[0] == "sync":
            self._count(self._last_counts())

    def sql(self, statement: str) -> None:
        """Do what any other program can do: write to the mirror."""
        self.console.print(f'\n[bold green]$ sqlite3 {self.database} "{statement}"[/]')
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(statement)

    def chapter(self, heading: str) -> None:
        """Begin a chapter."""
        self.console.print()
        self.console.rule(f"[bold]{heading}", align="left", style="blue")

    def say(self, text: str) -> None:
        """Say something to the reader."""
        self.console.print(text)

    def finish(self, found: evidence.Evidence) -> None:
        """Show what was promised and what came of it, and where to look next."""
        if self.quiet:
            sys.stdout.write(json.dumps(found.as_json(self.database), indent=2) + "\n")
            return
        self.chapter("What came of it, counted in the org itself")
        table = Table("", "found", "promised", box=None, pad_edge=False)
        for row in found.rows():
            table.add_row(*row)
        self.console.print(table)
        sfsync = "sfsync" if shutil.which("sfsync") else os.path.relpath(sys.argv[0])
        self.say(
            f"\nThe mirror is left in {self.database}. Look at it:\n"
            f"  sqlite3 {self.database} 'SELECT order_number, status, total_amount FROM orders'\n"
            f"  SFSYNC_DATABASE_URL=sqlite:///{self.database} {sfsync} runs\n"
            f"  SFSYNC_DATABASE_URL=sqlite:///{self.database} {sfsync} logs --level warning\n"
            f"Next: `{sfsync} init` writes the settings for your own org, `{sfsync} doctor` checks it,\n"
            f"`{sfsync} plan` shows what a sync would do."
        )

    def _told(self, receivers: Receivers) -> None:
        self.say("\nTwo systems get signed webhooks, each of what it asked for. So far:")
        for line in receivers.said():
            self.say(f"  {line}")

    def _fix(self, no_account: str, not_activated: str) -> None:
        account = self.org.query("SELECT Id FROM Account ORDER BY Id LIMIT 1")[0]["Id"]
        self.org.update("Opportunity", no_account, {"AccountId": account})
        contract = str(self.org.get("Opportunity", not_activated)["ContractId"])
        self.org.update("Contract", contract, {"Status": "Activated"})
        self.say("In Salesforce: one deal gets its account, the contract of another one is activated.")

    def _draft(self, deal: str) -> str:
        with closing(sqlite3.connect(self.database)) as connection:
            row = connection.execute("SELECT key FROM orders WHERE opportunity_id = ?", (deal,)).fetchone()
        return str(row[0])

    def _last_counts(self) -> dict[str, int]:
        with closing(sqlite3.connect(self.database)) as connection:
            row = connection.execute("SELECT counts FROM runs ORDER BY id DESC LIMIT 1").fetchone()
        counts: dict[str, int] = json.loads(row[0] or "{}")
        return counts

    def _count(self, counts: dict[str, int]) -> None:
        for name, many in counts.items():
            self.counts[name] = self.counts.get(name, 0) + many

    def _environment(self) -> dict[str, str]:
        assert self.server is not None  # noqa: S101 - chapters run while the org stands
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SFSYNC_")}
        return (
            kept
            | self.variables
            | {
                "SFSYNC_DATABASE_URL": f"sqlite:///{self.database.resolve()}",
                "SFSYNC_SALESFORCE__LOGIN_URL": self.server.url,
                "SFSYNC_SALESFORCE__CLIENT_ID": self.server.client_id,
                "SFSYNC_SALESFORCE__CLIENT_SECRET": self.server.client_secret,
                "SFSYNC_SALESFORCE__CA_FILE": str(Path(self.server.ca_file).resolve()),
            }
        )


def _fresh(folder: Path) -> Path:
    """Make the folder, and take away what an earlier demo left in it; nothing else is touched.

    Raises:
        UsageError: if it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(_OURS):
            path.unlink(missing_ok=True)
        shutil.rmtree(folder / "org", ignore_errors=True)
        (folder / "org").mkdir()
    except OSError as error:
        raise UsageError(
            f"The folder {folder} cannot be written: {error.strerror}.", remedy="Name another one with --keep."
        ) from error
    return folder
