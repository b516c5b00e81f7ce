"""A starting point in an empty folder."""

from __future__ import annotations

import stat
import tomllib
from datetime import date
from pathlib import Path

import pytest

from sfsync.config import load_settings
from sfsync.errors import SettingsError, UsageError
from sfsync.service.scaffold import start

DAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_empty_folder_gets_settings_a_place_for_secrets_and_a_database(folder: Path) -> None:
    started = start(since=DAY, login_url="https://acme.my.salesforce.com", client_id="3MVG9")

    assert started.config_made
    assert started.dotenv_made
    assert {path.name for path in folder.iterdir()} >= {"sfsync.toml", ".env", "sfsync.db"}
    settings = load_settings()
    assert settings.orders.since == DAY
    assert settings.salesforce.login_url == "https://acme.my.salesforce.com"
    assert settings.salesforce.client_id == "3MVG9"


def test_nobody_else_may_read_the_place_for_secrets() -> None:
    start(since=DAY)

    assert stat.S_IMODE(Path(".env").stat().st_mode) == 0o600


def test_only_the_lines_of_the_given_settings_differ_from_the_documented_file() -> None:
    start(since=DAY, login_url="https://acme.my.salesforce.com")

    content = tomllib.loads(Path("sfsync.toml").read_text(encoding="utf-8"))
    assert content["salesforce"]["login_url"] == "https://acme.my.salesforce.com"
    assert "client_id" not in content["salesforce"]
    assert content["orders"]["since"] == "2026-03-02"
    assert "orgs" not in content


def test_a_folder_config_is_where_the_settings_go() -> None:
    Path("config").mkdir()

    assert start(since=DAY).config == Path("config/sfsync.toml")


def test_the_file_that_the_environment_names_is_where_the_settings_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_CONFIG", "mine.toml")

    assert start(since=DAY).config == Path("mine.toml")
    assert load_settings().orders.since == DAY


def test_nothing_that_is_there_is_overwritten() -> None:
    Path("sfsync.toml").write_text("[daemon]\ninterval_seconds = 7\n", encoding="utf-8")
    Path(".env").write_text("SFSYNC_LOG__LEVEL=error\n", encoding="utf-8")

    started = start(since=DAY)

    assert not started.config_made
    assert not started.dotenv_made
    assert started.since is None
    settings = load_settings()
    assert settings.daemon.interval_seconds == 7
    assert settings.log.level == "error"


def test_a_value_that_could_not_be_written_is_an_error() -> None:
    Path("sfsync.toml").write_text("", encoding="utf-8")

    with pytest.raises(UsageError, match=r"sfsync\.toml exists already"):
        start(since=DAY, login_url="https://acme.my.salesforce.com")


def test_a_wrong_value_is_refused_and_leaves_nothing_behind(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"salesforce\.login_url"):
        start(since=DAY, login_url="acme")

    assert list(folder.iterdir()) == []
