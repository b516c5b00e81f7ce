"""What no client should send: each is refused in the platform's words, and never breaks the org."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from sfsync.emulator.http import Request
from tests.emulator.api import Api, V, make_api, refusal
from tests.emulator.bulk import ASYNC, one_batch, one_job, page, queried, send

LONG = "9" * 5_000  # more digits than Python turns into a number
HALF = "\\ud83d"  # half of a character, as JSON and SOQL write it


@pytest.fixture(scope="module")
def api() -> Api:
    return make_api()


def post(api: Api, body: bytes) -> tuple[int, str, str]:
    """Create an account from these bytes, which must be refused."""
    headers = {"authorization": f"Bearer {api.token}"}
    return refusal(api.org.handle(Request.of("POST", f"{V}/sobjects/Account", headers=headers, body=body)))


def query(api: Api, text: str) -> tuple[int, str, str]:
    return refusal(api.call("GET", f"query?q={quote(text)}"))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 5_000 + b"]" * 5_000,
        b'{"Name":' + b'{"a":' * 400 + b"1" + b"}" * 401,
        b'{"Name":NaN}',
        b'{"Name":-Infinity}',
        b'{"AnnualRevenue":' + LONG.encode() + b"}",
        b'{"AnnualRevenue":1e99999999999999999999}',
        b'{"Name":"\xff"}',
        b'{"Name":"\xed\xa0\x80"}',
    ],
    ids=["deep list", "deep object", "NaN", "infinity", "digits", "exponent", "bytes", "encoded surrogate"],
)
def test_json_beyond_all_measure_is_a_parser_error(api: Api, body: bytes) -> None:
    assert post(api, body)[:2] == (400, "JSON_PARSER_ERROR")


def test_half_a_character_is_replaced_and_a_whole_one_kept(api: Api) -> None:
    body = f'{{"Name":"{HALF}!\\\\ud83d {HALF}\\ude00"}}'.encode()
    headers = {"authorization": f"Bearer {api.token}"}
    made = api.org.handle(Request.of("POST", f"{V}/sobjects/Account", headers=headers, body=body))

    assert api.value("Account", made.json()["id"], "Name") == "\ufffd!\\ud83d \U0001f600"


@pytest.mark.parametrize(("written", "rows"), [(f"{HALF}\\ude00", 1), (HALF, 0)])
def test_soql_knows_characters_by_their_two_halves(written: str, rows: int) -> None:
    api = make_api()
    api.create("Account", Name="\U0001f600")
    text = quote(f"SELECT Id FROM Account WHERE Name = '{written}'")
    assert api.call("GET", f"query?q={text}").json()["totalSize"] == rows


@pytest.mark.parametrize("clause", [f"LIMIT {LONG}", "LIMIT 99999999999999999999", f"OFFSET {LONG}"])
def test_soql_counts_no_further_than_the_platform(api: Api, clause: str) -> None:
    assert query(api, f"SELECT Id FROM Account {clause}")[:2] == (400, "MALFORMED_QUERY")


@pytest.mark.parametrize("number", [LONG, "1e99999999999999999999"])
def test_soql_compares_with_a_number_of_any_length(api: Api, number: str) -> None:
    text = quote(f"SELECT Id FROM Account WHERE AnnualRevenue > {number}")
    assert api.call("GET", f"query?q={text}").json()["totalSize"] == 0


@pytest.mark.parametrize(("operator", "rows"), [("OR", 1), ("AND", 0)])
def test_soql_may_have_thousands_of_conditions(api: Api, operator: str, rows: int) -> None:
    conditions = f" {operator} ".join(f"Name = '{name}'" for name in ["Acme", *range(3_000)])
    job = queried(api, f"SELECT Id FROM Account WHERE {conditions}")
    assert page(api, job).headers["Sforce-NumberOfRecords"] == str(rows)


def test_numbers_in_headers_and_parameters_may_have_any_length(api: Api) -> None:
    hint = api.call("GET", "query?q=SELECT+Id+FROM+Account", sforce_query_options=f"batchSize={LONG}")
    assert hint.status == 200
    job = queried(api, "SELECT Id FROM Account")
    too_much = api.call("GET", f"jobs/query/{job}/results?maxRecords={LONG}")
    assert refusal(too_much)[1] == "API_ERROR"
    for locator in ("%C3%A9", "MA" * 2_000, "NTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
        assert refusal(api.call("GET", f"jobs/query/{job}/results?locator={locator}"))[1] == "INVALID_QUERY_LOCATOR"
    assert refusal(api.call("GET", f"query/0r85e0000000001AAA-{LONG}"))[1] == "INVALID_QUERY_LOCATOR"
    assert refusal(api.call("GET", f"jobs/query?queryLocator={LONG}"))[1] == "INVALID_QUERY_LOCATOR"
    assert api.call("GET", f"recent?limit={LONG}").status == 200
    assert api.call("GET", f"/services/data/v{LONG}.0/limits").status == 404
    chunked = send(
        api,
        "POST",
        f"{ASYNC}/job",
        '{"operation":"query","object":"Account","contentType":"CSV"}',
        content_type="application/json",
        sforce_enable_pkchunking=f"chunkSize={LONG}",
    )
    assert chunked.status == 201


def test_urls_of_parts_may_have_versions_of_any_length(api: Api) -> None:
    batch = {"batchRequests": [{"method": "GET", "url": f"v{LONG}.0/limits"}]}
    assert refusal(api.call("POST", "composite/batch", batch))[0] == 400
    node = {"method": "POST", "url": f"/services/data/v{LONG}.0/sobjects/Account", "referenceId": "a", "body": {}}
    graph = {"graphs": [{"graphId": "1", "compositeRequest": [node]}]}
    assert refusal(api.call("POST", "composite/graph", graph))[0] == 400
    first = {"method": "GET", "url": f"{V}/sobjects/Account/{api.account}", "referenceId": "a"}
    second = {"method": "GET", "url": f"{V}/sobjects/Account/@{{a.x[{LONG}]}}", "referenceId": "b"}
    parts = api.call("POST", "composite", {"compositeRequest": [first, second]}).json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in parts] == [200, 400]


@pytest.mark.parametrize("attributes", ["Account", ["Account"], 5, None])
def test_a_record_without_real_attributes_is_refused_alone(api: Api, attributes: object) -> None:
    records = [{"attributes": attributes, "Name": "x"}, {"attributes": {"type": "Account"}, "Name": "y"}]
    answer = api.call("POST", "composite/sobjects", {"records": records})
    assert [one["success"] for one in answer.json()] == [False, True]


@pytest.mark.parametrize("value", ["1e999999999", "-1e999999999", 10**40, "0e999999999"])
def test_a_number_far_out_is_outside_of_the_valid_range(api: Api, value: object) -> None:
    for field in ("AnnualRevenue", "NumberOfEmployees"):
        answer = api.call("POST", "sobjects/Account", {"Name": "x", field: value})
        if value == "0e999999999":
            assert api.value("Account", answer.json()["id"], field) == 0
        else:
            assert refusal(answer)[:2] == (400, "NUMBER_OUTSIDE_VALID_RANGE")


def test_a_price_that_fits_no_field_is_refused(api: Api) -> None:
    order = api.order()
    much = 9_999_999_999_999_999
    answer = api.call("POST", "sobjects/OrderItem", api.item_fields(order, Quantity=much, UnitPrice=much))
    assert refusal(answer)[:2] == (400, "NUMBER_OUTSIDE_VALID_RANGE")
    line = api.item(order, UnitPrice=much, Quantity=1)
    assert refusal(api.call("PATCH", f"sobjects/OrderItem/{line}", {"Quantity": 2}))[1] == "NUMBER_OUTSIDE_VALID_RANGE"


@pytest.mark.parametrize("term", [2_147_483_647, -2_147_483_647, 120_000])
def test_a_contract_ends_within_the_calendar(api: Api, term: int) -> None:
    fields = {"AccountId": api.account, "StartDate": "2026-01-01", "Status": "Draft", "ContractTerm": term}
    assert refusal(api.call("POST", "sobjects/Contract", fields))[:2] == (400, "NUMBER_OUTSIDE_VALID_RANGE")


def test_bulk_data_nested_beyond_measure_fails_the_batch(api: Api) -> None:
    deep = "<a>" * 3_000 + "x" + "</a>" * 3_000
    namespace = "http://www.force.com/2009/06/asyncapi/dataload"
    xml = f'<sObjects xmlns="{namespace}"><sObject><Name>n</Name>{deep}</sObject></sObjects>'
    for content_type, data in (("XML", xml), ("JSON", "[" * 3_000)):
        job = one_job(api, "insert", content_type)
        batch = one_batch(api, job, data)
        assert '"Failed"' in send(api, "GET", f"{ASYNC}/job/{job}/batch/{batch}").body.decode().replace(
            "<state>Failed", '"Failed"'
        )


def test_a_multipart_job_of_broken_json_is_refused(api: Api) -> None:
    for job in ("[" * 5_000, f'{{"object":{LONG}}}', f'{{"object":"{HALF}","operation":"insert"}}'):
        body = (
            f'--b\r\nContent-Disposition: form-data; name="job"\r\n\r\n{job}\r\n'
            '--b\r\nContent-Disposition: form-data; name="content"\r\n\r\nName\nx\r\n--b--\r\n'
        )
        answer = send(api, "POST", "jobs/ingest", body, content_type="multipart/form-data; boundary=b")
        assert refusal(answer)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0" encoding="no-such"?><a/>',
        '<?xml version="1.0" encoding="utf-7"?><a/>',
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        + "<a>" * 3_000
        + "</a>" * 3_000
        + "</e:Body></e:Envelope>",
    ],
)
def test_soap_that_is_no_message_is_a_fault(api: Api, body: str) -> None:
    answer = send(api, "POST", "/services/Soap/u/59.0", body, content_type="text/xml")
    assert (answer.status, b"UNKNOWN_EXCEPTION" in answer.body) == (500, True)
