"""An org in a box: its state, and the door for Python code that acts inside it as an administrator."""

from __future__ import annotations

import random
import threading
from collections import deque
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sfsync.emulator import gateway, routes
from sfsync.emulator.calls import CallLog
from sfsync.emulator.clock import VirtualClock, system_clock
from sfsync.emulator.database import Database
from sfsync.emulator.dml import Writer
from sfsync.emulator.faults import Faults
from sfsync.emulator.ids import IdFactory
from sfsync.emulator.objects import standard_schema
from sfsync.emulator.resources.query import all_records
from sfsync.emulator.rights import show_rights
from sfsync.emulator.seed import ADMIN, fill, resume, shape
from sfsync.emulator.settings import Settings
from sfsync.emulator.tokens import Tokens
from sfsync.emulator.transactions import BlockedError, OpenTransaction, ask_lock
from sfsync.emulator.world import Row, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sfsync.emulator.calls import Hook
    from sfsync.emulator.clock import Clock
    from sfsync.emulator.http import Answer, Request, Response
    from sfsync.emulator.plans import WritePlan
    from sfsync.emulator.routes import Target
    from sfsync.emulator.schema import Field, Schema, SObject

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
        self.settings = settings or Settings()
        self.schema = schema or standard_schema()
        self.clock: Clock = VirtualClock(clock) if isinstance(clock, datetime) else clock or system_clock
        shape(self.schema, self.settings, external_ids=external_ids)
        self.db = Database(self.schema, path)
        self.world = World(self.db, self.schema, self.settings, IdFactory(), self.clock)
        self.rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.faults = Faults(seed)
        self.calls = CallLog()
        self.on_call: list[Hook] = []
        self.transactions: list[OpenTransaction] = []
        self.tokens = Tokens(self.settings, self.rng)
        self.cursors: dict[str, Any] = {}
        self.derived: dict[Any, Any] = {}
        self.schema_changed = self.clock().replace(microsecond=0)
        self._plans: dict[Any, WritePlan] = {}
        self._usage: deque[datetime] = deque()
        with self.db.savepoint():
            if self.db.count("Organization"):
                resume(self.world)
            else:
                fill(self.world)
        show_rights(self.db, self.settings)
        self.admin_id = self._user(ADMIN)
        self.user_id = self._user(self.settings.users[0].username)
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
        """Begin writes that are stamped now and become visible at commit. `due`: the call before which it commits."""
        with self.lock:
            transaction = OpenTransaction(self, due=due)
            self.transactions.append(transaction)
            self.world.locked = partial(ask_lock, self.transactions)
            return transaction

    def close_transaction(self, transaction: OpenTransaction) -> None:
        """Forget a transaction; its own commit and rollback call this."""
        if transaction in self.transactions:
            self.transactions.remove(transaction)
        if not self.transactions:
            self.world.locked = None

    # -- changing the org

    def add_custom_field(self, sobject: str, field: Field) -> None:
        """Add a custom field; describe changes, the rows have null."""
        self._change_schema(lambda: self.schema.add_custom_field(sobject, field))

    def add_object(self, sobject: SObject) -> None:
        """Add a custom object."""
        self._change_schema(lambda: self.schema.add_object(sobject))

    def hide_field(self, sobject: str, name: str) -> None:
        """Hide a field from the API user, as field-level security does."""
        self._change_schema(lambda: self.schema.hide_field(sobject, name))

    def show_field(self, sobject: str, name: str) -> None:
        """Undo `hide_field`."""
        self._change_schema(lambda: self.schema.show_field(sobject, name))

    def switch_orders(self, *, on: bool) -> None:
        """Switch Orders on or off; off hides the objects and keeps the data [facts: orders 1]."""
        change = self.schema.show_object if on else self.schema.hide_object
        for name in ("Order", "OrderItem", "OrderStatus"):
            self._change_schema(partial(change, name))

    def _change_schema(self, change: Callable[[], None]) -> None:
        with self.lock:
            change()
            self.db.synchronise()
            self.derived.clear()
            self._plans.clear()
            self.world.rows.clear()
            self.schema_changed = self.clock().replace(microsecond=0)

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
        """Do a step; if an open transaction that ends by itself is in its way, let that one commit first."""
        while True:
            try:
                if self.world.locked is None:
                    return step()
                with self.world.savepoint():
                    return step()
            except BlockedError as blocked:
                blocked.transaction.commit()

    def usage(self, *, count: bool = False) -> int:
        """How many calls of the last 24 hours counted; `count` adds one made now [facts: api 5.1]."""
        now = self.clock()
        while self._usage and self._usage[0] <= now - _DAY:
            self._usage.popleft()
        if count:
            self._usage.append(now)
        return len(self._usage)
