"""Bulk API 1.0: jobs and batches in XML, JSON and CSV."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfsync.emulator.settings import Settings
from tests.emulator.api import Api, make_api
from tests.emulator.bulk import ASYNC, DATALOAD, one_batch, one_job, send, table

XML = "application/xml; charset=UTF-8"
JSON = "application/json"


@pytest.fixture
def api() -> Api:
    return make_api()


def result(api: Api, job: str, batch: str, rest: str = "") -> Any:
    return api.call("GET", f"{ASYNC}/job/{job}/batch/{batch}/result{rest}")


def names(api: Api) -> list[str]:
    return [row["Name"] for row in api.org.query("SELECT Name FROM Account ORDER BY Name")]


def exception(response: Any) -> tuple[int, str, str]:
    body = response.json()
    assert list(body) == ["exceptionCode", "exceptionMessage"]
    return response.status, body["exceptionCode"], body["exceptionMessage"]


def test_a_job_is_answered_in_the_format_it_came_in(api: Api) -> None:
    text = f"<jobInfo {DATALOAD}><operation>insert</operation><object>Account</object></jobInfo>"
    in_xml = send(api, "POST", f"{ASYNC}/job", text, content_type=XML)
    body = {"operation": "query", "object": "Account", "contentType": "JSON", "concurrencyMode": 1}
    in_json = send(api, "POST", f"{ASYNC}/job", json.dumps(body), content_type=JSON)

    assert (in_xml.status, in_xml.headers["Content-Type"]) == (201, "application/xml")
    assert "<contentType>XML</contentType>" in in_xml.body.decode()
    assert (in_json.status, in_json.headers["Content-Type"]) == (201, JSON)
    shown = in_json.json()
    assert list(shown) == sorted(shown)
    assert (shown["concurrencyMode"], shown["createdDate"]) == ("Serial", "2026-03-01T12:00:30.000+0000")
    assert b'"apiVersion":66.0' in in_json.body


def test_the_session_may_come_in_a_header_of_its_own(api: Api) -> None:
    body = json.dumps({"operation": "query", "object": "Account", "contentType": "JSON"})
    api.token, token = "none", api.token

    with_header = send(api, "POST", f"{ASYNC}/job", body, content_type=JSON, X_SFDC_Session=token)
    expired = send(api, "POST", f"{ASYNC}/job", body, content_type=JSON, X_SFDC_Session="00D!gone")
    in_xml = send(api, "GET", f"{ASYNC}/job/750000000000001AAA")

    assert with_header.status == 201
    assert exception(expired) == (400, "InvalidSessionId", "Unable to find session id")
    assert in_xml.status == 400
    assert "<exceptionCode>InvalidSessionId</exceptionCode>" in in_xml.body.decode()
    assert f"<error\n   {DATALOAD}>" in in_xml.body.decode()


def test_json_records_are_inserted_and_answered_in_order(api: Api) -> None:
    job = one_job(api, "insert", "JSON")
    batch = one_batch(api, job, json.dumps([{"Name": "A", "NumberOfEmployees": 3}, {"Name": None}, {"Name": "B"}]))

    done = result(api, job, batch)

    assert (done.status, done.headers["Content-Type"]) == (200, JSON)
    first, second, third = done.json()
    assert list(first) == ["success", "created", "id", "errors"]
    assert (first["success"], first["created"], first["errors"]) == (True, True, [])
    assert api.value("Account", first["id"], "NumberOfEmployees") == 3
    assert (second["success"], second["created"], second["id"]) == (False, False, None)
    assert second["errors"] == [
        {
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [Name]",
            "fields": ["Name"],
            "extendedErrorDetails": None,
        }
    ]
    assert third["success"] is True
    sent = api.call("GET", f"{ASYNC}/job/{job}/batch/{batch}/request")
    assert sent.json()[0] == {"Name": "A", "NumberOfEmployees": 3}


def test_csv_records_are_upserted_and_deleted(api: Api) -> None:
    upsert = one_job(api, "upsert", "CSV", "Order")
    data = f"SFSync_Key__c,AccountId,EffectiveDate,Status\nk,{api.account},2026-03-01,Draft\nx,,#N/A,\n"
    rows = table(result(api, upsert, one_batch(api, upsert, data)))
    delete = one_job(api, "delete", "CSV", "Order")
    gone = table(result(api, delete, one_batch(api, delete, f"Id\n{rows[0]['Id']}\n")))

    missing = "EffectiveDate, Status"
    assert [(row["Success"], row["Created"], row["Error"]) for row in rows] == [
        ("true", "true", ""),
        ("false", "false", f"REQUIRED_FIELD_MISSING:Required fields are missing: [{missing}]:{missing} --"),
    ]
    assert gone == [{"Id": rows[0]["Id"], "Success": "true", "Created": "false", "Error": ""}]


def test_xml_records_name_parents_and_nulls(api: Api) -> None:
    api.order(SFSync_Key__c="parent")
    api.org.update("Account", api.account, {"Website": "a.example", "Phone": "1"})
    insert, update = one_job(api, "insert", "XML", "OrderItem"), one_job(api, "update", "XML")
    item = (
        "<Order><sObject><SFSync_Key__c>parent</SFSync_Key__c></sObject></Order>"
        f"<PricebookEntryId>{api.entry}</PricebookEntryId><Quantity>2</Quantity><UnitPrice>3.5</UnitPrice>"
    )
    # An empty element says nothing of its field; xsi:nil empties it.
    change = f'<Id>{api.account}</Id><Website xsi:nil="true"/><Phone/><Name>A &amp; B</Name>'
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

    made = one_batch(api, insert, f"<sObjects {DATALOAD}><sObject>{item}</sObject><sObject/></sObjects>")
    changed = one_batch(api, update, f"<sObjects {DATALOAD} {xsi}><sObject>{change}</sObject></sObjects>")

    body = result(api, insert, made).body.decode()
    assert body.startswith(f'<?xml version="1.0" encoding="UTF-8"?><results\n   {DATALOAD}>\n <result>\n  <id>802')
    assert "<success>true</success>\n  <created>true</created>" in body
    assert "<statusCode>REQUIRED_FIELD_MISSING</statusCode>" in body
    assert "<success>true</success>" in result(api, update, changed).body.decode()
    row = api.org.get("Account", api.account)
    assert (row["Name"], row["Website"], row["Phone"]) == ("A & B", None, "1")


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE x [<!ENTITY a "b">]><jobInfo {DATALOAD}><object>&a;</object></jobInfo>',
        "<jobInfo>",
        f"<job {DATALOAD}/>",
        "\x00",
    ],
)
def test_xml_that_is_dangerous_or_none_is_refused(api: Api, text: str) -> None:
    answer = send(api, "POST", f"{ASYNC}/job", text, content_type=XML)

    assert answer.status == 400
    assert "<exceptionCode>InvalidXML</exceptionCode>" in answer.body.decode()


def test_a_json_query_answers_records_with_datetimes_in_milliseconds(api: Api) -> None:
    contact = api.org.insert("Contact", {"LastName": "L", "AccountId": api.account})
    api.org.insert("Contact", {"LastName": "Lonely"})
    job = one_job(api, "query", "JSON", "Contact")
    text = "SELECT Id, LastName, Birthdate, CreatedDate, Account.Name, Account.CreatedDate FROM Contact"
    batch = one_batch(api, job, text)

    ids = result(api, job, batch).json()
    records = result(api, job, batch, f"/{ids[0]}").json()

    moment = 1772366430000
    url = "/services/data/v66.0/sobjects"
    assert [(one[:3], len(one)) for one in ids] == [("752", 15)]
    assert records[0] == {
        "attributes": {"type": "Contact", "url": f"{url}/Contact/{contact}"},
        "Id": contact,
        "LastName": "L",
        "Birthdate": None,
        "CreatedDate": moment,
        "Account": {
            "attributes": {"type": "Account", "url": f"{url}/Account/{api.account}"},
            "Name": "Acme",
            "CreatedDate": moment,
        },
    }
    assert records[1]["Account"] is None


def test_dates_in_json_may_be_switched_to_milliseconds() -> None:
    api = make_api(Settings(bulk_json_dates_in_ms=True))
    api.order()
    job = one_job(api, "query", "JSON", "Order")
    batch = one_batch(api, job, "SELECT EffectiveDate FROM Order")

    ids = result(api, job, batch).json()

    assert result(api, job, batch, f"/{ids[0]}").json()[0]["EffectiveDate"] == 1772323200000


def test_csv_and_xml_queries_list_their_result_in_xml(api: Api) -> None:
    api.org.insert("Contact", {"LastName": "L & \x07M", "AccountId": api.account})  # XML has no such character
    found = {}
    for kind in ("CSV", "XML"):
        job = one_job(api, "query", kind, "Contact")
        batch = one_batch(api, job, "SELECT Id, LastName, Email, CreatedDate, Account.Name FROM Contact")
        listed = result(api, job, batch)
        assert listed.headers["Content-Type"] == "application/xml"
        assert listed.body.decode().startswith(
            f'<?xml version="1.0" encoding="UTF-8"?><result-list\n   {DATALOAD}>\n <result>752'
        )
        result_id = listed.body.decode().partition("<result>")[2].partition("<")[0]
        found[kind] = result(api, job, batch, f"/{result_id}")

    row = table(found["CSV"])[0]
    assert (row["LastName"], row["CreatedDate"], row["Account.Name"]) == (
        "L & \x07M",
        "2026-03-01T12:00:30.000Z",
        "Acme",
    )
    body = found["XML"].body.decode()
    assert f' <records xsi:type="sObject">\n  <type>Contact</type>\n  <Id>{row["Id"]}</Id>\n' in body
    assert "  <LastName>L &amp; M</LastName>\n" in body
    assert '  <Email xsi:nil="true"/>\n' in body
    assert "  <CreatedDate>2026-03-01T12:00:30.000Z</CreatedDate>\n" in body
    assert '  <Account>\n   <type>Account</type>\n   <Id xsi:nil="true"/>\n   <Name>Acme</Name>\n' in body


def test_a_query_without_rows_says_so(api: Api) -> None:
    bodies = {}
    for kind in ("CSV", "JSON", "XML"):
        job = one_job(api, "query", kind)
        batch = one_batch(api, job, "SELECT Id FROM Account WHERE Name = 'nobody'")
        listed = result(api, job, batch).body.decode()
        result_id = json.loads(listed)[0] if kind == "JSON" else listed.partition("<result>")[2][:15]
        bodies[kind] = result(api, job, batch, f"/{result_id}").body.decode()

    assert bodies["CSV"] == "Records not found for this query"
    assert bodies["JSON"] == "[]"
    assert "<queryResult" in bodies["XML"]
    assert "<records" not in bodies["XML"]


@pytest.mark.parametrize(
    ("operation", "data", "message"),
    [
        ("query", "SELECT Nope FROM Account", "InvalidBatch : Failed to process query: INVALID_FIELD: "),
        ("query", "SELECT Id FROM Contact", "InvalidBatch : Failed to process query: INVALID_TYPE: "),
        ("query", "SELECT BillingAddress FROM Account", "Selecting compound data not supported in Bulk Query"),
        ("insert", '[{"Nope": 1}]', "InvalidBatch : Field name not found : Nope"),
        ("insert", '{"Name": "A"}', "InvalidBatch : The batch must be a list of objects"),
        ("insert", "nonsense", "InvalidBatch : Unexpected character"),
        ("insert", json.dumps([{"Name": "A"}] * 10_001), "InvalidBatch : Exceeded number of records : 10001"),
    ],
)
def test_a_batch_that_cannot_be_processed_fails(api: Api, operation: str, data: str, message: str) -> None:
    job = one_job(api, operation, "JSON")
    batch = one_batch(api, job, data)

    shown = api.call("GET", f"{ASYNC}/job/{job}/batch/{batch}").json()

    assert (shown["state"], shown["numberRecordsProcessed"]) == ("Failed", 0)
    assert message in shown["stateMessage"]
    assert exception(send(api, "GET", f"{ASYNC}/job/{job}/batch/{batch}/result", content_type=JSON))[:2] == (
        400,
        "InvalidBatch",
    )
    totals = send(api, "GET", f"{ASYNC}/job/{job}", content_type=JSON).json()
    assert (totals["numberBatchesFailed"], totals["numberBatchesTotal"]) == (1, 1)
    assert names(api) == ["Acme"]


def test_csv_batches_fail_by_the_same_words(api: Api) -> None:
    job = one_job(api, "insert", "CSV")
    bodies = []
    for data in ("Nope\nA\n", 'Name\n"A\n', "Name\nA,b\n"):
        batch = one_batch(api, job, data)
        bodies.append(api.call("GET", f"{ASYNC}/job/{job}/batch/{batch}").body.decode())

    assert "<stateMessage>InvalidBatch : Field name not found : Nope</stateMessage>" in bodies[0]
    assert "EOF reached before closing an opened quote" in bodies[1]
    assert "The number of columns of a row (2)" in bodies[2]


def test_primary_key_chunking_answers_in_further_batches(api: Api) -> None:
    api.org.insert_many("Contact", [{"LastName": f"where {place}"} for place in range(7)])
    job = one_job(api, "query", "JSON", "Contact", Sforce_Enable_PKChunking="chunkSize=3")

    first = one_batch(api, job, "SELECT LastName FROM Contact WHERE LastName LIKE 'where%' OR LastName = 'no limit'")

    listed = api.call("GET", f"{ASYNC}/job/{job}/batch").json()["batchInfo"]
    assert [one["state"] for one in listed] == ["NotProcessed", "Completed", "Completed", "Completed"]
    assert listed[0]["id"] == first
    found = []
    for one in listed[1:]:
        ids = result(api, job, one["id"]).json()
        found.append([row["LastName"] for row in result(api, job, one["id"], f"/{ids[0]}").json()])
    assert [len(names) for names in found] == [3, 3, 1]
    assert sorted(name for names in found for name in names) == [f"where {place}" for place in range(7)]


def test_queries_that_cannot_be_chunked_fail(api: Api) -> None:
    job = one_job(api, "query", "JSON", Sforce_Enable_PKChunking="true")
    batch = one_batch(api, job, "SELECT Id FROM Account ORDER BY Name")

    assert api.call("GET", f"{ASYNC}/job/{job}/batch/{batch}").json()["state"] == "Failed"


def test_a_closed_job_takes_no_more_batches(api: Api) -> None:
    job = one_job(api, "insert", "JSON")
    url = f"{ASYNC}/job/{job}"

    closed = send(api, "POST", url, '{"state": "Closed"}', content_type=JSON)
    again = send(api, "POST", url, '{"state": "Closed"}', content_type=JSON)
    aborted = send(api, "POST", url, '{"state": "Aborted"}', content_type=JSON)
    strange = send(api, "POST", url, '{"state": "Ajar"}', content_type=JSON)
    late = send(api, "POST", f"{url}/batch", "[]", content_type=JSON)

    assert (closed.status, closed.json()["state"]) == (200, "Closed")
    assert exception(again) == (400, "InvalidJobState", "Closing already closed Job not allowed")
    assert exception(aborted) == (400, "InvalidJobState", "Aborting already closed Job not allowed")
    assert exception(strange)[:2] == (400, "InvalidJobState")
    assert exception(late)[1:] == (
        "InvalidJobState",
        "Failed to create batch, since the Job is not Open. Current job state is 'Closed'",
    )


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"operation": "query", "object": "Nope"}, "InvalidJob", "Unable to find object: Nope"),
        ({"operation": "query", "object": "OrderStatus"}, "InvalidEntity", "Entity 'OrderStatus' is not supported"),
        ({"operation": "merge", "object": "Account"}, "InvalidJob", "Invalid operation: merge"),
        ({"operation": "query", "object": "Account", "contentType": "ZIP_CSV"}, "InvalidJob", "Unsupported content"),
        ({"operation": "query", "object": "Account", "concurrencyMode": 2}, "InvalidJob", "Invalid concurrency mode"),
        ({"operation": "upsert", "object": "Account"}, "InvalidJob", "External ID was blank for Account."),
        (
            {"operation": "upsert", "object": "Account", "externalIdFieldName": "Website"},
            "InvalidJob",
            "Field name provided, Website does not match an External ID",
        ),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(api: Api, body: dict[str, Any], code: str, message: str) -> None:
    answer = exception(send(api, "POST", f"{ASYNC}/job", json.dumps(body), content_type=JSON))

    assert answer[:2] == (400, code)
    assert answer[2].startswith(message)


def test_what_is_not_there_is_refused_in_the_words_of_the_old_api(api: Api) -> None:
    job = one_job(api, "query", "JSON")
    batch = one_batch(api, job, "SELECT Id FROM Account")

    def code(url: str, method: str = "GET") -> str:
        return exception(send(api, method, url, content_type=JSON))[1]

    assert code(f"{ASYNC}/job/750000000000001AAA") == "InvalidJob"
    assert code(f"{ASYNC}/job/{job}/batch/751000000000001AAA") == "InvalidBatch"
    assert code(f"{ASYNC}/job/{job}/batch/{batch}/result/752000000000001") == "InvalidBatch"
    assert code(f"/services/async/30.0/job/{job}") == "InvalidVersion"
    assert code(f"/services/async/latest/job/{job}") == "InvalidVersion"
    assert code(f"{ASYNC}/nonsense") == "InvalidUrl"
    assert code(f"{ASYNC}/job/{job}", "DELETE") == "MethodNotAllowed"


def test_the_whole_api_may_be_switched_off() -> None:
    api = make_api(Settings(bulk_one=False))
    body = json.dumps({"operation": "query", "object": "Account"})

    answer = send(api, "POST", f"{ASYNC}/job", body, content_type=JSON)

    assert exception(answer) == (400, "FeatureNotEnabled", "Async API not enabled")


def test_hard_deletes_need_a_permission() -> None:
    for allowed in (True, False):
        api = make_api(Settings(hard_delete=allowed))
        body = json.dumps({"operation": "hardDelete", "object": "Account"})

        assert send(api, "POST", f"{ASYNC}/job", body, content_type=JSON).status == (201 if allowed else 400)


def test_batches_and_calls_count(api: Api) -> None:
    api.org.settings.daily_bulk_batches = 1
    before = api.org.calls.count()
    job = one_job(api, "insert", "JSON")
    one_batch(api, job, "[]")

    full = send(api, "POST", f"{ASYNC}/job/{job}/batch", "[]", content_type=JSON)

    assert exception(full) == (400, "ExceededQuota", "ApiBatchItems Limit exceeded.")
    assert api.org.calls.count() - before == 3
    assert {call.kind for call in list(api.org.calls)[-3:]} == {"bulk"}


def test_old_jobs_are_listed_among_the_others(api: Api) -> None:
    job = one_job(api, "insert", "JSON")

    listed = api.call("GET", "jobs/ingest?jobType=Classic").json()["records"]

    assert [(one["id"], one["jobType"], one["contentType"]) for one in listed] == [(job, "Classic", "JSON")]
    assert api.call("GET", f"jobs/ingest/{job}").status == 404
