"""Settings come from files and the environment, the nearer wins, and what is misspelt or wrong is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from sfsync.config import Settings, load_settings
from sfsync.config.document import as_toml
from sfsync.errors import SettingsError

SECRET = "hunter2-hunter2"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def refused() -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None or SECRET not in repr(caught.value.__cause__)
    assert not isinstance(caught.value.__cause__, ValidationError), "it keeps the values it was given"
    return caught.value


def test_without_files_and_variables_there_are_the_defaults() -> None:
    assert load_settings() == Settings()


def test_each_source_overrides_the_one_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        folder / "config/sfsync.toml",
        "[sync]\nlookback_seconds = 1\nlease_wait_seconds = 1\n[daemon]\ninterval_seconds = 1\n",
    )
    write(folder / ".env", "SFSYNC_SYNC__LEASE_WAIT_SECONDS=2\nSFSYNC_DAEMON__INTERVAL_SECONDS=2\n")
    monkeypatch.setenv("SFSYNC_DAEMON__INTERVAL_SECONDS", "3")

    settings = load_settings()

    assert (settings.sync.lookback_seconds, settings.sync.lease_wait_seconds) == (1, 2)
    assert settings.daemon.interval_seconds == 3


def test_the_settings_file_is_looked_for_in_config_first(folder: Path) -> None:
    write(folder / "sfsync.toml", "database_url = 'sqlite:///near.db'")
    assert load_settings().database_url == "sqlite:///near.db"

    write(folder / "config/sfsync.toml", "database_url = 'sqlite:///config.db'")
    assert load_settings().database_url == "sqlite:///config.db"


@pytest.mark.parametrize("where", ["argument", "environment", ".env"])
def test_another_settings_file_can_be_named(folder: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    write(folder / "sfsync.toml", "[log]\nlevel = 'error'")
    write(folder / "other.toml", "[log]\nlevel = 'debug'")
    if where == "environment":
        monkeypatch.setenv("SFSYNC_CONFIG", "other.toml")
    if where == ".env":
        write(folder / ".env", "SFSYNC_CONFIG=other.toml\n")

    settings = load_settings(Path("other.toml") if where == "argument" else None)

    assert settings.log.level == "debug"


def test_a_settings_file_that_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_CONFIG", "nowhere.toml")

    assert "nowhere.toml cannot be read (No such file" in refused().message


def test_values_of_all_kinds_can_be_given_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ORDERS__SINCE": "2026-01-31",
        "ORDERS__OPPORTUNITY_TYPES": "New Business, Existing Business,",
        "ORDERS__ZERO_QUANTITY": "true",
        "SALESFORCE__READ_TIMEOUT_SECONDS": "7.5",
        "LOG__LEVEL": "WARNING",
    }.items():
        monkeypatch.setenv(f"SFSYNC_{name}", value)

    settings = load_settings()

    assert settings.orders.since == date(2026, 1, 31)
    assert settings.orders.opportunity_types == ("New Business", "Existing Business")
    assert settings.orders.zero_quantity is True
    assert settings.salesforce.read_timeout_seconds == 7.5
    assert settings.log.level == "warning"


def test_values_of_all_kinds_can_be_given_as_toml(folder: Path) -> None:
    write(
        folder / "sfsync.toml",
        '[orders]\nsince = 2026-01-31\nopportunity_types = ["New Business"]\nzero_quantity = true',
    )

    orders = load_settings().orders

    assert (orders.since, orders.opportunity_types, orders.zero_quantity) == (
        date(2026, 1, 31),
        ("New Business",),
        True,
    )


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_SECRET", "")

    assert load_settings().salesforce.client_secret is None


def test_variables_of_other_programs_and_of_tests_are_nobodys_business(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_TEST_ORG", "https://example")
    write(folder / ".env", "OTHER=1\nSFSYNC_TEST_THING=2\nORDERS=3\n")

    assert load_settings() == Settings()


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [
        ("SFSYNC_SALESFORCE__CLIENT_SECRT", "SFSYNC_SALESFORCE__CLIENT_SECRET"),
        ("SFSYNC_SALESFORCE_CLIENT_SECRET", "SFSYNC_SALESFORCE__CLIENT_SECRET"),
        ("SFSYNC_DATABASEURL", "SFSYNC_DATABASE_URL"),
        ("SFSYNC_ORGS__EU__CLIENT_SECERT", "SFSYNC_ORGS__EU__CLIENT_SECRET"),
        ("sfsync_log__levle", "SFSYNC_LOG__LEVEL"),
    ],
)
@pytest.mark.parametrize("source", ["the environment", ".env"])
def test_a_misspelt_variable_is_an_error_that_names_the_nearest(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, nearest: str, source: str
) -> None:
    if source == ".env":
        write(folder / ".env", f"{variable}={SECRET}\n")
    else:
        monkeypatch.setenv(variable, SECRET)

    error = refused()

    assert error.message == f"{variable} (in {source}) is not a setting."
    assert error.remedy == f"Did you mean {nearest}?"


def test_a_variable_like_no_other_is_an_error_that_names_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_X", "1")

    assert "config/sfsync.toml" in str(refused().remedy)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[orders]\nsinse = 2026-01-01",
            "orders.sinse (from sfsync.toml) is not a setting. Did you mean orders.since?",
        ),
        ("[ordres]\nsince = 2026-01-01", "ordres (from sfsync.toml) is not a setting. Did you mean orders?"),
        ("[zzz]\nqqq = 1", "zzz (from sfsync.toml) is not a setting."),
        (
            "[orgs.eu]\nclient_idd = 'x'",
            "orgs.eu.client_idd (from sfsync.toml) is not a setting. Did you mean orgs.eu.client_id?",
        ),
        ("salesforce = 1", "salesforce (from sfsync.toml) should be a section, [salesforce]."),
        ("orgs = 1", "orgs (from sfsync.toml) should be a section, [orgs]."),
    ],
)
def test_a_misspelt_name_in_the_file_is_an_error_that_names_the_nearest(folder: Path, text: str, words: str) -> None:
    write(folder / "sfsync.toml", text)

    assert refused().message == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[sync]\nlookback_seconds = 'soon'", "sync.lookback_seconds (from sfsync.toml): should be a valid integer"),
        ("[sync]\nlookback_seconds = -1", "should be greater than or equal to 0"),
        ("[salesforce]\nread_timeout_seconds = 0", "should be greater than 0"),
        ("[salesforce]\napi_version = 66.0", "salesforce.api_version (from sfsync.toml): should be a valid string"),
        ("[salesforce]\napi_version = 'v66'", 'should be a version of the API in quotes, as in "66.0"'),
        ("[salesforce]\norder_key_field = 'SFSync Key'", "should be the API name of a field"),
        ("[salesforce]\nlogin_url = 'http://acme.my.salesforce.com'", "should be https:// and a host"),
        ("[salesforce]\nlogin_url = 'https://acme.my.salesforce.com/services'", "should be https:// and a host"),
        ("[salesforce]\nlogin_url = 'https://me:pw@acme.my.salesforce.com'", "should be https:// and a host"),
        ("[salesforce]\nlogin_url = 'https://acme.lightning.force.com'", "should be the org's My Domain"),
        ("[orders]\neffective_date = 'tomorrow'", "should be 'close_date', 'today' or 'contract_start'"),
        ("[orders]\nsince = 'tomorrow'", "orders.since (from sfsync.toml): should be a valid date"),
        ("[orders]\nopportunity_types = [1]", "orders.opportunity_types (from sfsync.toml): should be a valid string"),
        ("[orders]\nopportunity_types = 1", "orders.opportunity_types (from sfsync.toml): should be a valid tuple"),
        ("[statuses]\ndraft = ''", "statuses.draft (from sfsync.toml): String should have at least 1 character"),
        ("[log]\nlevel = 1", "should be 'debug', 'info', 'warning' or 'error'"),
        ("[orgs.EU]", "orgs (from sfsync.toml): should have names of up to 40 small letters"),
        ("[orgs.default]", "“default” is the name of [salesforce]"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_setting_source_and_what_is_expected(
    folder: Path, text: str, words: str
) -> None:
    write(folder / "sfsync.toml", text)

    assert words in refused().message


def test_a_wrong_variable_is_named_as_the_variable_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_SYNC__LOOKBACK_SECONDS", SECRET)

    assert "SFSYNC_SYNC__LOOKBACK_SECONDS (from the environment): should be a valid integer" in refused().message


def test_all_wrong_settings_are_named_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / "sfsync.toml", "[orders]\nsinse = 1\n[sync]\nlookback_seconds = 'x'")
    monkeypatch.setenv("SFSYNC_LOG__FORMAT", "xml")

    message = refused().message

    assert all(name in message for name in ("orders.sinse", "sync.lookback_seconds", "SFSYNC_LOG__FORMAT"))


@pytest.mark.parametrize(
    "text",
    [
        f"[salesforce]\nclient_secret = ['{SECRET}']",
        f"[salesforce]\nclient_secret = {{ value = '{SECRET}' }}",
        f"[salesforce]\nlogin_url = 'https://user:{SECRET}@acme.my.salesforce.com'",
        f"[salesforce]\nclient_secret = '{SECRET}'\nclient_idd = '{SECRET}'",
        f"[database_url]\nurl = 'postgresql+psycopg://me:{SECRET}@host/db'",
        f"client_secret = '{SECRET}'",
        f"client_secret = {SECRET}",
    ],
)
def test_no_error_shows_a_secret(folder: Path, text: str) -> None:
    write(folder / "sfsync.toml", text)

    error = refused()

    assert error.__context__ is None or SECRET not in repr(error.__context__)


def test_settings_do_not_show_secrets_when_printed() -> None:
    settings = Settings.model_validate(
        {"database_url": f"postgresql+psycopg://me:{SECRET}@host/db", "salesforce": {"client_secret": SECRET}}
    )

    assert SECRET not in repr(settings) + str(settings)


def test_a_syntax_error_names_file_and_line(folder: Path) -> None:
    write(folder / "config/sfsync.toml", "[salesforce]\n\nlogin_url = https://acme\n")

    message = refused().message

    assert message.startswith("The settings file config/sfsync.toml is not valid TOML: ")
    assert "(at line 3, column" in message


@pytest.mark.parametrize("name", ["sfsync.toml", ".env"])
def test_a_file_that_is_not_text_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff\xfe\x00")

    assert name in refused().message
    assert "UTF-8" in refused().message


def test_the_database_url_can_come_from_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / "sfsync.toml", "database_url = 'sqlite:///sfsync.db'")
    write(folder / "url", "postgresql+psycopg://me:pw@host/db\n")
    monkeypatch.setenv("SFSYNC_DATABASE_URL_FILE", "url")

    assert load_settings().database_url == "postgresql+psycopg://me:pw@host/db"


def test_a_nearer_database_url_beats_a_file_named_farther_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / "sfsync.toml", "database_url_file = 'url'")
    monkeypatch.setenv("SFSYNC_DATABASE_URL", "sqlite:///near.db")

    assert load_settings().database_url == "sqlite:///near.db"


def test_one_source_cannot_give_the_database_url_twice(folder: Path) -> None:
    write(folder / "sfsync.toml", "database_url = 'sqlite:///a.db'\ndatabase_url_file = 'url'")

    assert refused().message == "sfsync.toml sets both database_url and database_url_file."


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_file_of_the_database_url_must_hold_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    if content is not None:
        write(folder / "url", content)
    monkeypatch.setenv("SFSYNC_DATABASE_URL_FILE", "url")

    assert refused().message.startswith("database_url_file: the file url ")


def test_the_nearer_of_two_ways_to_give_a_secret_beats_the_farther(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = "login_url = 'https://acme.my.salesforce.com'\nclient_id = 'app'\n"
    write(folder / "filed", "from the file\n")
    write(folder / "sfsync.toml", f"[salesforce]\n{org}client_secret = '{SECRET}'\n[orgs.eu]\nclient_secret = 'eu'")
    write(folder / ".env", "SFSYNC_SALESFORCE__CLIENT_SECRET_FILE=filed\nSFSYNC_ORGS__EU__CLIENT_SECRET_FILE=filed\n")

    assert secrets() == ("from the file", "from the file")

    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_SECRET", "nearest")
    monkeypatch.setenv("SFSYNC_ORGS__EU__CLIENT_SECRET", "nearest of eu")

    assert secrets() == ("nearest", "nearest of eu")


def secrets() -> tuple[str, ...]:
    settings = load_settings()
    found = (settings.org(name).client_secret for name in ("default", "eu"))
    return tuple(secret.get_secret_value() for secret in found if secret)


def test_what_a_nearer_source_overrides_may_be_given_twice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / ".env", "SFSYNC_DATABASE_URL=sqlite:///a.db\nSFSYNC_DATABASE_URL_FILE=none\n")
    monkeypatch.setenv("SFSYNC_DATABASE_URL", "sqlite:///near.db")

    assert load_settings().database_url == "sqlite:///near.db"


def test_the_generated_settings_file_leaves_room_for_a_file_of_the_database_url(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "config/sfsync.toml", as_toml())
    write(folder / "url", "sqlite:///filed.db")
    monkeypatch.setenv("SFSYNC_DATABASE_URL_FILE", "url")

    assert load_settings().database_url == "sqlite:///filed.db"
