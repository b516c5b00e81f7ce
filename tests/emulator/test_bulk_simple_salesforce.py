"""The unpatched simple-salesforce package and the Bulk APIs, against the server."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceOperationError,
    SalesforceResourceNotFound,
)

from sfsync.emulator.org import Org
from sfsync.emulator.server import Server, serve

if TYPE_CHECKING:
    from collections.abc import Generator

# Its Bulk 2.0 client sleeps `wait` seconds before the first poll; jobs are complete by then, so nothing is waited for.
NO_WAIT = 0


@pytest.fixture(scope="module")
def server() -> Generator[Server]:
    with serve(Org()) as server:
        yield server


@pytest.fixture(scope="module")
def sf(server: Server) -> Any:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(server.ca_file)
    return Salesforce(instance_url=server.url, session_id=server.org.login(), session=session)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def content(caught: Any) -> Any:
    return caught.value.content


def test_it_ingests_and_reads_every_kind_of_result(sf: Any) -> None:
    records = [{"Name": f"Bulk {place}", "Website": 'with "quotes", and\nlines'} for place in range(3)]

    summary = sf.bulk2.Account.insert(records=[*records, {"Name": "", "Website": "x"}], wait=NO_WAIT)

    assert len(summary) == 1
    job = summary[0].pop("job_id")
    assert summary[0] == {"numberRecordsFailed": 1, "numberRecordsProcessed": 4, "numberRecordsTotal": 4}
    good, bad = rows(sf.bulk2.Account.get_successful_records(job)), rows(sf.bulk2.Account.get_failed_records(job))
    assert [row["Website"] for row in good] == ['with "quotes", and\nlines'] * 3
    assert bad[0]["sf__Error"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    assert rows(sf.bulk2.Account.get_unprocessed_records(job)) == []
    assert sf.Account.get(good[0]["sf__Id"])["Name"].startswith("Bulk ")


def test_it_updates_upserts_and_deletes(sf: Any) -> None:
    ids = [sf.Account.create({"Name": name})["id"] for name in ("u1", "u2")]
    order = {"AccountId": ids[0], "EffectiveDate": "2026-03-01", "Status": "Draft", "SFSync_Key__c": "bulk-1"}

    sf.bulk2.Account.update(records=[{"Id": one, "Name": "updated"} for one in ids], wait=NO_WAIT)
    jobs = [
        sf.bulk2.Order.upsert(records=[order], external_id_field="SFSync_Key__c", wait=NO_WAIT)[0]["job_id"]
        for _ in range(2)
    ]
    sf.bulk2.Account.delete(records=[{"Id": ids[1]}], wait=NO_WAIT)
    done = [rows(sf.bulk2.Order.get_successful_records(job))[0] for job in jobs]

    assert sf.Account.get(ids[0])["Name"] == "updated"
    assert [row["sf__Created"] for row in done] == ["true", "false"]
    assert done[0]["sf__Id"] == done[1]["sf__Id"]
    with pytest.raises(SalesforceResourceNotFound):
        sf.Account.get(ids[1])


def test_it_writes_results_to_files(sf: Any, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("Name\nfrom file\n")

    summary = sf.bulk2.Account.insert(csv_file=str(source), wait=NO_WAIT)
    sf.bulk2.Account.get_successful_records(summary[0]["job_id"], file=str(target))
    everything = sf.bulk2.Account.get_all_ingest_records(summary[0]["job_id"])

    assert [row["Name"] for row in rows(target.read_text())] == ["from file"]
    assert [len(everything[f"{kind}Records"]) for kind in ("successful", "failed", "unprocessed")] == [1, 0, 0]


def test_it_queries_in_pages_and_downloads(sf: Any, server: Server, tmp_path: Path) -> None:
    server.org.insert_many("Contact", [{"LastName": f"C{place:02}"} for place in range(25)])
    text = "SELECT LastName FROM Contact ORDER BY LastName"

    pages = list(sf.bulk2.Contact.query(text, max_records=10, wait=NO_WAIT))
    files = sf.bulk2.Contact.download(text, str(tmp_path), max_records=10, wait=NO_WAIT)
    everything = list(sf.bulk2.Contact.query_all(text, wait=NO_WAIT))

    assert [len(rows(one)) for one in pages] == [10, 10, 5]
    names = [row["LastName"] for one in pages for row in rows(one)]
    assert names == [f"C{place:02}" for place in range(25)]
    assert [one["number_of_records"] for one in files] == [10, 10, 5]
    assert [row["LastName"] for one in files for row in rows(Path(one["file"]).read_text())] == names
    assert len(everything) == 1


def test_its_own_errors_come_out(sf: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        list(sf.bulk2.Account.query("SELECT Nope FROM Account", wait=NO_WAIT))
    with pytest.raises(SalesforceOperationError, match="Field name not found : Nope"):
        sf.bulk2.Account.insert(records=[{"Nope": "x"}], wait=NO_WAIT)

    assert content(refused)[0]["errorCode"] == "INVALID_FIELD"


def test_it_uses_the_old_api(sf: Any) -> None:
    made = sf.bulk.Account.insert([{"Name": f"old {place}"} for place in range(3)], batch_size=2)
    changed = sf.bulk.Account.update(
        [{"Id": made[0]["id"], "Name": None}, {"Id": made[1]["id"], "Website": "x"}], include_detailed_results=True
    )
    found = sf.bulk.Account.query("SELECT Id, Name, CreatedDate FROM Account WHERE Name LIKE 'old%' ORDER BY Name")
    gone = sf.bulk.Account.delete([{"Id": one["id"]} for one in made])
    everything = sf.bulk.Account.query_all("SELECT IsDeleted FROM Account WHERE Name LIKE 'old%'")

    assert [one["success"] for one in made] == [True] * 3
    assert [(one["success"], one.get("Website")) for one in changed] == [(False, None), (True, "x")]
    assert changed[0]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert [row["Name"] for row in found] == ["old 0", "old 1", "old 2"]
    assert isinstance(found[0]["CreatedDate"], int)
    assert [one["success"] for one in gone] == [True] * 3
    assert [row["IsDeleted"] for row in everything] == [True] * 3


def test_errors_of_the_old_api_come_out(sf: Any, server: Server) -> None:
    with pytest.raises(SalesforceGeneralError) as failed:
        sf.bulk.Account.query("SELECT Nope FROM Account")
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.bulk.Nope.query("SELECT Id FROM Nope")
    server.org.settings.bulk_one = False
    with pytest.raises(SalesforceMalformedRequest) as off:
        sf.bulk.Account.query("SELECT Id FROM Account")
    server.org.settings.bulk_one = True

    assert "Failed to process query: INVALID_FIELD" in str(content(failed))
    assert content(refused)["exceptionCode"] == "InvalidJob"
    assert content(off) == {"exceptionCode": "FeatureNotEnabled", "exceptionMessage": "Async API not enabled"}
