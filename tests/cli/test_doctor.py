"""`sfsync doctor`: each thing that can be wrong, in words, with its remedy and exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.emulator.settings import ORDER_STATUSES, StatusValue
from tests.world import STATUSES, World, new_org

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Ended

    Sfsync = Callable[..., Ended]


def findings(ended: Ended, name: str) -> list[dict[str, Any]]:
    return [check for check in ended.json["checks"] if check["name"] == name]


def problem(ended: Ended) -> dict[str, Any]:
    """The only problem that was found."""
    [found] = [check for check in ended.json["checks"] if check["verdict"] == "problem"]
    assert found["remedy"]
    return dict(found)


def test_where_nothing_is_wrong_every_finding_is_ok_or_a_note(org: World, sfsync: Sfsync) -> None:
    ended = sfsync("doctor", "--json")

    assert ended.code == 0
    assert ended.json["ok"] is True
    names = {check["name"] for check in ended.json["checks"] if check["verdict"] == "ok"}
    assert names == {"settings", "database", "login", "fields", "keys", "statuses", "permissions", "api"}
    assert not [check for check in ended.json["checks"] if check["verdict"] == "problem"]


def test_the_login_says_who_we_are_and_in_which_org(org: World, sfsync: Sfsync) -> None:
    [login] = findings(sfsync("doctor", "--json"), "login")

    assert "integration@emulator.test" in login["message"]
    assert "Emulated Company" in login["message"]


def test_people_get_a_line_for_each_finding_and_a_last_word(org: World, sfsync: Sfsync) -> None:
    ended = sfsync("doctor")

    assert ended.code == 0
    assert ended.out.startswith("ok       settings: ")
    assert ended.out.endswith("All is well.\n")


def test_a_mapping_that_stops_all_work_says_so(org: World, sfsync: Sfsync, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_STATUSES__CANCELLED", "Draft")

    ended = sfsync("doctor", "--json")

    assert (ended.code, problem(ended)["remedy"]) == (2, "Nothing runs until then.")
    assert "Draft and Cancelled" in problem(ended)["message"]


def test_nothing_is_written_to_the_org(org: World, sfsync: Sfsync) -> None:
    org.deal()

    sfsync("doctor")

    assert org.orders() == []
    assert {call.kind for call in org.org.calls if call.method != "GET"} <= {"oauth", "composite"}


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("SFSYNC_SALESFORCE__LOGIN_URL", "https://localhost:1", "cannot be reached"),
        ("SFSYNC_SALESFORCE__LOGIN_URL", "https://nowhere.invalid", "cannot be reached"),
    ],
)
def test_a_host_that_cannot_be_reached_is_for_later(
    org: World, sfsync: Sfsync, monkeypatch: pytest.MonkeyPatch, name: str, value: str, word: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setenv(name, value)

    ended = sfsync("doctor", "--json")

    assert ended.code == 75
    assert word in problem(ended)["message"]


def test_a_certificate_that_is_not_trusted_is_said_to_be_that(
    org: World, sfsync: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SFSYNC_SALESFORCE__CA_FILE")

    ended = sfsync("doctor", "--json")

    found = problem(ended)
    assert found["name"] == "login"
    assert "certificate" in found["message"]
    assert "ca_file" in found["remedy"]


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("SFSYNC_SALESFORCE__CLIENT_SECRET", "not-the-secret", "client_secret"),
        ("SFSYNC_SALESFORCE__CLIENT_ID", "3MVGunknown", "client_id"),
    ],
)
def test_wrong_credentials_are_told_apart(
    org: World, sfsync: Sfsync, monkeypatch: pytest.MonkeyPatch, name: str, value: str, word: str
) -> None:
    monkeypatch.setenv(name, value)

    ended = sfsync("doctor", "--json")

    assert ended.code == 2
    assert problem(ended)["name"] == "login"
    assert word in problem(ended)["remedy"]


def test_a_frozen_user_is_said_to_be_frozen(org: World, sfsync: Sfsync) -> None:
    org.org.settings.users[0].active = False

    ended = sfsync("doctor", "--json")

    assert ended.code == 2
    assert "inactive user" in problem(ended)["message"]


def test_a_user_without_api_rights_is_let_in_and_then_refused(org: World, sfsync: Sfsync) -> None:
    org.org.settings.api_enabled = False

    ended = sfsync("doctor", "--json")

    assert ended.code == 2
    assert findings(ended, "login")[0]["verdict"] == "ok"
    assert problem(ended)["name"] == "api"


def test_every_hidden_field_is_named(org: World, sfsync: Sfsync) -> None:
    org.org.hide_field("Opportunity", "Amount")
    org.org.hide_field("Order", "SFSync_Key__c")
    org.org.hide_field("OrderItem", "ServiceDate")

    ended = sfsync("doctor", "--json")

    assert ended.code == 2
    [amount] = [check for check in findings(ended, "fields") if check["verdict"] == "problem"]
    assert "Opportunity.Amount" in amount["message"]
    [key] = findings(ended, "keys")
    assert "Order.SFSync_Key__c" in key["message"]
    notes = [check["message"] for check in findings(ended, "fields") if check["verdict"] == "note"]
    assert any("OrderItem.ServiceDate" in message for message in notes)


def test_an_org_without_orders_is_said_to_lack_them(org: World, sfsync: Sfsync) -> None:
    org.org.switch_orders(on=False)

    ended = sfsync("doctor", "--json")

    assert ended.code == 2
    assert any("Order does not exist" in check["message"] for check in findings(ended, "fields"))


@pytest.mark.parametrize(
    ("lacks", "code", "verdicts"),
    [
        ((), 0, ["ok", "ok"]),
        (("activate_orders",), 1, ["problem", "ok"]),
        (("activate_orders", "edit_activated_orders"), 1, ["problem", "problem"]),
    ],
)
def test_rights_that_the_user_has_or_lacks_are_proven(
    org: World, sfsync: Sfsync, lacks: tuple[str, ...], code: int, verdicts: list[str]
) -> None:
    for right in lacks:
        setattr(org.org.settings, right, False)

    ended = sfsync("doctor", "--json")

    assert ended.code == code
    assert [check["verdict"] for check in findings(ended, "permissions")] == verdicts


def test_rights_that_the_org_does_not_show_are_not_claimed(org: World, sfsync: Sfsync) -> None:
    org.org.hide_field("UserPermissionAccess", "PermissionsEditActivatedOrders")

    ended = sfsync("doctor", "--json")

    assert ended.code == 0
    assert [check["verdict"] for check in findings(ended, "permissions")] == ["ok", "note"]


def test_where_the_org_shows_no_rights_at_all_the_doctor_says_so(org: World, sfsync: Sfsync) -> None:
    org.org.schema.hide_object("UserPermissionAccess")

    ended = sfsync("doctor", "--json")

    assert ended.code == 0
    assert [check["verdict"] for check in findings(ended, "permissions")] == ["note", "note"]


class TestInAnOrgWithTheStandardStatuses:
    @pytest.fixture
    def world(self) -> World:
        return World(new_org(order_statuses=ORDER_STATUSES))

    @pytest.mark.usefixtures("org")
    def test_statuses_that_it_lacks_are_named_with_what_it_has(self, sfsync: Sfsync) -> None:
        ended = sfsync("doctor", "--json")

        assert ended.code == 1
        fulfilled, cancelled = findings(ended, "statuses")
        assert "“Fulfilled”" in fulfilled["message"]
        assert "statuses.fulfilled" in fulfilled["message"]
        assert "“Cancelled”" in cancelled["message"]


class TestInAnOrgOfManyStatuses:
    @pytest.fixture
    def world(self) -> World:
        return World(new_org(order_statuses=(*STATUSES, StatusValue("Delivered", "Activated"))))

    @pytest.mark.usefixtures("org")
    def test_values_that_are_read_as_a_status_are_shown(self, sfsync: Sfsync, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SFSYNC_STATUSES__ALSO_FULFILLED", "Delivered")

        [found] = findings(sfsync("doctor", "--json"), "statuses")

        assert (found["verdict"], found["message"].endswith("; “Delivered” is read as Fulfilled.")) == ("ok", True)


def test_a_nearly_used_up_allowance_is_worth_a_note(org: World, sfsync: Sfsync) -> None:
    org.org.settings.daily_limit = 2

    [usage] = findings(sfsync("doctor", "--json"), "api")

    assert usage["verdict"] == "note"
    assert "2 of 2" in usage["message"]


def test_clocks_that_differ_are_worth_a_note(org: World, sfsync: Sfsync) -> None:
    [clock] = findings(sfsync("doctor", "--json"), "clock")  # the org's stands still

    assert clock["verdict"] == "note"
    assert "ahead of" in clock["message"]


def test_a_setting_that_is_missing_stops_the_examination(
    org: World, sfsync: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SFSYNC_SALESFORCE__CLIENT_ID")

    ended = sfsync("doctor", "--json")

    assert ended.code == 2
    assert problem(ended)["name"] == "settings"
    assert len(org.org.calls) == 0


def test_a_database_that_cannot_be_used_is_named(
    org: World, sfsync: Sfsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.txt").write_text("this is no database, and long enough to be none\n" * 100)
    monkeypatch.setenv("SFSYNC_DATABASE_URL", f"sqlite:///{tmp_path / 'notes.txt'}")

    ended = sfsync("doctor", "--json")

    assert ended.code == 2
    assert problem(ended)["name"] == "database"
    assert "notes.txt" in problem(ended)["message"]


def test_of_several_orgs_without_a_default_one_has_to_be_named(
    org: World, sfsync: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("sfsync.toml").write_text(
        '[orgs.eu]\nlogin_url = "https://eu.example"\n[orgs.us]\nlogin_url = "https://us.example"\n'
    )
    monkeypatch.delenv("SFSYNC_SALESFORCE__LOGIN_URL")

    ended = sfsync("doctor", "--json")

    assert ended.code == 2
    assert "--org: eu, us" in problem(ended)["remedy"]
