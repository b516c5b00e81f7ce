"""`sfsync init`: what it prints; what it writes is tested with sfsync.service.scaffold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.config import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.cli.conftest import Ended

    Sfsync = Callable[..., Ended]


def test_it_says_what_it_wrote_and_that_old_deals_are_left_alone(sfsync: Sfsync) -> None:
    ended = sfsync("init")

    since = load_settings().orders.since
    assert ended.code == 0
    assert since is not None
    assert "written  sfsync.toml" in ended.out
    assert f"Deals closed before {since.isoformat()} get no orders" in ended.out
    assert ended.out.index("sfsync doctor") < ended.out.index("sfsync plan") < ended.out.index("sfsync sync")


def test_it_names_what_is_still_to_be_filled_in(sfsync: Sfsync) -> None:
    assert "salesforce.login_url and salesforce.client_id are not set" in sfsync("init").out


def test_a_day_of_ones_own_is_written(sfsync: Sfsync) -> None:
    assert sfsync("init", "--since", "2026-01-15", "--json").json["orders_since"] == "2026-01-15"


def test_a_second_time_everything_is_kept(sfsync: Sfsync) -> None:
    sfsync("init", "--login-url", "https://acme.my.salesforce.com")
    before = {path: path.read_bytes() for path in (Path("sfsync.toml"), Path(".env"))}

    ended = sfsync("init")

    assert ended.code == 0
    assert "kept     sfsync.toml" in ended.out
    assert {path: path.read_bytes() for path in before} == before


def test_an_older_settings_file_without_a_first_day_is_a_warning(sfsync: Sfsync) -> None:
    Path("sfsync.toml").write_text("[daemon]\ninterval_seconds = 7\n", encoding="utf-8")

    assert "EVERY won deal" in sfsync("init").out


def test_values_for_a_file_that_is_not_written_are_wrong_use(sfsync: Sfsync) -> None:
    Path("sfsync.toml").write_text("", encoding="utf-8")

    ended = sfsync("init", "--client-id", "3MVG9")

    assert ended.code == 2
    assert "exists already" in ended.err


def test_the_database_is_set_up(sfsync: Sfsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_DATABASE_URL", f"sqlite:///{tmp_path / 'mine.db'}")

    sfsync("init")

    assert sfsync("db", "check").code == 0
    assert (tmp_path / "mine.db").is_file()
