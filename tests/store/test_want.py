"""A status wanted by command: written once, journalled with who wanted it, and never against the table of moves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain.statuses import Status, StatusMap
from sfsync.errors import RecordNotFound, UsageError
from sfsync.store.orders import save_orders
from sfsync.store.tables import orders
from sfsync.store.wants import retry, want
from tests.builders import NOW, order
from tests.mirror import mirrored

if TYPE_CHECKING:
    from sfsync.store.engine import Database

STATUSES = StatusMap({status: status.value for status in Status})
HELD = {"problem_code": "no_items", "problem": "No.", "problem_want": "Activated", "attempts": 2}


@pytest.fixture
def draft(db: Database) -> int:
    """A draft order in the org."""
    with db.begin() as tx:
        save_orders(tx, "default", [order()], STATUSES.to_local, NOW)
    return int(mirrored(db, "orders")[0].id)


def change(db: Database, **values: Any) -> None:
    with db.begin() as tx:
        tx.execute(orders.update().values(**values))


def wanted(db: Database, number: int, status: Status) -> bool:
    with db.begin() as tx:
        return want(tx, "default", number, status, actor="anna", now=NOW)


def test_many_who_want_the_same_at_once_change_it_once(db: Database, draft: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        changed = list(pool.map(lambda _: wanted(db, draft, Status.ACTIVATED), range(8)))

    assert sorted(changed) == [False] * 7 + [True]
    assert mirrored(db, "orders")[0].status == "Activated"
    [entry] = mirrored(db, "journal")
    assert (entry.action, entry.actor, entry.order_key) == ("order.status_wanted", "anna", order().key)


def test_who_comes_second_waits_for_the_first_and_sees_what_it_did(db: Database, draft: int) -> None:
    with ThreadPoolExecutor(1) as pool:
        with db.begin() as tx:
            first = want(tx, "default", draft, Status.ACTIVATED, actor="anna", now=NOW)
            second = pool.submit(wanted, db, draft, Status.ACTIVATED)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.5)

        assert (first, second.result(timeout=30)) == (True, False)


def test_an_illegal_move_writes_nothing(db: Database, draft: int) -> None:
    with pytest.raises(UsageError, match="cannot go from Draft to Fulfilled") as refused:
        wanted(db, draft, Status.FULFILLED)

    assert "activate it first" in str(refused.value.remedy)
    assert (mirrored(db, "orders")[0].status, mirrored(db, "journal")) == ("Draft", [])


@pytest.mark.parametrize(
    ("values", "said"), [({"sf_id": None, "org_status": None}, "not in the org yet"), ({"is_deleted": True}, "deleted")]
)
def test_an_order_that_is_not_in_the_org_has_no_status_to_change(
    db: Database, draft: int, values: dict[str, Any], said: str
) -> None:
    change(db, **values)

    with pytest.raises(UsageError, match=said):
        wanted(db, draft, Status.ACTIVATED)


def test_wanting_a_held_status_again_forgets_what_held_it(db: Database, draft: int) -> None:
    change(db, status="Activated", **HELD)

    assert wanted(db, draft, Status.ACTIVATED)

    [row] = mirrored(db, "orders")
    assert (row.status, row.problem_code, row.problem_want, row.attempts) == ("Activated", None, None, 0)


def test_a_total_that_differs_is_not_forgotten_by_wanting_a_status(db: Database, draft: int) -> None:
    change(db, problem_code="total_mismatch", problem="They differ.")

    assert wanted(db, draft, Status.ACTIVATED)
    assert mirrored(db, "orders")[0].problem_code == "total_mismatch"


def test_retry_forgets_a_problem_once(db: Database, draft: int) -> None:
    change(db, retry_at=NOW, **HELD)

    with db.begin() as tx:
        assert retry(tx, "default", draft, actor="anna", now=NOW)
        assert not retry(tx, "default", draft, actor="anna", now=NOW)

    [row] = mirrored(db, "orders")
    assert (row.problem_code, row.retry_at, row.attempts) == (None, None, 0)
    assert [(entry.action, entry.details["code"]) for entry in mirrored(db, "journal")] == [("order.retry", "no_items")]


def test_an_order_of_another_org_is_out_of_reach(db: Database, draft: int) -> None:
    with db.begin() as tx, pytest.raises(RecordNotFound):
        want(tx, "emea", draft, Status.ACTIVATED, actor="anna", now=NOW)
