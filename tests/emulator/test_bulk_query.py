"""Bulk API 2.0 query jobs."""

from __future__ import annotations

import pytest

from sfsync.emulator.settings import Settings
from tests.emulator.api import Api, make_api, refusal
from tests.emulator.bulk import ingested, page, queried, status, table


@pytest.fixture(scope="module")
def api() -> Api:
    """An org with five contacts, one of whom has a name that CSV must quote."""
    api = make_api()
    rows = [{"LastName": f"L{place}", "AccountId": api.account} for place in range(4)]
    api.org.insert_many("Contact", [*rows, {"LastName": 'He said "hi"\nand, left'}])
    return api


def test_a_job_tells_what_it_was_made_of(api: Api) -> None:
    made = api.call("POST", "jobs/query", {"operation": "query", "query": "SELECT Id FROM Contact"})

    assert made.status == 200
    assert list(made.json()) == [
        *("id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state"),
        *("concurrencyMode", "contentType", "apiVersion", "lineEnding", "columnDelimiter"),
    ]
    assert made.json()["id"].startswith("750")
    assert (made.json()["object"], made.json()["state"]) == ("Contact", "UploadComplete")
    assert b'"apiVersion":66.0' in made.body
    shown = status(api, made.json()["id"], "query")
    assert (shown["state"], shown["jobType"], shown["numberRecordsProcessed"]) == ("JobComplete", "V2Query", 5)
    assert {"retries", "totalProcessingTime", "isPkChunkingSupported"} <= set(shown)


def test_results_are_quoted_throughout_and_null_is_empty(api: Api) -> None:
    job = queried(api, "SELECT LastName, Email, Account.Name, IsDeleted, CreatedDate FROM Contact ORDER BY LastName")

    body = page(api, job).body.decode()

    assert body.startswith('"LastName","Email","Account.Name","IsDeleted","CreatedDate"\n')
    assert '"He said ""hi""\nand, left","","","false","2026-03-01T12:00:30.000Z"\n' in body
    assert body.endswith('"L3","","Acme","false","2026-03-01T12:00:30.000Z"\n')


def test_datetimes_may_be_switched_to_the_other_form() -> None:
    api = make_api(Settings(bulk_csv_zulu=False))
    job = queried(api, "SELECT CreatedDate FROM Account")

    assert page(api, job).body == b'"CreatedDate"\n"2026-03-01T12:00:30.000+0000"\n'


def test_pages_follow_one_another_by_locators(api: Api) -> None:
    job = queried(api, "SELECT LastName FROM Contact ORDER BY LastName")
    pages = [page(api, job, maxRecords=2)]
    while (locator := pages[-1].headers["Sforce-Locator"]) != "null":
        pages.append(page(api, job, maxRecords=2, locator=locator))

    assert [one.headers["Sforce-NumberOfRecords"] for one in pages] == ["2", "2", "1"]
    assert all(one.body.startswith(b'"LastName"\n') for one in pages)
    names = [row["LastName"] for one in pages for row in table(one)]
    assert names == ['He said "hi"\nand, left', "L0", "L1", "L2", "L3"]
    again = page(api, job, maxRecords=2, locator=pages[0].headers["Sforce-Locator"])
    assert again.body == pages[1].body


def test_a_locator_that_the_job_never_gave_is_refused(api: Api) -> None:
    job = queried(api, "SELECT LastName FROM Contact")

    for locator in ("nonsense", "OTk5", "MDA"):
        assert refusal(page(api, job, locator=locator))[:2] == (400, "INVALID_QUERY_LOCATOR")
    assert refusal(page(api, job, maxRecords="many"))[:2] == (400, "API_ERROR")


def test_pages_are_cut_right_across_the_blocks_of_the_file() -> None:
    api = make_api()
    api.org.insert_many("Contact", [{"LastName": f'"{place}"\n' + "x" * (place % 7)} for place in range(2_345)])
    job = queried(api, "SELECT Id, LastName FROM Contact", lineEnding="CRLF", columnDelimiter="PIPE")
    whole = table(page(api, job), "|")

    assert len(whole) == 2_345
    for start, size in ((0, 999), (1, 999), (999, 2), (1_000, 1_000), (1_500, 700), (2_344, 5)):
        locator = page(api, job, maxRecords=start).headers["Sforce-Locator"] if start else ""
        assert table(page(api, job, maxRecords=size, locator=locator), "|") == whole[start : start + size]


@pytest.mark.parametrize(
    ("name", "char"),
    [("BACKQUOTE", "`"), ("CARET", "^"), ("COMMA", ","), ("PIPE", "|"), ("SEMICOLON", ";"), ("TAB", "\t")],
)
def test_columns_may_be_parted_by_six_characters(api: Api, name: str, char: str) -> None:
    job = queried(api, "SELECT FirstName, LastName FROM Contact WHERE LastName = 'L0'", columnDelimiter=name)

    assert page(api, job).body.decode() == f'"FirstName"{char}"LastName"\n""{char}"L0"\n'


def test_lines_may_end_in_crlf(api: Api) -> None:
    job = queried(api, "SELECT LastName FROM Contact WHERE LastName = 'L0'", lineEnding="CRLF")

    assert page(api, job).body == b'"LastName"\r\n"L0"\r\n'


def test_no_rows_are_a_header(api: Api) -> None:
    job = queried(api, "SELECT Id, Name FROM Account WHERE Name = 'nobody'")

    answer = page(api, job)

    assert answer.body == b'"Id","Name"\n'
    assert (answer.headers["Sforce-NumberOfRecords"], answer.headers["Sforce-Locator"]) == ("0", "null")


def test_result_pages_can_be_fetched_side_by_side() -> None:
    api = make_api(Settings(bulk_page_rows=2))
    api.org.insert_many("Contact", [{"LastName": f"{place:02}"} for place in range(13)])
    job = queried(api, "SELECT LastName FROM Contact ORDER BY LastName")

    first = api.call("GET", f"jobs/query/{job}/resultPages").json()
    second = api.call("GET", first["nextRecordsUrl"]).json()

    assert (len(first["resultPages"]), first["done"]) == (5, False)
    assert (len(second["resultPages"]), second["done"], second["nextRecordsUrl"]) == (2, True, None)
    urls = [one["resultUrl"] for one in (*first["resultPages"], *second["resultPages"])]
    names = [row["LastName"] for url in reversed(urls) for row in table(api.call("GET", url))]
    assert sorted(names) == [f"{place:02}" for place in range(13)]
    assert refusal(api.call("GET", f"/services/data/v57.0/jobs/query/{job}/resultPages"))[0] == 404


def test_results_of_another_version_are_a_conflict(api: Api) -> None:
    job = queried(api, "SELECT Id FROM Contact")

    assert api.call("GET", f"/services/data/v65.0/jobs/query/{job}/results").status == 409
    assert api.call("GET", f"/services/data/v65.0/jobs/query/{job}").json()["apiVersion"] == 66


def test_results_are_a_snapshot() -> None:
    api = make_api()
    job = queried(api, "SELECT Name FROM Account")
    api.org.update("Account", api.account, {"Name": "Changed"})

    assert table(page(api, job)) == [{"Name": "Acme"}]


def test_query_all_also_finds_what_was_deleted() -> None:
    api = make_api()
    gone = api.org.insert("Account", {"Name": "Gone"})
    api.org.delete("Account", gone)
    text = "SELECT Name, IsDeleted FROM Account ORDER BY Name"

    assert [row["Name"] for row in table(page(api, queried(api, text)))] == ["Acme"]
    assert table(page(api, queried(api, text, "queryAll")))[1] == {"Name": "Gone", "IsDeleted": "true"}


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("SELECT count(Id) FROM Account", "API_ERROR", "Aggregate Relationships not supported"),
        ("SELECT Name FROM Account GROUP BY Name", "API_ERROR", "Aggregate Relationships not supported"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR", "Aggregate Relationships not supported"),
        ("SELECT BillingAddress FROM Account", "API_ERROR", "Selecting compound data not supported in Bulk Query"),
        ("SELECT Id FROM Account LIMIT 5 OFFSET 2", "API_ERROR", "OFFSET"),
        ("SELECT Id FROM OrderStatus", "INVALIDENTITY", "Entity 'OrderStatus' is not supported by the Bulk API"),
        ("SELECT Nope FROM Account", "INVALID_FIELD", "No such column 'Nope'"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported"),
        ("SELECT", "MALFORMED_QUERY", ""),
    ],
)
def test_what_bulk_queries_cannot_do_is_refused_when_the_job_is_made(
    api: Api, text: str, code: str, message: str
) -> None:
    response = api.call("POST", "jobs/query", {"operation": "query", "query": text})

    assert refusal(response)[:2] == (400, code)
    assert message in refusal(response)[2]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"operation": "insert"}, "API_ERROR"),
        ({"query": ""}, "API_ERROR"),
        ({"contentType": "JSON"}, "API_ERROR"),
        ({"columnDelimiter": "COLON"}, "API_ERROR"),
        ({"lineEnding": "CR"}, "API_ERROR"),
        ({"colour": "red"}, "JSON_PARSER_ERROR"),
    ],
)
def test_a_job_with_other_properties_than_jobs_have_is_refused(api: Api, change: dict[str, str], code: str) -> None:
    body = {"operation": "query", "query": "SELECT Id FROM Contact", **change}

    assert refusal(api.call("POST", "jobs/query", body))[:2] == (400, code)


def test_a_completed_job_can_be_deleted_but_not_aborted(api: Api) -> None:
    job = queried(api, "SELECT Id FROM Contact")
    late = api.call("PATCH", f"jobs/query/{job}", {"state": "Aborted"})

    assert refusal(late) == (400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    assert api.call("DELETE", f"jobs/query/{job}").status == 204
    for url in (f"jobs/query/{job}", f"jobs/query/{job}/results"):
        assert refusal(api.call("GET", url))[:2] == (404, "NOT_FOUND")


def test_jobs_are_listed_by_type() -> None:
    api = make_api()
    query, ingest = queried(api, "SELECT Id FROM Account"), ingested(api, "insert", "Name\nA\n")

    def ids(url: str) -> list[str]:
        answer = api.call("GET", url).json()
        assert (answer["done"], answer["nextRecordsUrl"]) == (True, None)
        return [one["id"] for one in answer["records"]]

    assert ids("jobs/query") == [query, ingest]
    assert ids("jobs/query?jobType=V2Query") == [query]
    assert ids("jobs/ingest?jobType=V2Ingest") == [ingest]
    assert refusal(api.call("GET", "jobs/query?jobType=V3"))[:2] == (400, "API_ERROR")


def test_long_lists_of_jobs_have_pages() -> None:
    api = make_api()
    for _ in range(1_001):
        api.call("POST", "jobs/ingest", {"object": "Account", "operation": "insert"})

    first = api.call("GET", "jobs/ingest?jobType=V2Ingest").json()
    second = api.call("GET", first["nextRecordsUrl"]).json()

    assert (len(first["records"]), first["done"]) == (1_000, False)
    assert (len(second["records"]), second["done"]) == (1, True)


def test_the_queries_of_a_day_are_limited() -> None:
    api = make_api(Settings(daily_bulk_queries=1))
    queried(api, "SELECT Id FROM Account")
    body = {"operation": "query", "query": "SELECT Id FROM Account"}

    full = refusal(api.call("POST", "jobs/query", body))
    api.org.advance(24 * 3600)
    api.token = api.org.login()

    assert full == (400, "LIMIT_EXCEEDED", "Max bulk v2 query jobs (1) per 24 hrs has been reached")
    assert api.call("POST", "jobs/query", body).status == 200


def test_results_are_kept_for_a_week() -> None:
    api = make_api()
    job = queried(api, "SELECT Id FROM Account")
    api.org.advance(7 * 24 * 3600)
    api.token = api.org.login()
    kept = page(api, job).status
    api.org.advance(1)

    assert (kept, page(api, job).status) == (200, 404)
    assert api.call("GET", "jobs/query").json()["records"] == []


def test_limits_show_what_is_left_of_the_day() -> None:
    api = make_api()
    queried(api, "SELECT Id FROM Account")
    ingested(api, "insert", "Name\nA\n")

    limits = api.call("GET", "limits").json()

    assert limits["DailyBulkV2QueryJobs"] == {"Max": 10_000, "Remaining": 9_999}
    assert limits["DailyBulkApiBatches"] == {"Max": 15_000, "Remaining": 14_999}


def test_calls_count_and_are_logged_as_bulk(api: Api) -> None:
    before = api.org.calls.count()
    job = queried(api, "SELECT Id FROM Contact")
    status(api, job, "query")
    page(api, job)

    assert api.org.calls.count() - before == 3
    assert {call.kind for call in list(api.org.calls)[-3:]} == {"bulk"}


def test_jobs_need_a_newer_version_than_46(api: Api) -> None:
    body = {"operation": "query", "query": "SELECT Id FROM Contact"}

    assert api.call("POST", "/services/data/v46.0/jobs/query", body).status == 404


def test_stamps_move_when_the_job_does() -> None:
    api = make_api(Settings(bulk_polls=1))
    job = queried(api, "SELECT Id FROM Account")
    api.org.advance(60)

    shown = status(api, job, "query")

    assert shown["createdDate"] == "2026-03-01T12:00:30.000+0000"
    assert shown["systemModstamp"] == "2026-03-01T12:01:30.000+0000"
