"""An org in a box: its state, and the door for Python code that acts inside it as an administrator."""

from __future__ import annotations

import random
import threading
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sfsync.emulator import gateway, routes
from sfsync.emulator.bulk import JobStore
from sfsync.emulator.calls import CallLog
from sfsync.emulator.clock import VirtualClock, system_clock
from sfsync.emulator.database import Database
from sfsync.emulator.dml import Writer
from sfsync.emulator.faults import Faults
from sfsync.emulator.ids import IdFactory
from sfsync.emulator.in_flight import InFlight
from sfsync.emulator.merge import merge
from sfsync.emulator.objects import standard_schema
from sfsync.emulator.objects.currency import with_currency
from sfsync.emulator.permissions import grant_new_fields, granted_fields
from sfsync.emulator.recycle_bin import RecycleBin
from sfsync.emulator.resources.query import all_records
from sfsync.emulator.rights import show_rights
from sfsync.emulator.seed import ADMIN, fill, resume, shape
from sfsync.emulator.settings import Settings
from sfsync.emulator.tokens import Tokens
from sfsync.emulator.transactions import OpenTransaction, ask_lock, patiently
from sfsync.emulator.windows import Window
from sfsync.emulator.world import Row, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sfsync.emulator.calls import Hook
    from sfsync.emulator.clock import Clock
    from sfsync.emulator.fields import Field
    from sfsync.emulator.http import Answer, Request, Response
    from sfsync.emulator.plans import WritePlan
    from sfsync.emulator.resources.query import OpenCursor
    from sfsync.emulator.routes import Target
    from sfsync.emulator.schema import Schema, SObject

_DAY = timedelta(hours=24)
_ROWS_KEPT = 20_000

T = TypeVar("T")


class Org:
    """One Salesforce org. `handle` is its REST API; the other methods act inside it and cost no API calls.

    The clock may be a function, or a moment at which a virtual clock then stands; without one it is the machine's.
    Every random choice comes from the seed. The schema is changed by the org: give each org its own.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Clock | datetime | None = None,
        settings: Settings | None = None,
        schema: Schema | None = None,
        path: str = ":memory:",
        external_ids: bool = True,
    ) -> None:
        self.lock = threading.RLock()
        self.freed = threading.Condition(self.lock)
        self.settings = settings or Settings()
        self.schema = schema or standard_schema()
        self.clock: Clock = VirtualClock(clock) if isinstance(clock, datetime) else clock or system_clock
        shape(self.schema, self.settings, external_ids=external_ids)
        self.db = Database(self.schema, path)
        self.world = World(self.db, self.schema, self.settings, IdFactory(), self.clock)
        self.rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.faults = Faults(seed, self)
        self.calls = CallLog()
        self.on_call: list[Hook] = []
        self.transactions: list[OpenTransaction] = []
        self.in_flight = InFlight(self.lock, self.settings)
        self.bin = RecycleBin(self.db, self.schema, self.settings)
        self.tokens = Tokens(self.settings, self.rng)
        self.cursors: dict[str, OpenCursor] = {}
        self.derived: dict[Any, Any] = {}
        self.bulk = JobStore(lambda: self.clock())  # noqa: PLW0108 - tests change the clock of a running org
        self.recent: dict[str, dict[str, str]] = {}
        self.unknown_paths: set[str] = set()
        self._schema_seen = (-1, self.clock())
        self._plans: dict[Any, WritePlan] = {}
        self._usage = Window(_DAY)
        with self.db.savepoint():
            if self.db.count("Organization"):
                resume(self.world)
            else:
                fill(self.world)
        show_rights(self.db, self.settings)
        self.admin_id = self._user(ADMIN)
        self.schema.all_seeing = frozenset({self.admin_id})
        self.user_id = self._user(self.settings.users[0].username)
        self.schema.grants = partial(granted_fields, self.db, self.user_id)
        book = self.db.find("Pricebook2", {"IsStandard": True})
        self.standard_pricebook_id = str(book[0]["Id"])

    def _user(self, username: str) -> str:
        return str(self.db.find("User", {"Username": username})[0]["Id"])

    # -- the REST API

    def handle(self, request: Request) -> Response:
        """Answer one HTTP request, with everything that may go wrong on the way; thread-safe."""
        return gateway.handle(self, request)

    def resolve(self, request: Request) -> Target:
        """Find the resource of a request or subrequest."""
        return routes.resolve(request)

    def perform(self, request: Request, target: Target | None = None) -> Answer:
        """Perform a subrequest that has been admitted; refusals become answers."""
        return routes.perform(self, request, target)

    def login(self, username: str | None = None) -> str:
        """Return an access token of a user (by default the integration user) without a token call."""
        with self.lock:
            return self.tokens.mint(self._user(username) if username else self.user_id, self.clock())

    # -- acting inside the org

    def insert(self, sobject: str, values: Mapping[str, Any]) -> str:
        """Create a record by all rules and return its id.

        Raises:
            ApiError: the platform's refusal (so do all methods that write).
        """
        return self._write(lambda writer: writer.insert(sobject, values))

    def insert_many(self, sobject: str, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """Create records in one transaction and return their ids in order."""
        many = list(rows)

        def step(writer: Writer) -> list[str]:
            with self.world.savepoint():
                return [writer.insert(sobject, row) for row in many]

        return self._write(step)

    def update(self, sobject: str, record_id: str, values: Mapping[str, Any]) -> None:
        """Change a record by all rules."""
        self._write(lambda writer: writer.update(sobject, record_id, values))

    def delete(self, sobject: str, record_id: str) -> None:
        """Delete a record by all rules."""
        self._write(lambda writer: writer.delete(sobject, record_id))

    def undelete(self, sobject: str, record_id: str) -> None:
        """Bring a record back from the recycle bin."""
        self._write(lambda writer: writer.undelete(sobject, record_id))

    def purge(self) -> int:
        """Do now what is due in the recycle bin and the log of deletions; return how many rows are gone for good."""
        with self.lock:
            return self.bin.purge(self.clock())

    def empty_recycle_bin(self) -> int:
        """Remove all deleted rows for good, out of queryAll's sight, and return their number."""
        with self.lock:
            return self.bin.empty()

    def purge_delete_log(self, before: datetime) -> None:
        """Forget early what was deleted before a moment (up to its minute); earliestDateAvailable moves there."""
        with self.lock:
            self.bin.purge_log(before)

    def merge(self, sobject: str, winner: str, losers: Iterable[str]) -> None:
        """Merge one or two accounts or contacts into another, which REST cannot."""
        gone = list(losers)
        self._write(lambda writer: merge(writer, sobject, winner, gone))

    def get(self, sobject: str, record_id: str) -> Row:
        """Return all stored fields of a live record: Decimal numbers, dates and UTC datetimes as text.

        Raises:
            ApiError: if it is not there.
        """
        with self.lock:
            return dict(self.admin().find(sobject, record_id))

    def query(self, text: str, *, include_deleted: bool = False) -> list[dict[str, Any]]:
        """Return all records of a SOQL query, as the REST API writes them."""
        with self.lock:
            return all_records(self, text, include_deleted=include_deleted)

    def advance(self, seconds: float) -> None:
        """Move a virtual clock forward.

        Raises:
            TypeError: if the org runs by another clock.
        """
        if not isinstance(self.clock, VirtualClock):
            raise TypeError("only a virtual clock can be advanced: Org(clock=datetime(...))")
        self.clock.advance(seconds)

    def open_transaction(self, *, due: int | None = None) -> OpenTransaction:
        """Begin writes that are stamped now and become visible at commit.

        `due`: the call before which it commits by itself, or before any once it has lasted ten minutes.
        """
        with self.lock:
            transaction = OpenTransaction(self, due=due)
            self.transactions.append(transaction)
            self.world.locked = partial(ask_lock, self)
            return transaction

    def close_transaction(self, transaction: OpenTransaction) -> None:
        """Forget a transaction; its own commit and rollback call this."""
        if transaction in self.transactions:
            self.transactions.remove(transaction)
        if not self.transactions:
            self.world.locked = None
        self.freed.notify_all()

    # -- changing the org

    def add_custom_field(self, sobject: str, field: Field) -> None:
        """Add a custom field; describe changes, the rows have null. The profile grants it: the API user sees it."""
        self.change_schema(lambda: self.schema.add_custom_field(sobject, field))

    def add_object(self, sobject: SObject) -> None:
        """Add a custom object."""
        added = with_currency(sobject, self.settings) if self.settings.multicurrency else sobject
        self.change_schema(lambda: self.schema.add_object(added))

    def hide_field(self, sobject: str, name: str) -> None:
        """Hide a field from the API user, as field-level security does."""
        self.change_schema(lambda: self.schema.hide_field(sobject, name))

    def show_field(self, sobject: str, name: str) -> None:
        """Undo `hide_field`; whether a field made through the APIs is seen stays with its FieldPermissions."""
        self.change_schema(lambda: self.schema.show_field(sobject, name))

    def switch_orders(self, *, on: bool) -> None:
        """Switch Orders on or off; off hides the objects and keeps the data [facts: orders 1]."""
        change = self.schema.show_object if on else self.schema.hide_object
        for name in ("Order", "OrderItem", "OrderStatus"):
            self.change_schema(partial(change, name))

    def change_schema(self, change: Callable[[], None], *, withheld: frozenset[str] = frozenset()) -> None:
        """Change the schema and all that follows it; fields (`Object.Field`) in `withheld` are granted to nobody."""
        with self.lock:
            change()
            self.db.synchronise()
            grant_new_fields(self.world, withheld=withheld)
            self.derived.clear()
            self._plans.clear()
            self.world.schema_changed()

    @property
    def schema_changed(self) -> datetime:
        """When describe answers changed last: the schema, or what the API user may see of it."""
        if self._schema_seen[0] != self.schema.version:
            self._schema_seen = (self.schema.version, self.clock().replace(microsecond=0))
        return self._schema_seen[1]

    # -- for the parts of the emulator

    def admin(self) -> Writer:
        """A writer who may do everything."""
        return Writer(self.world, self.admin_id, self._plans, may_all=True)

    def writer(self, user_id: str) -> Writer:
        """A writer with the rights of the API user."""
        if len(self.world.rows) > _ROWS_KEPT:
            self.world.rows.clear()
        return Writer(self.world, user_id, self._plans)

    def _write(self, step: Callable[[Writer], T]) -> T:
        with self.lock:
            return self.settled(lambda: step(self.admin()))

    def settled(self, step: Callable[[], T]) -> T:
        """Do a step, undone and done again if it has to wait for an open transaction."""
        if self.world.locked is None:
            return step()

        def attempt() -> T:
            with self.world.savepoint():
                return step()

        return patiently(self, attempt)

    def usage(self, *, count: bool = False) -> int:
        """How many calls of the last 24 hours counted; `count` adds one made now [facts: api 5.1]."""
        now = self.clock()
        if count:
            self._usage.add(now)
        return self._usage.count(now)
