"""Bulk jobs as a client runs them, for tests: create, upload, close, and read the results."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from sfsync.emulator.http import Request

if TYPE_CHECKING:
    from sfsync.emulator.http import Response
    from tests.emulator.api import Api

ASYNC = "/services/async/66.0"
DATALOAD = 'xmlns="http://www.force.com/2009/06/asyncapi/dataload"'


def send(api: Api, method: str, url: str, body: str | bytes = b"", **headers: str) -> Response:
    """Send any body; `content_type="text/csv"` is the header Content-Type."""
    path = url if url.startswith("/services") else f"/services/data/v66.0/{url}"
    sent = {"authorization": f"Bearer {api.token}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    raw = body.encode() if isinstance(body, str) else body
    return api.org.handle(Request.of(method, path, headers=sent, body=raw))


def table(response: Response, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a CSV answer."""
    assert response.status == 200, response.body
    assert response.headers["Content-Type"] == "text/csv"
    return list(csv.DictReader(io.StringIO(response.body.decode(), newline=""), delimiter=delimiter))


def opened(api: Api, operation: str, data: str, sobject: str = "Account", **job: Any) -> str:
    """An ingest job with its data, still open; returns its id."""
    response = api.call("POST", "jobs/ingest", {"object": sobject, "operation": operation, **job})
    assert response.status == 200, response.body
    job_id = str(response.json()["id"])
    uploaded = send(api, "PUT", f"jobs/ingest/{job_id}/batches", data, content_type="text/csv")
    assert (uploaded.status, uploaded.body) == (201, b"")
    return job_id


def close(api: Api, job_id: str) -> Response:
    """Say that all data is there."""
    return api.call("PATCH", f"jobs/ingest/{job_id}", {"state": "UploadComplete"})


def ingested(api: Api, operation: str, data: str, sobject: str = "Account", **job: Any) -> str:
    """An ingest job that has been closed; returns its id."""
    job_id = opened(api, operation, data, sobject, **job)
    assert close(api, job_id).status == 200
    return job_id


def status(api: Api, job_id: str, kind: str = "ingest") -> dict[str, Any]:
    """One status poll."""
    shown: dict[str, Any] = api.call("GET", f"jobs/{kind}/{job_id}").json()
    return shown


def results(api: Api, job_id: str, kind: str) -> list[dict[str, str]]:
    """One of the three results of an ingest job."""
    return table(api.call("GET", f"jobs/ingest/{job_id}/{kind}/"))


def errors(api: Api, job_id: str) -> list[str]:
    """What was said of each row that failed."""
    return [row["sf__Error"] for row in results(api, job_id, "failedResults")]


def queried(api: Api, text: str, operation: str = "query", **job: Any) -> str:
    """A query job; returns its id."""
    response = api.call("POST", "jobs/query", {"operation": operation, "query": text, **job})
    assert response.status == 200, response.body
    return str(response.json()["id"])


def page(api: Api, job_id: str, **parameters: Any) -> Response:
    """A page of a query job's results."""
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return api.call("GET", f"jobs/query/{job_id}/results?{query}")


def one_job(api: Api, operation: str, content_type: str, sobject: str = "Account", **headers: str) -> str:
    """A job of Bulk API 1.0, made with JSON; returns its id."""
    body = {"operation": operation, "object": sobject, "contentType": content_type}
    if operation == "upsert":
        body["externalIdFieldName"] = "SFSync_Key__c"
    response = send(api, "POST", f"{ASYNC}/job", json.dumps(body), content_type="application/json", **headers)
    assert response.status == 201, response.body
    return str(response.json()["id"])


def one_batch(api: Api, job_id: str, data: str) -> str:
    """A batch of a job of Bulk API 1.0; returns its id."""
    response = send(api, "POST", f"{ASYNC}/job/{job_id}/batch", data)
    assert response.status == 201, response.body
    text = response.body.decode()
    return str(json.loads(text)["id"]) if text.startswith("{") else text.partition("<id>")[2].partition("</id>")[0]
