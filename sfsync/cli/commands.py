"""The table of commands: their names, help lines and where they are. Only the one that is called is loaded."""

from __future__ import annotations

from typing import NamedTuple

_START, _WORK, _LOOK, _CARE = "Start", "Work", "Look", "Care"


class Command(NamedTuple):
    """A command, or group of commands: `attribute` of `module` is a function, or a Typer app."""

    name: str
    help: str
    panel: str
    module: str
    attribute: str = "command"


COMMANDS = (
    Command("demo", "Show it all on a make-believe org.", _START, "sfsync.cli.demo"),
    Command("init", "Write a settings file to begin with.", _START, "sfsync.cli.init"),
    Command("doctor", "Check settings, rights and fields, and say how to fix them.", _START, "sfsync.cli.doctor"),
    Command("sync", "Run one whole cycle.", _WORK, "sfsync.cli.sync", "sync"),
    Command("daemon", "Run cycles until stopped.", _WORK, "sfsync.cli.daemon"),
    Command("plan", "Show what a cycle would do, and do nothing.", _WORK, "sfsync.cli.sync", "plan"),
    Command("pull", "Only read what changed in the org.", _WORK, "sfsync.cli.sync", "pull"),
    Command("generate", "Only create the orders of won deals.", _WORK, "sfsync.cli.sync", "generate"),
    Command("push", "Only send what is wanted of orders.", _WORK, "sfsync.cli.sync", "push"),
    Command("deliver", "Only send events to their sinks.", _WORK, "sfsync.cli.events", "deliver"),
    Command("settle", "Only find out what became of lost answers.", _WORK, "sfsync.cli.sync", "settle"),
    Command("status", "Show what waits, since when, and what to do.", _LOOK, "sfsync.cli.status"),
    Command("why", "Explain one deal or order: how it stands, and why.", _LOOK, "sfsync.cli.why"),
    Command("orders", "List and show orders, set their fields, reduce, retry.", _LOOK, "sfsync.cli.orders", "app"),
    Command("entitlements", "Show what customers have, on any day.", _LOOK, "sfsync.cli.entitlements"),
    Command("shipments", "Record, import, list and void shipments.", _LOOK, "sfsync.cli.shipments", "app"),
    Command("conflicts", "Settle fields that both sides changed.", _LOOK, "sfsync.cli.conflicts", "app"),
    Command("events", "List events, deliver again, pause a sink.", _LOOK, "sfsync.cli.events", "app"),
    Command("runs", "List runs, show one.", _LOOK, "sfsync.cli.runs", "app"),
    Command("logs", "Show what happened to which record.", _LOOK, "sfsync.cli.logs"),
    Command("setup-org", "Show or make what sfsync needs in the org.", _CARE, "sfsync.cli.setup_org"),
    Command("db", "Check or upgrade the database's schema.", _CARE, "sfsync.cli.db", "app"),
    Command("emulator", "Serve a make-believe org.", _CARE, "sfsync.cli.emulator", "app"),
)
