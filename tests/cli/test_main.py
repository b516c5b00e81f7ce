"""The program itself: help, versions, wrong use, unexpected errors; never a traceback, always an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sfsync import __version__
from sfsync.cli.commands import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.store.engine import Database
    from tests.cli.conftest import Ended
    from tests.world import World

    Program = Callable[..., Ended]

PROGRAM = "import sys; from sfsync.cli.main import main; sys.exit(main())"


def test_help_names_every_command(sfsync: Program) -> None:
    ended = sfsync("--help")

    assert ended.code == 0
    for command in COMMANDS:
        assert f" {command.name} " in ended.out
        assert command.help in ended.out
    assert "75 try later" in ended.text


def test_without_a_command_the_help_is_shown_and_nothing_else(sfsync: Program) -> None:
    ended = sfsync()

    assert (ended.code, ended.err) == (2, "")
    assert "Usage: sfsync" in ended.out


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_command_can_be_loaded_and_has_help(sfsync: Program, name: str) -> None:
    ended = sfsync(name, "--help")

    assert ended.code == 0
    assert f"Usage: sfsync {name}" in ended.out


@pytest.mark.process
def test_help_loads_neither_database_nor_network_nor_settings() -> None:
    script = (
        "import sys\nfrom sfsync.cli.main import main\nmain(['--help'])\n"
        "print([m for m in ('sqlalchemy', 'requests', 'pydantic', 'uvicorn', 'lark', 'alembic') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.process
def test_commands_that_only_look_load_nothing_that_speaks_to_an_org(mirror: Database) -> None:
    commands = ["status", "orders list", "logs", "runs list", "db check"]
    script = (
        "import sys\nfrom sfsync.cli.main import main\n"
        f"for command in {commands}:\n"
        "    code = main([*command.split(), '--json'])\n"
        "    loaded = {'simple_salesforce', 'requests', 'jwt', 'apscheduler', 'alembic'} & set(sys.modules)\n"
        "    print(command, code, sorted(loaded), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True, check=True)

    assert done.stderr.splitlines() == [f"{command} 0 []" for command in commands]


def test_the_version_is_told(sfsync: Program) -> None:
    assert sfsync("--version").out == f"sfsync {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("synch",), "sync"), (("sync", "--dry"), "--dry"), (("why",), "RECORD"), (("runs", "show", "x"), "ID")],
)
def test_wrong_use_is_one_sentence_and_where_to_look(sfsync: Program, arguments: tuple[str, ...], said: str) -> None:
    ended = sfsync(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: ")
    assert said in ended.err
    assert "--help` shows how it is used." in ended.err


def test_wrong_use_is_json_when_json_is_wanted(sfsync: Program) -> None:
    ended = sfsync("sync", "--frob", "--json")

    assert (ended.code, ended.err) == (2, "")
    assert ended.json["error"]["code"] == "usage"


def test_errors_are_json_when_json_is_wanted(mirror: Database, sfsync: Program) -> None:
    ended = sfsync("why", "nothing", "--json")

    assert (ended.code, ended.err) == (2, "")
    assert ended.json["error"].keys() == {"code", "message", "remedy"}
    assert ended.json["error"]["code"] == "record_not_found"


def test_a_misspelt_setting_is_named(mirror: Database, sfsync: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_SYNC__LOOKBACK_SECOND", "60")

    ended = sfsync("status")

    assert ended.code == 2
    assert "SFSYNC_SYNC__LOOKBACK_SECOND" in ended.err
    assert "Traceback" not in ended.err


def test_an_unexpected_error_is_one_line_and_the_traceback_is_for_debug(mirror: Database, sfsync: Program) -> None:
    with mirror.begin() as tx:
        tx.exec_driver_sql(
            "INSERT INTO runs (org, command, host, pid, started_at) VALUES ('default', 's', 'h', 1, 'x')"
        )

    ended = sfsync("runs")

    assert (ended.code, ended.out) == (70, "")
    assert "did not expect" in ended.err
    assert "--debug" in ended.err
    assert "Traceback" not in ended.err
    assert "Traceback" in sfsync("runs", "--debug").err
    assert sfsync("runs", "--json").json["error"]["code"] == "unexpected"


def test_the_org_may_stand_before_or_after_the_command(
    mirror: Database, sfsync: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_ORGS__EMEA__LOGIN_URL", "https://emea.example")

    assert sfsync("--org", "emea", "status", "--json").json["org"] == "emea"
    assert sfsync("status", "--org", "emea", "--json").json["org"] == "emea"
    assert sfsync("--org", "emea", "runs", "list", "--json").code == 0
    assert sfsync("--org", "emae", "runs", "list").code == 2


def test_an_unknown_org_is_named_with_the_nearest_one(
    mirror: Database, sfsync: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_ORGS__EMEA__LOGIN_URL", "https://emea.example")

    ended = sfsync("status", "--org", "emae")

    assert ended.code == 2
    assert "Did you mean emea?" in ended.err


def test_the_only_org_needs_no_name_and_of_several_one_must_be_named(
    mirror: Database, sfsync: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_ORGS__EMEA__LOGIN_URL", "https://emea.example")
    assert sfsync("status", "--json").json["org"] == "emea"
    monkeypatch.setenv("SFSYNC_ORGS__APAC__LOGIN_URL", "https://apac.example")

    ended = sfsync("status")

    assert ended.code == 2
    assert "--org" in ended.err


@pytest.mark.process
def test_nobody_reading_the_output_ends_it_quietly(org: World, sfsync: Program) -> None:
    org.deal()
    sfsync("sync")
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "logs"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(writer)

    assert (done.returncode, done.stderr) == (141, "")


def test_names_from_the_org_cannot_steer_the_terminal(org: World, sfsync: Program) -> None:
    org.deal(name="Red \x1b[31malert\x07", AccountId=None)

    ended = sfsync("sync")

    assert "Red  [31malert" in ended.out
    assert not {"\x1b", "\x07"} & set(ended.out)


def test_the_schema_of_the_database_is_checked_and_upgraded(
    sfsync: Program, new_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_DATABASE_URL", new_database_url)

    assert (sfsync("db", "check").code, sfsync("db", "check", "--json").json["ok"]) == (2, False)
    assert sfsync("db", "upgrade", "--json").json["changed"] is True
    assert (sfsync("db", "check").code, sfsync("db", "check", "--json").json["ok"]) == (0, True)
    assert "already" in sfsync("db", "upgrade").out
