"""The program, the data file, and an org kept in a file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from sfsync.emulator.cli import main, simple_salesforce
from sfsync.emulator.data import DataError, load_file
from sfsync.emulator.database import OrgFileError
from sfsync.emulator.org import Org
from sfsync.emulator.server import serve

if TYPE_CHECKING:
    from pathlib import Path

V = "/services/data/v66.0"


def _data(tmp_path: Path, **objects: list[dict[str, object]]) -> Path:
    path = tmp_path / "data.json"
    path.write_text(json.dumps(objects))
    return path


def test_records_are_loaded_with_their_references(tmp_path: Path) -> None:
    org = Org()
    order = {"_ref": "o", "AccountId": "@a", "EffectiveDate": "2026-03-01", "Status": "Draft"}
    path = _data(
        tmp_path,
        Account=[{"_ref": "a", "Name": "Acme"}],
        Product2=[{"_ref": "p", "Name": "Seat", "IsActive": True}],
        PricebookEntry=[
            {
                "_ref": "e",
                "Pricebook2Id": "@standard_pricebook",
                "Product2Id": "@p",
                "UnitPrice": 10.25,
                "IsActive": True,
            }
        ],
        Order=[{**order, "Pricebook2Id": "@standard_pricebook", "_after": {"Status": "Activated"}}],
        OrderItem=[{"OrderId": "@o", "PricebookEntryId": "@e", "Quantity": 2, "UnitPrice": 10.25}],
    )

    ids = load_file(org, path)

    assert org.get("Order", ids["o"])["StatusCode"] == "Activated"
    assert org.query("SELECT TotalAmount FROM Order")[0]["TotalAmount"] == 20.5


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ({"Nothing": []}, ["sObject 'Nothing'"]),
        ({"Account": [{"Name": "A"}, {"Name": "B", "ParentId": "@x"}]}, ["Account row 2", "ParentId", "'x'"]),
        ({"Account": [{"Site": "A"}]}, ["Account row 1", "Name", "REQUIRED_FIELD_MISSING"]),
        ({"Account": [{"Name": "A", "_reference": "x"}]}, ["Account row 1", "_reference"]),
        ({"Account": [{"Name": "A", "_ref": "x"}, {"Name": "A", "_ref": "x"}]}, ["Account row 2", "'x'"]),
        ({"Account": [{"Name": "A", "_ref": ["x"]}]}, ["Account row 1", "_ref"]),
        ({"Account": [{"Name": "A", "_after": 5}]}, ["Account row 1", "_after"]),
        ({"Account": [{"Name": "A", "": 1}]}, ["Account row 1", "INVALID_FIELD"]),
    ],
)
def test_errors_of_a_data_file_name_row_and_field(
    tmp_path: Path, objects: dict[str, list[dict[str, object]]], words: list[str]
) -> None:
    org = Org()

    with pytest.raises(DataError) as refused:
        load_file(org, _data(tmp_path, **objects))

    assert all(word in str(refused.value) for word in words)
    assert org.query("SELECT Id FROM Account") == []


def test_a_file_keeps_one_org_at_a_time(tmp_path: Path) -> None:
    path = str(tmp_path / "org.db")
    first = Org(path=path)

    with pytest.raises(OrgFileError, match="database is locked"):
        Org(path=path)
    first.db.close()
    assert Org(path=path).user_id == first.user_id


def test_a_file_that_is_no_database_keeps_no_org(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    path.write_text("something else altogether")

    with pytest.raises(OrgFileError, match="file is not a database"):
        Org(path=str(path))
    with pytest.raises(OrgFileError, match="unable to open database file"):
        Org(path=str(tmp_path))


@pytest.mark.parametrize("text", ["{", "[" * 5_000, '{"Account": [{"Name": NaN}]}', "\xff"])
def test_a_data_file_that_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "data.json"
    path.write_text(text, encoding="latin-1")

    with pytest.raises(DataError, match="not valid JSON"):
        load_file(Org(), path)


def test_wrong_use_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(Org(), data=tmp_path / "none.json") == 2
    assert main(Org(), faults="nope") == 2
    assert "unknown fault 'nope'" in capsys.readouterr().err


def test_an_org_in_a_file_goes_on_where_it_was(tmp_path: Path) -> None:
    path = str(tmp_path / "org.db")
    first = Org(path=path)
    account = first.insert("Account", {"Name": "A"})
    contract = first.insert("Contract", {"AccountId": account, "Status": "Draft"})
    first.db.close()

    again = Org(path=path)
    later = again.insert("Contract", {"AccountId": account, "Status": "Draft"})

    assert later > contract
    assert again.get("Contract", later)["ContractNumber"] == "00000101"
    assert again.user_id == first.user_id


def test_the_program_serves_until_it_is_stopped(tmp_path: Path) -> None:
    data = _data(tmp_path, Account=[{"Name": "Acme"}])
    command = [
        sys.executable,
        "-m",
        "sfsync.emulator",
        "--port",
        "0",
        "--data",
        str(data),
        "--directory",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("sf = "):
                break
        values = dict(line.split("=", 1) for line in "".join(lines).split() if line.startswith("SFSYNC_"))
        url = values["SFSYNC_SALESFORCE__LOGIN_URL"]
        form = {
            "grant_type": "client_credentials",
            "client_id": values["SFSYNC_SALESFORCE__CLIENT_ID"],
            "client_secret": values["SFSYNC_SALESFORCE__CLIENT_SECRET"],
        }
        ca_file = values["SFSYNC_SALESFORCE__CA_FILE"]
        token = requests.post(f"{url}/services/oauth2/token", data=form, verify=ca_file, timeout=10).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        query = {"q": "SELECT Name FROM Account"}
        answer = requests.get(f"{url}{V}/query", params=query, headers=headers, verify=ca_file, timeout=10).json()
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 0
    assert answer["records"][0]["Name"] == "Acme"


def test_the_line_for_simple_salesforce_works_as_it_is_printed() -> None:
    org = Org()
    org.insert("Account", {"Name": "Acme"})
    with serve(org) as server:
        code = f"import simple_salesforce\n{simple_salesforce(server)}\nprint(sf.query('SELECT Name FROM Account'))"
        environment = {**os.environ, "REQUESTS_CA_BUNDLE": str(server.ca_file)}
        ran = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    assert "'Acme'" in ran.stdout, ran.stderr


def test_the_calls_are_listed_as_they_come_and_counted_at_the_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sfsync", "emulator", "serve", "--port", "0", "--list-calls"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said: list[str] = []
        while not said or not said[-1].startswith("sf = "):
            said.append(process.stdout.readline())
        [ca_file] = [line.split()[-1] for line in said if "CA file" in line]
        [url] = [line.split()[-1] for line in said if line.startswith("  URL")]
        session = requests.Session()
        session.trust_env = False
        session.get(f"{url}/services/data", verify=ca_file, timeout=10)
        session.get(f"{url}{V}/limits", verify=ca_file, timeout=10)
        session.close()
        process.send_signal(signal.SIGTERM)
        rest, calls = process.communicate(timeout=20)

    assert [line.split()[1:4] for line in calls.splitlines()] == [
        ["200", "GET", "/services/data"],
        ["401", "GET", f"{V}/limits"],
    ]
    assert "limits 1, versions 1" in rest
