"""Faults of deleted data: deletions that are older than they were, and a log and a bin that know less."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.emulator.clock import from_stored, stored
from sfsync.emulator.faults.entry import Entry
from sfsync.emulator.faults.options import Option

if TYPE_CHECKING:
    from sfsync.emulator.faults.plan import Fault
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org


def _age_deletes(org: Org, fault: Fault, _request: Request | None) -> str:
    """Date every deletion so far some days back, and let the purge do what it then has to."""
    days, execute = timedelta(days=fault.options["days"]), org.db.connection.execute
    with org.world.savepoint():
        for number, when in execute('SELECT rowid, "deletedDate" FROM "_deleted"').fetchall():
            aged = stored(from_stored(when) - days)
            execute('UPDATE "_deleted" SET "deletedDate" = ? WHERE rowid = ?', [aged, number])
        for one in org.schema.all_objects():
            if {"IsDeleted", "SystemModstamp"} <= one.fields.keys():
                for row in org.db.find(one.name, {"IsDeleted": True}, include_deleted=True):
                    aged = stored(from_stored(str(row["SystemModstamp"])) - days)
                    org.db.update_row(one.name, str(row["Id"]), {"SystemModstamp": aged})
    org.world.rows.clear()
    return f"purged {org.purge()} records: all deletions are {fault.options['days']} days older now"


def _purge_log(org: Org, fault: Fault, _request: Request | None) -> str:
    org.purge_delete_log(org.clock() - timedelta(hours=fault.options["hours"]))
    return f"forgot the deletions before the last {fault.options['hours']:g} hours"


def _empty_bin(org: Org, _fault: Fault, _request: Request | None) -> str:
    return f"removed {org.empty_recycle_bin()} records for good"


ROWS = (
    Entry(
        "old_deletes",
        "data",
        "Everything deleted so far was deleted days earlier: past 15 days no log and no recycle bin has it.",
        "api 3.8, 6.4",
        (Option("days", "whole", "how many days earlier", default=16, least=1),),
        ("deletes past 15 days",),
        act=_age_deletes,
    ),
    Entry(
        "delete_log_purged",
        "data",
        "The log of deletions is purged early: earliestDateAvailable moves, older starts are INVALID_REPLICATION_DATE.",
        "api 3.8",
        (Option("hours", "number", "how many hours it still knows", default=0.0, least=0),),
        ("early purge of the delete log",),
        act=_purge_log,
    ),
    Entry(
        "recycle_bin_emptied",
        "data",
        "The recycle bin is emptied: queryAll has the deleted records no more, the log of deletions has.",
        "api 6.4",
        act=_empty_bin,
    ),
)
