"""The admin port: what programs can plan and see on a running emulator, and who is not let in."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sfsync.emulator.admin import AdminServer
from sfsync.emulator.faults import CATALOGUE
from sfsync.emulator.org import Org
from tests.emulator.api import Api, make_api, refusal

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture(scope="module")
def api() -> Api:
    return make_api()


@pytest.fixture(scope="module")
def server(api: Api) -> Generator[AdminServer]:
    with AdminServer(api.org) as running:
        yield running


@pytest.fixture
def admin(server: AdminServer, api: Api) -> Generator[Admin]:
    """The admin port of an org that is forgotten about between tests, faults and calls."""
    with requests.Session() as session:
        session.trust_env = False
        yield Admin(server, session)
    api.org.faults.clear()
    api.org.calls.clear()
    api.token = api.org.login()


class Admin:
    """A program that uses the admin port."""

    def __init__(self, server: AdminServer, session: requests.Session) -> None:
        self.url = server.url
        self._session = session

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        sent = {"data": body} if isinstance(body, str) else {"json": body} if body is not None else {}
        answer = self._session.request(method, self.url + path, timeout=10, **sent, **more)
        return answer.status_code, answer.json()


def test_a_fault_is_planned_strikes_and_is_seen_to_have_struck(api: Api, admin: Admin) -> None:
    planned = admin("POST", "/faults", {"name": "http_503", "path": "limits", "times": 2})
    before = admin("GET", "/faults")[1]["faults"]

    statuses = [api.call("GET", path).status for path in ("limits", "sobjects", "limits", "limits")]

    (after,) = admin("GET", "/faults")[1]["faults"]
    assert planned[0] == 201
    assert planned[1]["faults"] == before
    assert before[0]["options"] == {"path": "limits", "times": 2, "done": False}
    assert statuses == [503, 200, 503, 200]
    assert (before[0]["seen"], before[0]["struck"]) == (0, 0)
    assert (after["seen"], after["struck"]) == (3, 2)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_faults_are_planned_by_text(api: Api, admin: Admin, kind: str) -> None:
    text = "reset:path=nowhere;lock_row:nth=3,kind=graph"
    if kind == "application/json":
        status, answer = admin("POST", "/faults", {"spec": text})
    else:
        status, answer = admin("POST", "/faults", text, headers={"Content-Type": kind})

    assert status == 201
    assert [one["name"] for one in answer["faults"]] == ["reset", "lock_row"]
    assert [fault.name for fault in api.org.faults] == ["reset", "lock_row"]


def test_something_happens_at_once(api: Api, admin: Admin) -> None:
    account = api.create("Account", Name="Gone")

    status, answer = admin("POST", "/faults", {"name": "record_deleted", "id": account, "now": True})

    assert (status, answer) == (200, {"did": f"deleted Account {account}"})
    assert refusal(api.call("GET", f"sobjects/Account/{account}"))[1] == "ENTITY_IS_DELETED"
    assert admin("GET", "/faults")[1] == {"faults": []}
    again = admin("POST", "/faults", {"name": "record_deleted", "id": account, "now": True})
    assert again == (400, {"error": "ENTITY_IS_DELETED: entity is deleted."})


def test_faults_are_called_off_one_by_one_or_all(admin: Admin) -> None:
    numbers = [admin("POST", "/faults", {"name": "reset", "nth": 99})[1]["faults"][0]["id"] for _ in range(3)]

    one = admin("DELETE", f"/faults/{numbers[1]}")
    none = admin("DELETE", f"/faults/{numbers[1]}")
    left = [fault["id"] for fault in admin("GET", "/faults")[1]["faults"]]

    assert one == (200, {"removed": 1})
    assert none == (404, {"error": f"No fault {numbers[1]} is planned."})
    assert left == [numbers[0], numbers[2]]
    assert admin("DELETE", "/faults") == (200, {"removed": 2})
    assert admin("GET", "/faults") == (200, {"faults": []})


def test_the_catalogue_can_be_asked_for(admin: Admin) -> None:
    status, answer = admin("GET", "/catalogue")

    assert status == 200
    assert [row["name"] for row in answer["faults"]] == [entry.name for entry in CATALOGUE]


def test_calls_are_shown_from_a_number_on_and_forgotten(api: Api, admin: Admin) -> None:
    for path in ("limits", "nothing", "sobjects"):
        api.call("GET", path)

    calls = admin("GET", "/calls")[1]["calls"]
    later = admin("GET", f"/calls?since={calls[1]['number']}")[1]["calls"]

    assert [one["status"] for one in calls] == [200, 404, 200]
    assert [one["kind"] for one in calls] == ["limits", "unknown", "describe"]
    assert later == calls[2:]
    assert admin("GET", "/calls?since=x")[0] == 400
    assert admin("DELETE", "/calls") == (200, {"removed": 3})
    assert admin("GET", "/calls")[1] == {"calls": []}


def test_the_usage_tells_what_counts(api: Api, admin: Admin) -> None:
    before = admin("GET", "/usage")[1]
    api.call("GET", "limits")
    api.call("GET", "/services/data")

    after = admin("GET", "/usage")[1]

    assert after["used"] == before["used"] + 1
    assert after["limit"] == api.org.settings.daily_limit
    assert after["calls"] == {"limits": 1, "versions": 1}


def test_a_virtual_clock_is_advanced(api: Api, admin: Admin) -> None:
    before = api.org.clock()

    status, answer = admin("POST", "/clock", {"advance": 90})

    assert (status, (api.org.clock() - before).total_seconds()) == (200, 90)
    assert answer == {"now": api.org.clock().isoformat()} == admin("GET", "/clock")[1]
    for wrong in ({}, {"advance": "90"}, {"advance": True}):
        assert admin("POST", "/clock", wrong)[0] == 400


def test_the_machines_clock_is_left_alone() -> None:
    with AdminServer(Org()) as running, requests.Session() as session:
        status, answer = Admin(running, session)("POST", "/clock", {"advance": 1})

    assert (status, answer) == (409, {"error": "The org runs by the machine's clock, which cannot be advanced."})


def test_all_sessions_end(api: Api, admin: Admin) -> None:
    assert api.call("GET", "limits").status == 200

    status, answer = admin("POST", "/sessions/expire")

    assert (status, answer["expired"] >= 1) == (200, True)
    assert api.call("GET", "limits").status == 401
    assert admin("POST", "/sessions/expire")[1] == {"expired": 0}


def test_somebody_elses_transaction_is_opened_and_committed(api: Api, admin: Admin) -> None:
    steps = [
        {"insert": "Account", "values": {"Name": "Late"}},
        {"update": "Account", "id": api.account, "values": {"Name": "Changed"}},
    ]
    status, opened = admin("POST", "/transactions", {"steps": steps})
    new = opened["ids"][0]
    unseen = api.call("GET", f"sobjects/Account/{new}").status

    committed = admin("POST", f"/transactions/{opened['id']}/commit")

    assert (status, unseen, committed[0]) == (201, 404, 200)
    assert opened["ids"] == [new, api.account]
    assert api.value("Account", new, "Name") == "Late"
    assert api.value("Account", api.account, "Name") == "Changed"
    ended = f"No transaction {opened['id']} is open."
    assert admin("POST", f"/transactions/{opened['id']}/commit") == (404, {"error": ended})
    assert admin("POST", "/transactions/99/rollback")[0] == 404


def test_a_transaction_is_rolled_back(api: Api, admin: Admin) -> None:
    account = api.create("Account", Name="Stays")
    opened = admin("POST", "/transactions", {"steps": [{"delete": "Account", "id": account}]})[1]

    status, _ = admin("POST", f"/transactions/{opened['id']}/rollback")

    assert status == 200
    assert api.value("Account", account, "Name") == "Stays"
    assert api.org.transactions == []


def test_a_transaction_with_a_wrong_step_is_not_opened(api: Api, admin: Admin) -> None:
    for steps in ([{"upsert": "Account"}], ["x"], [{"insert": "Account", "values": {}}], [{"insert": "Nothing"}]):
        status, answer = admin("POST", "/transactions", {"steps": steps})

        assert (status, list(answer)) == (400, ["error"])
    assert api.org.transactions == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/faults", {"name": "nope"}, 400, "unknown fault 'nope'"),
        ("POST", "/faults", {"name": "reset", "nth": "x"}, 400, "fault reset: nth must be a whole number"),
        ("POST", "/faults", {"nth": 1}, 400, "Say which fault"),
        ("POST", "/faults", {"name": "reset", "now": True}, 400, "fault reset: strikes calls"),
        ("POST", "/faults", {"spec": "reset", "nth": 2}, 400, "Say which fault"),
        ("POST", "/faults", [1], 400, "The body must be a JSON object"),
        ("POST", "/faults", "{", 400, "The body is no JSON"),
        ("POST", "/faults", "[" * 5_000, 400, "The body is nested too deep."),
        ("GET", "/fault", None, 404, "The admin port knows no GET /fault."),
        ("PUT", "/faults", {}, 405, "The admin port knows no PUT /faults."),
        ("DELETE", "/faults/x", None, 404, "The admin port knows no DELETE /faults/x."),
        ("POST", "/faults", {"name": "reset", "self": 1}, 400, "fault reset: there is no option 'self'"),
    ],
)
def test_errors_are_json_with_a_sentence(
    admin: Admin, method: str, path: str, body: Any, status: int, words: str
) -> None:
    answered, answer = admin(method, path, body)

    assert answered == status
    assert answer["error"].startswith(words)


@pytest.mark.parametrize("header", [{"Origin": "http://localhost"}, {"Origin": "null"}, {"Host": "evil.example"}])
def test_web_pages_are_not_let_in(api: Api, admin: Admin, header: dict[str, str]) -> None:
    status, answer = admin("POST", "/faults", {"name": "reset"}, headers=header)

    assert status == 403
    assert answer["error"].endswith(".")
    assert len(api.org.faults) == 0


def test_it_answers_by_both_names_of_this_machine_and_on_no_other_address(server: AdminServer, admin: Admin) -> None:
    assert server.url == f"http://127.0.0.1:{server.port}"
    assert admin("GET", "/usage", headers={"Host": f"localhost:{server.port}"})[0] == 200
    with socket.socket() as other:
        other.settimeout(1)
        assert other.connect_ex(("127.0.0.2", server.port)) != 0


def test_a_port_that_is_taken_is_an_os_error(server: AdminServer) -> None:
    with pytest.raises(OSError, match="Address already in use"):
        AdminServer(Org(), port=server.port)
