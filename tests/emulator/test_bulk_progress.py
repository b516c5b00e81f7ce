"""How bulk jobs get on: step by step with the polls, held, aborted, and among other people's transactions."""

from __future__ import annotations

import json

import pytest

from sfsync.emulator.settings import Settings
from tests.emulator.api import Api, make_api, refusal
from tests.emulator.bulk import (
    ASYNC,
    close,
    errors,
    ingested,
    one_batch,
    one_job,
    opened,
    page,
    queried,
    results,
    send,
    status,
)

FOUR_CHUNKS = "Name\n" + "".join(f"N{place:03}\n" for place in range(800))


def rows(api: Api) -> int:
    return api.org.db.count("Account") - 1


@pytest.fixture
def slow() -> Api:
    """An org where three polls find a job unfinished."""
    return make_api(Settings(bulk_polls=3))


def test_a_job_grows_from_poll_to_poll(slow: Api) -> None:
    job = ingested(slow, "insert", FOUR_CHUNKS)
    assert rows(slow) == 0

    seen = [status(slow, job) for _ in range(5)]

    assert [one["state"] for one in seen] == ["InProgress"] * 3 + ["JobComplete"] * 2
    assert [one["numberRecordsProcessed"] for one in seen] == [200, 400, 600, 800, 800]
    assert rows(slow) == 800


def test_a_query_grows_too_and_has_no_results_before_its_end(slow: Api) -> None:
    slow.org.insert_many("Contact", [{"LastName": str(place)} for place in range(8)])
    job = queried(slow, "SELECT Id FROM Contact")

    seen = [status(slow, job, "query") for _ in range(3)]
    slow.org.settings.bulk_early_results_status = 404
    early = page(slow, job)

    assert [one["numberRecordsProcessed"] for one in seen] == [2, 4, 6]
    assert refusal(early)[:2] == (404, "INVALIDJOBSTATE")
    assert refusal(slow.call("DELETE", f"jobs/query/{job}"))[1] == "INVALIDJOBSTATE"
    assert status(slow, job, "query")["state"] == "JobComplete"
    assert page(slow, job).headers["Sforce-NumberOfRecords"] == "8"


def test_an_aborted_job_keeps_what_it_did(slow: Api) -> None:
    job = ingested(slow, "insert", FOUR_CHUNKS)
    status(slow, job)

    aborted = slow.call("PATCH", f"jobs/ingest/{job}", {"state": "Aborted"}).json()

    assert aborted["state"] == status(slow, job)["state"] == "Aborted"
    assert rows(slow) == len(results(slow, job, "successfulResults")) == 200
    left = results(slow, job, "unprocessedrecords")
    assert (len(left), left[0], left[-1]) == (600, {"Name": "N200"}, {"Name": "N799"})


def test_an_aborted_query_has_no_results(slow: Api) -> None:
    job = queried(slow, "SELECT Id FROM Account")

    aborted = slow.call("PATCH", f"jobs/query/{job}", {"state": "Aborted"})

    assert (aborted.status, aborted.json()["state"]) == (200, "Aborted")
    assert refusal(page(slow, job))[:2] == (400, "INVALIDJOBSTATE")
    assert slow.call("DELETE", f"jobs/query/{job}").status == 204


def test_held_jobs_stand_still_until_they_are_let_go() -> None:
    api = make_api()
    api.org.bulk.hold()
    ingest, query = ingested(api, "insert", "Name\nA\n"), queried(api, "SELECT Id FROM Account")

    held = [status(api, ingest)["state"], status(api, query, "query")["state"], rows(api)]
    api.org.bulk.hold(on=False)
    free = [status(api, ingest)["state"], status(api, query, "query")["state"], rows(api)]

    assert held == ["InProgress", "InProgress", 0]
    assert free == ["JobComplete", "JobComplete", 1]


def test_one_job_may_be_stuck_by_itself() -> None:
    api = make_api()
    stuck, other = (opened(api, "insert", f"Name\n{name}\n") for name in "AB")
    api.org.bulk.stuck.add(stuck)

    for job in (stuck, other):
        close(api, job)

    assert [status(api, job)["state"] for job in (stuck, other)] == ["InProgress", "JobComplete"]
    api.org.bulk.stuck.clear()
    assert status(api, stuck)["state"] == "JobComplete"


def test_batches_of_the_old_api_grow_and_stand_still_too(slow: Api) -> None:
    job = one_job(slow, "insert", "JSON")
    batch = one_batch(slow, job, json.dumps([{"Name": f"N{place}"} for place in range(800)]))
    url = f"{ASYNC}/job/{job}/batch/{batch}"

    seen = [slow.call("GET", url).json() for _ in range(2)]
    slow.org.bulk.hold()
    seen.append(slow.call("GET", url).json())
    slow.org.bulk.hold(on=False)
    seen += [slow.call("GET", url).json() for _ in range(2)]

    assert [one["state"] for one in seen] == ["InProgress"] * 4 + ["Completed"]
    assert [one["numberRecordsProcessed"] for one in seen] == [200, 400, 400, 600, 800]


def test_rows_that_somebody_else_is_writing_fail_alone() -> None:
    api = make_api()
    other = api.org.insert("Account", {"Name": "Other"})
    with api.org.open_transaction() as transaction:
        transaction.update("Account", api.account, {"Name": "Locked"})
        job = ingested(api, "update", f"Id,Website\n{api.account},a.example\n{other},b.example\n")
        shown = status(api, job)

    assert (shown["state"], shown["numberRecordsFailed"]) == ("JobComplete", 1)
    assert errors(api, job)[0].startswith("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record")
    assert api.org.get("Account", other)["Website"] == "b.example"
    assert api.org.get("Account", api.account)["Website"] is None


def test_rows_wait_for_a_transaction_that_ends_by_itself() -> None:
    api = make_api()
    api.org.faults.add("late_commit", path=api.account, after=50)
    api.call("PATCH", f"sobjects/Account/{api.account}", {"Name": "Late"})

    job = ingested(api, "update", f"Id,Website\n{api.account},a.example\n")

    assert (status(api, job)["numberRecordsFailed"], errors(api, job)) == (0, [])
    row = api.org.get("Account", api.account)
    assert (row["Name"], row["Website"]) == ("Late", "a.example")


def test_chunks_are_transactions_of_their_own() -> None:
    api = make_api()
    rows_written = [0]

    def watch(statement: str) -> None:
        if statement.startswith('INSERT INTO "Account"'):
            rows_written[-1] += 1
        elif statement == "RELEASE level1":  # the outermost savepoint: what commits
            rows_written.append(0)

    with api.org.open_transaction() as transaction:
        transaction.update("Account", api.account, {"Name": "Busy"})
        job = opened(api, "insert", FOUR_CHUNKS)
        api.org.db.connection.set_trace_callback(watch)
        close(api, job)
        api.org.db.connection.set_trace_callback(None)

    assert [many for many in rows_written if many] == [200] * 4


def test_a_lost_answer_does_the_work_all_the_same() -> None:
    api = make_api()
    job = opened(api, "insert", "Name\nA\n")
    api.org.faults.add("lost_answer", path=job)

    assert close(api, job).wire_fault == "lost"
    assert rows(api) == 1
    assert refusal(close(api, job))[1] == "INVALIDJOBSTATE"


def test_a_close_that_commits_late_leaves_the_work_to_the_next_poll() -> None:
    api = make_api()
    job = opened(api, "insert", "Name\nA\n")
    api.org.faults.add("late_commit", path=job)
    close(api, job)
    assert rows(api) == 0

    shown = status(api, job)

    assert (shown["state"], rows(api)) == ("JobComplete", 1)


def test_a_batch_that_was_aborted_is_not_processed(slow: Api) -> None:
    job = one_job(slow, "insert", "CSV")
    batch = one_batch(slow, job, "Name\nA\n")

    send(slow, "POST", f"{ASYNC}/job/{job}", '{"state": "Aborted"}', content_type="application/json")

    body = slow.call("GET", f"{ASYNC}/job/{job}/batch/{batch}").body.decode()
    assert "<state>NotProcessed</state>" in body
    assert "stateMessage" not in body
    assert rows(slow) == 0
