"""What people see when something is wrong: one message, the remedy, the exit code; no traceback and no secret."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from sfsync.cli.main import main
from tests.box import SECRET, Box, Ended, open_box

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

WRONG_SECRET = "s3cret-that-is-not-the-one"


@dataclass
class Inside(Box):
    """Its commands run in this process: they say and end with the same, and start at once."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Ended:
        """Run a command to its end."""
        for name in {name for name in os.environ if name.startswith("SFSYNC_")} - self.variables.keys():
            self.monkeypatch.delenv(name)
        for name, value in self.variables.items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.delenv("COLUMNS", raising=False)
        self.monkeypatch.chdir(self.folder)
        self.capsys.readouterr()
        code = main(arguments)
        written = self.capsys.readouterr()
        return Ended(code, written.out, written.err)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Generator[Box]:
    with open_box(tmp_path) as box:
        yield Inside(**vars(box), monkeypatch=monkeypatch, capsys=capsys)


def wrong_secret(box: Box) -> None:
    box.set(SALESFORCE__CLIENT_SECRET=WRONG_SECRET)


def unknown_client(box: Box) -> None:
    box.set(SALESFORCE__CLIENT_ID="3MVGunknown")


def frozen_user(box: Box) -> None:
    box.org.settings.users[0].active = False


def no_external_id_field(box: Box) -> None:
    box.org.hide_field("Order", "SFSync_Key__c")
    box.org.hide_field("OrderItem", "SFSync_Key__c")


def hidden_field(box: Box) -> None:
    box.org.hide_field("OpportunityLineItem", "TotalPrice")


def unreachable_host(box: Box) -> None:
    box.set(SALESFORCE__LOGIN_URL="https://localhost:1")


def untrusted_certificate(box: Box) -> None:
    del box.variables["SFSYNC_SALESFORCE__CA_FILE"]


def misspelt_variable(box: Box) -> None:
    box.set(SALESFORCE__CLIENT_SECERT=WRONG_SECRET)


def misspelt_setting(box: Box) -> None:
    (box.folder / "sfsync.toml").write_text(f'[salesforce]\nclient_secert = "{WRONG_SECRET}"\n', encoding="utf-8")


def no_credentials(box: Box) -> None:
    del box.variables["SFSYNC_SALESFORCE__CLIENT_SECRET"]


FAILURES: list[tuple[Callable[[Box], None], int, str, str]] = [
    (wrong_secret, 2, "invalid client credentials", "Check client_secret"),
    (unknown_client, 2, "client identifier invalid", "Check client_id"),
    (frozen_user, 2, "inactive user", "unfreeze"),
    (no_external_id_field, 2, "Order.SFSync_Key__c", "External ID, Unique, case-sensitive"),
    (hidden_field, 2, "OpportunityLineItem.TotalPrice", "permission set read access"),
    (unreachable_host, 75, "localhost:1 cannot be reached", "Check the network and login_url"),
    (untrusted_certificate, 75, "certificate of localhost", "ca_file"),
    (misspelt_variable, 2, "SFSYNC_SALESFORCE__CLIENT_SECERT", "Did you mean SFSYNC_SALESFORCE__CLIENT_SECRET?"),
    (misspelt_setting, 2, "salesforce.client_secert", "Did you mean salesforce.client_secret?"),
    (no_credentials, 2, "no credentials", "Set client_secret"),
]
IN_JSON = [failure for failure in FAILURES if failure[0] in (wrong_secret, hidden_field, misspelt_variable)]
"""One of each room that an error can come from: login, schema, settings. All errors leave by the same door."""


@pytest.mark.parametrize("command", ["sync", "doctor"])
@pytest.mark.parametrize(
    ("break_it", "exit_code", "message", "remedy"), FAILURES, ids=[failure[0].__name__ for failure in FAILURES]
)
def test_a_failure_is_one_clear_message_with_its_remedy_and_exit_code(
    box: Box, break_it: Callable[[Box], None], exit_code: int, message: str, remedy: str, command: str
) -> None:
    box.world.deal()
    break_it(box)

    ended = box.run(command)

    assert ended.exit_code == exit_code
    assert message in ended.said
    assert remedy in ended.said
    if command == "sync":
        assert ended.stdout == ""
        assert ended.stderr.startswith("error: ")
        assert len(ended.stderr.splitlines()) <= 2
    assert "Traceback" not in ended.said
    for secret in (SECRET, WRONG_SECRET):
        assert secret not in ended.said
        assert secret.encode() not in (box.database.read_bytes() if box.database.exists() else b"")
    assert box.org.query("SELECT Id FROM Order") == []


@pytest.mark.parametrize(
    ("break_it", "exit_code", "message", "remedy"), IN_JSON, ids=[failure[0].__name__ for failure in IN_JSON]
)
def test_a_program_gets_the_failure_as_json(
    box: Box, break_it: Callable[[Box], None], exit_code: int, message: str, remedy: str
) -> None:
    break_it(box)

    ended = box.run("sync", "--json")

    error = ended.json()["error"]
    assert ended.exit_code == exit_code
    assert message in error["message"]
    assert remedy in f"{error['message']} {error['remedy']}"
    assert ended.stderr == ""


def test_a_wrong_secret_is_tried_once(box: Box) -> None:
    wrong_secret(box)

    box.run("sync")

    assert len(box.org.calls) == 1


def test_what_was_wrong_is_kept_in_the_run(box: Box) -> None:
    frozen_user(box)
    box.run("sync")

    ended = box.run("runs", "--json")

    assert "inactive user" in ended.stdout


def test_after_it_is_fixed_the_next_sync_goes_through(box: Box) -> None:
    deal = box.world.deal()
    no_external_id_field(box)
    assert box.run("sync").exit_code == 2

    for name in ("Order", "OrderItem"):
        box.org.show_field(name, "SFSync_Key__c")

    assert box.run("sync").exit_code == 0
    assert len(box.world.orders(deal)) == 1


@pytest.mark.process
def test_a_process_of_its_own_fails_in_the_same_way(tmp_path: Path) -> None:
    with open_box(tmp_path) as box:
        wrong_secret(box)

        ended = box.run_python("sync")

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("error: ")
    assert "Check client_secret" in ended.stderr
