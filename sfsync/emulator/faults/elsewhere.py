"""Faults that an emulator of the REST API cannot make, with the reason, so that the catalogue leaves none out."""

from sfsync.emulator.faults.entry import Entry

_NO_STREAM = "the emulator has no streaming resource"
_CLIENT = "it happens on the client's machine"

ROWS = (
    Entry(
        "stream_gap",
        "not here",
        f"A gap event in the stream of changes: {_NO_STREAM}.",
        "api 7.4",
        lists=("stream gap",),
    ),
    Entry(
        "stream_overflow",
        "not here",
        f"A gap overflow in the stream of changes: {_NO_STREAM}.",
        "api 7.4",
        lists=("stream overflow",),
    ),
    Entry(
        "replay_id_expired",
        "not here",
        f"A replay id that is too old: {_NO_STREAM}.",
        "api 7.1",
        lists=("expired replay id",),
    ),
    Entry("disk_full", "not here", f"No room for the local store: {_CLIENT}.", "peers 5.4", lists=("disk full",)),
    Entry(
        "sqlite_busy", "not here", f"A local database that is locked: {_CLIENT}.", "peers 5.4", lists=("SQLITE_BUSY",)
    ),
    Entry(
        "kill_9",
        "not here",
        f"The client dies between two steps: {_CLIENT}; hooks on org.on_call show the moments.",
        "peers 5.4",
        lists=("kill -9 between any two steps",),
    ),
    Entry(
        "two_workers",
        "not here",
        f"Two clients believe they have the same lease: {_CLIENT}.",
        "peers 5.4",
        lists=("two workers with the same lease",),
    ),
)
