"""What the admin port can do with an org: one method for each of its calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from sfsync.emulator.faults.catalogue import as_data

if TYPE_CHECKING:
    from sfsync.emulator.faults import Fault
    from sfsync.emulator.org import Org
    from sfsync.emulator.transactions import OpenTransaction

Result = tuple[int, Any]
Act = Callable[[Request, Any], Result]
"""Takes the request and its body, and returns the status and the answer; a refusal is an HTTPException."""


class Desk:
    """What the admin port can do with an org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._transactions: list[OpenTransaction] = []

    def planned(self, _request: Request, _body: Any) -> Result:
        """The faults that wait, with how often each has seen a call and struck."""
        return 200, {"faults": [_shown(fault) for fault in self._org.faults]}

    def plan(self, _request: Request, body: Any) -> Result:
        """Plan a fault, or let one happen at once."""
        given = dict(body)
        spec, name, now = given.pop("spec", None), given.pop("name", None), given.pop("now", False)
        if isinstance(spec, str) and not given and name is None:
            return 201, {"faults": [_shown(fault) for fault in self._org.faults.add_spec(spec)]}
        if not isinstance(name, str):
            raise HTTPException(400, 'Say which fault: {"name": ..., its options}, or {"spec": "name:option=..."}.')
        if now:
            return 200, {"did": self._org.faults.now(name, **given)}
        return 201, {"faults": [_shown(self._org.faults.add(name, **given))]}

    def call_off(self, _request: Request, _body: Any) -> Result:
        """Call off all faults."""
        many = len(self._org.faults)
        self._org.faults.clear()
        return 200, {"removed": many}

    def call_off_one(self, request: Request, _body: Any) -> Result:
        """Call off one fault."""
        number = request.path_params["number"]
        if not self._org.faults.remove(number):
            raise HTTPException(404, f"No fault {number} is planned.")
        return 200, {"removed": 1}

    def catalogue(self, _request: Request, _body: Any) -> Result:
        """All faults there are."""
        return 200, {"faults": as_data()}

    def calls(self, request: Request, _body: Any) -> Result:
        """The calls of the log, from one number on."""
        since = request.query_params.get("since", "0")
        if not since.isdigit():
            raise HTTPException(400, "since is the number of a call.")
        with self._org.lock:
            found = [asdict(call) for call in self._org.calls if call.number > int(since)]
        return 200, {"calls": found}

    def forget_calls(self, _request: Request, _body: Any) -> Result:
        """Forget the calls."""
        with self._org.lock:
            many = len(self._org.calls)
            self._org.calls.clear()
        return 200, {"removed": many}

    def clock(self, _request: Request, _body: Any) -> Result:
        """The org's time."""
        return 200, {"now": self._org.clock().isoformat()}

    def advance(self, request: Request, body: Any) -> Result:
        """Move a virtual clock."""
        seconds = body.get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise HTTPException(400, 'Say by how many seconds: {"advance": 60}.')
        try:
            with self._org.lock:
                self._org.advance(seconds)
        except TypeError:
            raise HTTPException(409, "The org runs by the machine's clock, which cannot be advanced.") from None
        return self.clock(request, body)

    def usage(self, _request: Request, _body: Any) -> Result:
        """What counts against the daily limit."""
        org = self._org
        with org.lock:
            used, kinds = org.usage(), org.calls.by_kind()
        return 200, {"used": used, "limit": org.settings.daily_limit, "calls": kinds}

    def expire(self, _request: Request, _body: Any) -> Result:
        """End all sessions."""
        with self._org.lock:
            return 200, {"expired": self._org.tokens.revoke_all()}

    def begin(self, _request: Request, body: Any) -> Result:
        """Open a transaction of somebody else, with writes that nobody sees until it is committed."""
        transaction = self._org.open_transaction()
        try:
            done = [_write(transaction, step) for step in body.get("steps", [])]
        except BaseException:
            transaction.rollback()
            raise
        self._transactions.append(transaction)
        return 201, {"id": len(self._transactions), "ids": done}

    def commit(self, request: Request, _body: Any) -> Result:
        """Commit a transaction that was opened here."""
        self._open(request).commit()
        return 200, {"committed": request.path_params["number"]}

    def roll_back(self, request: Request, _body: Any) -> Result:
        """Roll back a transaction that was opened here."""
        self._open(request).rollback()
        return 200, {"rolled_back": request.path_params["number"]}

    def _open(self, request: Request) -> OpenTransaction:
        number: int = request.path_params["number"]
        known = self._transactions[number - 1] if 0 < number <= len(self._transactions) else None
        if known is None or known not in self._org.transactions:
            raise HTTPException(404, f"No transaction {number} is open.")
        return known


def _write(transaction: OpenTransaction, step: Any) -> str:
    """Do one step such as {"insert": "Account", "values": {...}}, and return the record's id."""
    match step:
        case {"insert": str(sobject), "values": dict(values)}:
            return transaction.insert(sobject, values)
        case {"update": str(sobject), "id": str(record_id), "values": dict(values)}:
            transaction.update(sobject, record_id, values)
            return record_id
        case {"delete": str(sobject), "id": str(record_id)}:
            transaction.delete(sobject, record_id)
            return record_id
    raise HTTPException(
        400, 'A step is {"insert": "Account", "values": {...}}; update takes an id, too, and delete an id alone.'
    )


def _shown(fault: Fault) -> dict[str, Any]:
    options = {name: value for name, value in fault.options.items() if value is not None}
    return {
        "id": fault.number,
        "name": fault.name,
        "options": options,
        "seen": fault.seen,
        "struck": fault.struck,
        "did": fault.did,
    }
