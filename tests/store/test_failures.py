from __future__ import annotations

import shutil
import socket
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from sfsync.errors import DatabaseRefused, DatabaseUnavailable, SettingsError
from sfsync.store import migrations
from sfsync.store.engine import open_database
from tests.postgres import GUARDED
from tests.store.processes import as_ordinary_user

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfsync.store.engine import Tx
    from tests.postgres import Server


@pytest.fixture
def open_folder() -> Generator[Path]:
    """A folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="sfsync-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "not a database URL"),
        ("sfsync.db", "not a database URL"),
        ("postgresql://user:hunter2@host:port/db", "not a database URL"),
        ("mysql://user:hunter2@host/db", "the database kind “mysql”"),
        ("postgresql+psycopg2://user:hunter2@host/db", "the database kind “postgresql[+]psycopg2”"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///a.db?mode=ro", "no options"),
        ("sqlite://host/a.db", "no host"),
    ],
)
def test_a_url_that_cannot_be_used_names_the_setting_and_the_right_form(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as raised:
        open_database(url)

    assert "SFSYNC_DATABASE_URL" in str(raised.value)
    assert "sqlite:///folder/sfsync.db" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_missing_driver_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(DatabaseRefused, match=r'pip install "sfsync\[postgres\]"'):
        open_database("postgresql://user@host/db")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match=f"The folder {tmp_path}/none of the database file does not exist"):
        open_database(f"sqlite:///{tmp_path}/none/sfsync.db")


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match="is a folder, not a database file"):
        open_database(f"sqlite:///{tmp_path}")


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir or Madam, " * 100)

    with pytest.raises(DatabaseRefused, match=r"letter\.txt is not an SQLite database"):
        open_database(f"sqlite:///{file}")

    assert file.read_text() == "Dear Sir or Madam, " * 100


def test_a_damaged_database_is_refused(sqlite_url: str) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))

    with pytest.raises(DatabaseRefused, match="is damaged"):
        open_database(sqlite_url)


def test_a_file_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "bookmarks.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = file.read_bytes()

    with pytest.raises(DatabaseRefused, match="tables of another program: bookmarks"):
        open_database(f"sqlite:///{file}")

    assert file.read_bytes() == before


def test_a_folder_without_the_right_to_write_is_refused(open_folder: Path) -> None:
    open_folder.chmod(0o555)

    message = as_ordinary_user(lambda: open_database(f"sqlite:///{open_folder}/sfsync.db"))

    assert message.startswith(f"DatabaseRefused: The database folder {open_folder} may not be written by this user.")


def test_a_file_without_the_right_to_write_is_refused(open_folder: Path) -> None:
    url = f"sqlite:///{open_folder}/sfsync.db"
    open_database(url).close()
    (open_folder / "sfsync.db").chmod(0o444)
    open_folder.chmod(0o777)

    message = as_ordinary_user(lambda: open_database(url))

    assert message.startswith(f"DatabaseRefused: The database file {open_folder}/sfsync.db may not be written")


def test_a_file_that_becomes_read_only_is_refused_when_it_is_written(sqlite_url: str) -> None:
    db = open_database(sqlite_url)

    def delete_without_rights(tx: Tx) -> None:
        tx.execute(text("PRAGMA query_only = ON"))
        tx.execute(text("DELETE FROM accounts"))

    with pytest.raises(DatabaseRefused, match="may not be written by this user"), db.begin() as tx:
        delete_without_rights(tx)

    db.close()


def test_a_wrong_password_is_refused_without_showing_it(postgres_server: Server) -> None:
    with pytest.raises(DatabaseRefused, match=r"refused the login.*password authentication failed") as raised:
        open_database(postgres_server.url("postgres", GUARDED, "hunter2"))

    assert "hunter2" not in str(raised.value)
    assert "hunter2" not in str(raised.value.__cause__)
    assert "SFSYNC_DATABASE_URL" in str(raised.value)


def test_a_password_is_hidden_wherever_the_driver_repeats_it(postgres_server: Server) -> None:
    with pytest.raises(DatabaseRefused, match=r'for user "[*]{3}"'):
        open_database(postgres_server.url("postgres", GUARDED, GUARDED))


def test_an_at_sign_in_the_password_is_explained_and_nothing_of_it_shown() -> None:
    with pytest.raises(SettingsError, match=r"more than one “@”.*%40") as raised:
        open_database("postgresql://user:hun@ter2@host/db")

    assert "ter2" not in str(raised.value)


def test_an_unknown_user_is_refused(postgres_server: Server) -> None:
    with pytest.raises(DatabaseRefused, match="refused the login"):
        open_database(postgres_server.url("postgres", "nobody_of_that_name"))


def test_a_database_that_does_not_exist_is_refused(postgres_server: Server) -> None:
    with pytest.raises(DatabaseRefused, match=r"does not exist.*createdb"):
        open_database(postgres_server.url("no_such_database"))


def test_a_user_who_may_not_create_tables_is_refused(postgres_server: Server, new_postgres_url: str) -> None:
    name = new_postgres_url.split("@/")[1].partition("?")[0]
    postgres_server.execute("CREATE ROLE visitor LOGIN")

    try:
        with pytest.raises(DatabaseRefused, match=r"rights that sfsync needs.*GRANT"):
            open_database(postgres_server.url(name, "visitor"))
    finally:
        postgres_server.execute("DROP ROLE visitor")


def test_a_host_that_does_not_answer_is_unavailable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

        with pytest.raises(DatabaseUnavailable, match=r"does not answer.*Connection refused") as raised:
            open_database(f"postgresql://user:hunter2@127.0.0.1:{port}/db")

    assert f"postgresql://user@127.0.0.1:{port}/db" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_host_that_nobody_knows_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        open_database("postgresql://user@no-such-host.invalid/db")


def test_the_url_is_shown_without_password_and_options(postgres_url: str) -> None:
    db = open_database(postgres_url.replace("postgres@", "postgres:hunter2@").replace("postgresql:", "postgres:"))

    assert db.kind == "postgresql"
    assert db.shown_url.startswith("postgresql://postgres@/filled_")
    assert "?" not in db.shown_url
    db.close()


@pytest.mark.parametrize("act", [migrations.check, migrations.upgrade])
def test_checking_and_upgrading_explain_themselves_as_opening_does(act: type, tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match="does not exist"):
        act(f"sqlite:///{tmp_path}/none/sfsync.db")
