"""Bulk API 2.0 ingest jobs: what happens to the rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sfsync.emulator.settings import Settings
from tests.emulator.api import Api, make_api, refusal
from tests.emulator.bulk import close, errors, ingested, opened, results, send, status

if TYPE_CHECKING:
    from typing import Any


@pytest.fixture
def api() -> Api:
    return make_api()


def names(api: Api) -> list[str]:
    return [row["Name"] for row in api.org.query("SELECT Name FROM Account ORDER BY Name")]


def test_an_open_job_says_where_its_data_goes(api: Api) -> None:
    made = api.call("POST", "jobs/ingest", {"object": "account", "operation": "insert"}).json()

    assert list(made) == [
        *("id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state"),
        *("concurrencyMode", "contentType", "apiVersion", "jobType", "contentUrl", "lineEnding", "columnDelimiter"),
    ]
    assert (made["object"], made["state"], made["jobType"]) == ("Account", "Open", "V2Ingest")
    assert made["contentUrl"] == f"services/data/v66.0/jobs/ingest/{made['id']}/batches"
    shown = status(api, made["id"])
    assert "numberRecordsProcessed" not in shown
    assert (shown["retries"], shown["apexProcessingTime"]) == (0, 0)


def test_rows_succeed_and_fail_each_for_itself(api: Api) -> None:
    job = ingested(api, "insert", 'Name,NumberOfEmployees,Website\n"B, ""Ltd""",12,\n,3,x\nC,many,\n')

    shown = status(api, job)
    good, bad = results(api, job, "successfulResults"), results(api, job, "failedResults")

    assert (shown["state"], shown["numberRecordsProcessed"], shown["numberRecordsFailed"]) == ("JobComplete", 3, 2)
    assert "contentUrl" not in shown
    assert [(row["sf__Created"], row["Name"], row["Website"]) for row in good] == [("true", 'B, "Ltd"', "")]
    assert api.value("Account", good[0]["sf__Id"], "NumberOfEmployees") == 12
    assert [(row["sf__Id"], row["sf__Error"], row["Name"]) for row in bad] == [
        ("", "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --", ""),
        (
            "",
            "INVALID_TYPE_ON_FIELD_IN_RECORD:Employees: value not of required type: many:NumberOfEmployees --",
            "C",
        ),
    ]
    assert results(api, job, "unprocessedRecords") == results(api, job, "unprocessedrecords") == []


def test_results_begin_with_their_own_columns(api: Api) -> None:
    job = ingested(api, "insert", "Name,Website\nB,b.example\n")

    heads = {
        kind: api.call("GET", f"jobs/ingest/{job}/{kind}").body.decode().splitlines()[0]
        for kind in ("successfulResults", "failedResults", "unprocessedrecords")
    }

    assert heads == {
        "successfulResults": '"sf__Id","sf__Created","Name","Website"',
        "failedResults": '"sf__Id","sf__Error","Name","Website"',
        "unprocessedrecords": '"Name","Website"',
    }


def test_an_empty_cell_leaves_a_field_and_na_empties_it(api: Api) -> None:
    account = api.org.insert("Account", {"Name": "B", "Website": "b.example", "Phone": "1"})

    ingested(api, "update", f"Id,Name,Website,Phone\n{account},,#N/A,2\n")

    row = api.org.get("Account", account)
    assert (row["Name"], row["Website"], row["Phone"]) == ("B", None, "2")


def test_updates_need_an_id_that_exists(api: Api) -> None:
    gone = api.org.insert("Account", {"Name": "Gone"})
    api.org.delete("Account", gone)
    never = api.account[:14] + "Z"

    job = ingested(api, "update", f"Id,Name\n,X\n{gone},X\n{never},X\n{api.book},X\nnonsense,X\n")

    assert [one.partition(":")[0] for one in errors(api, job)] == [
        "MISSING_ARGUMENT",
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "MALFORMED_ID",
    ]
    assert [row["sf__Id"] for row in results(api, job, "failedResults")][:2] == ["", gone]


def test_an_upsert_creates_or_updates_by_its_key(api: Api) -> None:
    order = api.order(SFSync_Key__c="k-1")
    head = "Id,SFSync_Key__c,AccountId,EffectiveDate,Status,Description\n"
    data = f"{head},k-1,,,,old\n,k-2,{api.account},2026-03-01,Draft,new\n,,{api.account},2026-03-01,Draft,keyless\n"

    job = ingested(api, "upsert", data, "Order", externalIdFieldName="sfsync_key__c")

    assert status(api, job)["externalIdFieldName"] == "SFSync_Key__c"
    good = {row["SFSync_Key__c"]: (row["sf__Id"], row["sf__Created"]) for row in results(api, job, "successfulResults")}
    assert good["k-1"] == (order, "false")
    assert good["k-2"][1] == "true"
    assert api.value("Order", order, "Description") == "old"
    assert errors(api, job) == ["MISSING_ARGUMENT:SFSync_Key__c not specified:--"]


def test_rows_of_one_key_in_one_chunk_are_both_refused(api: Api) -> None:
    line = f"{api.account},2026-03-01,Draft"
    data = f"SFSync_Key__c,AccountId,EffectiveDate,Status\nk,{line}\nother,{line}\nk,{line}\n"

    job = ingested(api, "upsert", data, "Order", externalIdFieldName="SFSync_Key__c")

    assert errors(api, job) == ["DUPLICATE_VALUE:Duplicate external id specified: k:SFSync_Key__c --"] * 2
    assert [row["SFSync_Key__c"] for row in results(api, job, "successfulResults")] == ["other"]


def test_keys_match_in_any_case_unless_they_are_case_sensitive(api: Api) -> None:
    data = "LastName,Email\nA,a@x.example\nB,A@X.example\n"
    line = f"{api.account},2026-03-01,Draft"
    orders = f"SFSync_Key__c,AccountId,EffectiveDate,Status\nk,{line}\nK,{line}\n"

    contacts = ingested(api, "upsert", data, "Contact", externalIdFieldName="Email")
    job = ingested(api, "upsert", orders, "Order", externalIdFieldName="SFSync_Key__c")

    assert [one.partition(":")[0] for one in errors(api, contacts)] == ["DUPLICATE_VALUE"] * 2
    assert errors(api, job) == []


def test_rows_of_one_key_in_different_chunks_find_each_other(api: Api) -> None:
    line = f"{api.account},2026-03-01,Draft"
    middle = "".join(f"m{place},{line}\n" for place in range(199))
    data = f"SFSync_Key__c,AccountId,EffectiveDate,Status\nk,{line}\n{middle}k,{line}\n"

    job = ingested(api, "upsert", data, "Order", externalIdFieldName="SFSync_Key__c")

    created = [row["sf__Created"] for row in results(api, job, "successfulResults")]
    assert (len(created), created[0], created[-1]) == (201, "true", "false")
    assert len(api.org.query("SELECT Id FROM Order WHERE SFSync_Key__c = 'k'")) == 1


def test_an_upsert_by_id_creates_rows_without_one(api: Api) -> None:
    job = ingested(api, "upsert", f"Id,Name\n,New\n{api.account},Other\n", externalIdFieldName="Id")

    assert [row["sf__Created"] for row in results(api, job, "successfulResults")] == ["true", "false"]
    assert names(api) == ["New", "Other"]


def test_parents_may_be_named_by_their_keys(api: Api) -> None:
    api.order(SFSync_Key__c="parent")
    head = "Order.SFSync_Key__c,PricebookEntryId,Quantity,UnitPrice\n"

    job = ingested(api, "insert", f"{head}parent,{api.entry},1,2\nnobody,{api.entry},1,2\n", "OrderItem")

    assert len(results(api, job, "successfulResults")) == 1
    assert errors(api, job) == [
        "INVALID_FIELD:Foreign key external ID: nobody not found for field SFSync_Key__c in entity Order:--"
    ]


def test_deletes_go_to_the_recycle_bin(api: Api) -> None:
    account = api.org.insert("Account", {"Name": "B"})

    job = ingested(api, "delete", f"Id\n{account}\n{account}\n")

    assert [row["sf__Created"] for row in results(api, job, "successfulResults")] == ["false"]
    assert errors(api, job) == ["ENTITY_IS_DELETED:entity is deleted:--"]
    api.org.undelete("Account", account)
    assert names(api) == ["Acme", "B"]


def test_hard_deletes_do_not(api: Api) -> None:
    account = api.org.insert("Account", {"Name": "B"})
    api.org.insert("Contact", {"LastName": "Child", "AccountId": account})

    ingested(api, "hardDelete", f"Id\n{account}\n")

    assert api.org.query("SELECT Id FROM Account WHERE Name = 'B'", include_deleted=True) == []
    assert api.org.query("SELECT Id FROM Contact", include_deleted=True) == []


def test_hard_deletes_need_a_permission() -> None:
    api = make_api(Settings(hard_delete=False))

    code, message = refusal(api.call("POST", "jobs/ingest", {"object": "Account", "operation": "hardDelete"}))[1:]

    assert code == "FEATURENOTENABLED"
    assert message.startswith("hardDelete operation requires special user profile permission")


def test_an_insert_may_not_name_ids(api: Api) -> None:
    job = ingested(api, "insert", f"Id,Name\n,A\n{api.account},B\n")

    assert errors(api, job) == ["INVALID_FIELD_FOR_INSERT_UPDATE:cannot specify Id in an insert call:Id --"]
    assert names(api) == ["A", "Acme"]


def test_rules_of_orders_hold_for_each_row(api: Api) -> None:
    order, _ = api.activated_order()
    head = "OrderId,PricebookEntryId,Quantity,UnitPrice\n"

    job = ingested(api, "insert", f"{head}{order},{api.other_entry},1,2\n", "OrderItem")

    assert status(api, job)["numberRecordsFailed"] == 1


@pytest.mark.parametrize(
    ("data", "job", "message"),
    [
        ("Name,Nope\nA,1\n", {}, "InvalidBatch : Field name not found : Nope"),
        ("Name,Nope.Key\nA,1\n", {}, "InvalidBatch : Unable to find relationship: Nope"),
        ("Name,Parent.Nope\nA,1\n", {}, "InvalidBatch : Field name not found : Parent.Nope"),
        (
            "Name,Account:Parent.Id\nA,1\n",
            {},
            "InvalidBatch : type is not needed for non polymorphic foreign key references: Parent",
        ),
        ("Name,name\nA,1\n", {}, "InvalidBatch : Duplicate field name found : name"),
        ("Name,BillingAddress\nA,1\n", {}, "InvalidBatch : Field name not found : BillingAddress"),
        ('\ufeff"Name"\nA\n', {}, "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote"),
        ('Name\nA "b" c\n', {}, "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote"),
        ('Name\n"A" b\n', {}, "InvalidBatch : Failed to parse CSV. Not expecting more text after end quote"),
        ('Name\n"A\n', {}, "InvalidBatch : Failed to parse CSV. EOF reached before closing an opened quote"),
        ("Name,Website\nA\n", {}, "InvalidBatch : Failed to parse CSV. The number of columns of a row (1)"),
        ("Name\nA,b\n", {}, "InvalidBatch : Failed to parse CSV. The number of columns of a row (2)"),
        (
            "Name\r\nA\r\n",
            {},
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (
            "Name\nA\n",
            {"lineEnding": "CRLF"},
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is CRLF",
        ),
        ("Name\n" + "x" * 131_073 + "\n", {}, "InvalidBatch : Failed to parse CSV. Exceeded max field size: 131073"),
        (
            "Name,Website,Phone,Fax\n" + ",".join(["x" * 110_000] * 4) + "\n",
            {},
            "InvalidBatch : Failed to parse CSV. Exceeded max length for one record: 440000.",
        ),
        (",".join(["a"] * 5_001) + "\n", {}, "InvalidBatch : Failed to parse CSV. Exceeded max number of columns"),
        ("Name," + "x" * 32_000 + "\nA,b\n", {}, "InvalidBatch : The header row may not have more than 32000"),
    ],
)
def test_a_batch_that_cannot_be_read_fails_as_a_whole(api: Api, data: str, job: dict[str, str], message: str) -> None:
    job_id = ingested(api, "insert", data, **job)

    shown = status(api, job_id)

    assert (shown["state"], shown["numberRecordsProcessed"], shown["numberRecordsFailed"]) == ("Failed", 0, 0)
    assert shown["errorMessage"].startswith(message)
    assert names(api) == ["Acme"]
    assert results(api, job_id, "successfulResults") == results(api, job_id, "failedResults") == []


def test_rows_of_a_failed_job_are_unprocessed(api: Api) -> None:
    job = ingested(api, "insert", "Name,Nope\nA,1\nB,2\n")

    assert results(api, job, "unprocessedrecords") == [{"Name": "A", "Nope": "1"}, {"Name": "B", "Nope": "2"}]


def test_data_for_a_deletion_has_ids_and_nothing_else(api: Api) -> None:
    job = ingested(api, "delete", f"Id,Name\n{api.account},Acme\n")

    assert status(api, job)["state"] == "Failed"
    assert names(api) == ["Acme"]


def test_other_delimiters_and_line_ends_are_read_and_written(api: Api) -> None:
    form = {"columnDelimiter": "SEMICOLON", "lineEnding": "CRLF"}
    job = ingested(api, "insert", 'Name;Website\r\n"B; C";b,c\r\n\r\n', **form)

    body = api.call("GET", f"jobs/ingest/{job}/successfulResults").body.decode()

    assert body.splitlines()[0] == '"sf__Id";"sf__Created";"Name";"Website"'
    assert body.endswith('"true";"B; C";"b,c"\r\n')


def test_fields_hidden_from_the_user_have_no_name(api: Api) -> None:
    api.org.hide_field("Account", "Website")

    job = ingested(api, "insert", "Name,Website\nA,a.example\n")

    assert status(api, job)["errorMessage"] == "InvalidBatch : Field name not found : Website"


def test_data_is_uploaded_once_and_only_while_the_job_is_open(api: Api) -> None:
    job = opened(api, "insert", "Name\nA\n")
    twice = send(api, "PUT", f"jobs/ingest/{job}/batches", "Name\nB\n", content_type="text/csv")
    close(api, job)
    late = send(api, "PUT", f"jobs/ingest/{job}/batches", "Name\nB\n", content_type="text/csv")

    assert refusal(twice)[:2] == (400, "BULK_API_ERROR")
    assert refusal(twice)[2].startswith(f"Found multiple contents for job: <{job[:15]}>")
    assert refusal(late)[:2] == (400, "INVALIDJOBSTATE")
    assert names(api) == ["A", "Acme"]


def test_too_much_data_or_other_than_csv_is_refused() -> None:
    api = make_api(Settings(bulk_upload_bytes=10))
    job = api.call("POST", "jobs/ingest", {"object": "Account", "operation": "insert"}).json()["id"]

    def put(data: bytes, kind: str) -> tuple[int, str, str]:
        return refusal(send(api, "PUT", f"jobs/ingest/{job}/batches", data, content_type=kind))

    assert put(b"Name\n123456", "text/csv")[1] == "CLIENTINPUTERROR"
    assert put(b"Name\n\xff", "text/csv")[1] == "CLIENTINPUTERROR"
    assert put(b"{}", "application/json")[0] == 415


def test_a_job_ends_once(api: Api) -> None:
    done = ingested(api, "insert", "Name\nA\n")
    aborted = opened(api, "insert", "Name\nB\nC\n")

    def patch(job: str, state: str) -> Any:
        return api.call("PATCH", f"jobs/ingest/{job}", {"state": state})

    assert patch(aborted, "Aborted").json()["state"] == "Aborted"
    assert [row["Name"] for row in results(api, aborted, "unprocessedRecords")] == ["B", "C"]
    assert refusal(patch(aborted, "UploadComplete"))[1:] == (
        "INVALIDJOBSTATE",
        "Closing already aborted Job not allowed",
    )
    assert refusal(patch(done, "Aborted"))[1:] == ("INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    assert refusal(patch(done, "Open"))[1] == "API_ERROR"
    assert names(api) == ["A", "Acme"]


def test_a_job_that_is_not_closed_has_no_results() -> None:
    for wanted in (400, 404):
        api = make_api(Settings(bulk_early_results_status=wanted))
        job = opened(api, "insert", "Name\nA\n")

        early = api.call("GET", f"jobs/ingest/{job}/successfulResults")

        assert refusal(early)[:2] == (wanted, "INVALIDJOBSTATE")


def test_deleted_and_unknown_jobs_are_not_found(api: Api) -> None:
    job = ingested(api, "insert", "Name\nA\n")
    assert api.call("DELETE", f"jobs/ingest/{job}").status == 204

    for one in (job, "750000000000001AAA", "nonsense"):
        assert refusal(api.call("GET", f"jobs/ingest/{one}"))[:2] == (404, "NOT_FOUND")
        assert refusal(api.call("GET", f"jobs/ingest/{one}/failedResults"))[0] == 404


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"object": "Nope", "operation": "insert"}, "INVALIDENTITY", "Unable to find object: Nope"),
        ({"object": "OrderStatus", "operation": "insert"}, "INVALIDENTITY", "Entity 'OrderStatus' is not supported"),
        ({"operation": "insert"}, "API_ERROR", "Invalid value: '' supplied for property: 'object'"),
        ({"object": "Account", "operation": "query"}, "API_ERROR", "Invalid value: 'query' supplied"),
        ({"object": "Account", "operation": "upsert"}, "INVALIDJOB", "External ID was blank for Account."),
        (
            {"object": "Account", "operation": "upsert", "externalIdFieldName": "Website"},
            "INVALIDJOB",
            "Field name provided, Website does not match an External ID",
        ),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(api: Api, body: dict[str, str], code: str, message: str) -> None:
    answer = refusal(api.call("POST", "jobs/ingest", body))

    assert answer[:2] == (400, code)
    assert answer[2].startswith(message)


def test_small_jobs_come_in_one_request(api: Api) -> None:
    def multipart(content: str) -> Any:
        job = json.dumps({"object": "Account", "operation": "insert", "contentType": "CSV", "lineEnding": "CRLF"})
        head = 'Content-Type: application/json\r\nContent-Disposition: form-data; name="job"\r\n\r\n'
        data = 'Content-Type: text/csv\r\nContent-Disposition: form-data; name="content"; filename="content"\r\n\r\n'
        body = f"--XX\r\n{head}{job}\r\n--XX\r\n{data}{content}\r\n--XX--\r\n"
        return send(api, "POST", "jobs/ingest", body, content_type="multipart/form-data; boundary=XX")

    made = multipart("Name\r\nMulti\r\n")

    assert (made.status, made.json()["state"]) == (200, "UploadComplete")
    assert status(api, made.json()["id"])["state"] == "JobComplete"
    assert names(api) == ["Acme", "Multi"]
    assert refusal(multipart("x" * 100_001))[:2] == (400, "API_ERROR")
    broken = send(api, "POST", "jobs/ingest", "--XX--", content_type="multipart/form-data; boundary=XX")
    assert refusal(broken)[:2] == (400, "JSON_PARSER_ERROR")


def test_the_batches_of_a_day_are_limited() -> None:
    api = make_api(Settings(daily_bulk_batches=1))
    large = ingested(api, "insert", "Name\n" + "L\n" * 10_001)  # two batches
    first, second = (ingested(api, "insert", f"Name\n{name}\n") for name in "AB")

    assert status(api, first)["state"] == "JobComplete"
    for job in (large, second):
        assert status(api, job)["errorMessage"] == "ExceededQuota : ApiBatchItems Limit exceeded."
    assert names(api) == ["A", "Acme"]


def test_a_job_without_rows_is_complete(api: Api) -> None:
    empty, bare = ingested(api, "insert", "Name\n"), ingested(api, "delete", "")

    assert [status(api, job)["state"] for job in (empty, bare)] == ["JobComplete", "JobComplete"]
    assert status(api, empty)["numberRecordsProcessed"] == 0
