"""An org is complete when it is asked for: one way to log in, secrets read, everything missing named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sfsync.config import Settings, load_settings
from sfsync.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

PEM = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n"
BY_SECRET = {"login_url": "https://acme.my.salesforce.com", "client_id": "app", "client_secret": "s3cret"}


@pytest.fixture
def key(folder: Path) -> Path:
    path = folder / "key.pem"
    path.write_text(PEM, encoding="utf-8")
    return path


def settings(salesforce: dict[str, Any], **orgs: dict[str, Any]) -> Settings:
    return Settings.model_validate({"salesforce": salesforce, "orgs": orgs})


def refused(made: Settings, name: str | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        made.org(name)
    assert "s3cret" not in str(caught.value)
    return str(caught.value)


def by_key(key: Path) -> dict[str, Any]:
    return {
        "login_url": "https://acme.my.salesforce.com/",
        "client_id": "app",
        "username": "me",
        "private_key_file": key,
    }


@pytest.mark.parametrize("name", [None, "default"])
def test_an_org_with_a_client_secret_is_complete(name: str | None) -> None:
    org = settings(BY_SECRET).org(name)

    assert org.name == "default"
    assert (org.login_url, org.client_id) == ("https://acme.my.salesforce.com", "app")
    assert org.client_secret is not None
    assert org.client_secret.get_secret_value() == "s3cret"
    assert (org.username, org.private_key) == (None, None)
    assert (org.api_version, org.order_key_field, org.read_timeout_seconds) == ("66.0", "SFSync_Key__c", 120)


def test_an_org_with_a_private_key_is_complete(key: Path) -> None:
    org = settings(by_key(key)).org()

    assert org.login_url == "https://acme.my.salesforce.com"
    assert org.username == "me"
    assert org.private_key is not None
    assert org.private_key.get_secret_value() == PEM
    assert org.client_secret is None


def test_a_client_secret_can_come_from_a_file(folder: Path) -> None:
    (folder / "secret").write_text("s3cret\n", encoding="utf-8")

    org = settings({**BY_SECRET, "client_secret": None, "client_secret_file": folder / "secret"}).org()

    assert org.client_secret is not None
    assert org.client_secret.get_secret_value() == "s3cret"


def test_what_is_missing_is_asked_for_only_when_an_org_is_needed() -> None:
    empty = load_settings()

    message = refused(empty)

    assert "salesforce.login_url and salesforce.client_id are not set" in message
    assert "SFSYNC_SALESFORCE__LOGIN_URL and SFSYNC_SALESFORCE__CLIENT_ID" in message


def test_one_missing_setting_is_named_alone() -> None:
    assert "salesforce.client_id is not set" in refused(settings({"login_url": "https://acme.my.salesforce.com"}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_secret": None}, "has no credentials"),
        ({"client_secret": None, "username": "me"}, "has only username"),
        ({"client_secret": None, "private_key_file": "key.pem"}, "has only private_key_file"),
        ({"username": "me"}, "has two ways to log in (client_secret and username)"),
        ({"private_key_file": "key.pem", "username": "me"}, "two ways to log in"),
        ({"client_secret_file": "file"}, "has both client_secret and client_secret_file"),
        (
            {"client_secret": None, "client_secret_file": "nowhere"},
            "client_secret_file: the file nowhere cannot be read",
        ),
        ({"client_secret": None, "username": "me", "private_key_file": "nowhere"}, "the file nowhere cannot be read"),
        ({"ca_file": "nowhere"}, "salesforce.ca_file: the file nowhere cannot be read (No such file"),
    ],
)
def test_credentials_that_are_incomplete_or_contradictory_are_refused(changes: dict[str, Any], words: str) -> None:
    assert words in refused(settings({**BY_SECRET, **changes}))


@pytest.mark.parametrize(
    "text", ["", "no key", PEM.replace("PRIVATE", "ENCRYPTED PRIVATE"), PEM.replace("PRIVATE", "PUBLIC")]
)
def test_a_file_without_a_usable_private_key_is_refused(key: Path, text: str) -> None:
    key.write_text(text, encoding="utf-8")

    assert "holds no RSA private key that can be read without a passphrase" in refused(settings(by_key(key)))


def test_a_private_key_file_that_is_not_text_is_refused(key: Path) -> None:
    key.write_bytes(b"\xff\xfe")

    assert "key.pem is not text" in refused(settings(by_key(key)))


def test_an_empty_secret_file_is_refused(folder: Path) -> None:
    (folder / "secret").write_text("\n", encoding="utf-8")

    assert "is empty" in refused(
        settings({**BY_SECRET, "client_secret": None, "client_secret_file": folder / "secret"})
    )


def test_an_org_overrides_what_it_sets_and_inherits_the_rest() -> None:
    made = settings({**BY_SECRET, "read_timeout_seconds": 5}, eu={"login_url": "https://eu.my.salesforce.com"})

    org = made.org("eu")

    assert org.name == "eu"
    assert (org.login_url, org.client_id, org.read_timeout_seconds) == ("https://eu.my.salesforce.com", "app", 5)


def test_an_org_with_a_way_in_of_its_own_does_not_inherit_the_other(key: Path) -> None:
    made = settings(
        BY_SECRET, eu={"username": "me", "private_key_file": key}, us={"client_secret": "other"}, uk={"client_id": "uk"}
    )

    assert made.org("eu").client_secret is None
    assert made.org("eu").private_key is not None
    assert made.org("us").client_secret is not None
    assert made.org("us").client_secret != made.org("uk").client_secret


def test_an_org_with_a_secret_does_not_inherit_a_key(key: Path, folder: Path) -> None:
    (folder / "secret").write_text("s3cret", encoding="utf-8")

    org = settings(by_key(key), eu={"client_secret_file": folder / "secret"}).org("eu")

    assert org.client_secret is not None
    assert org.username is None


def test_orgs_can_share_a_key_and_differ_in_their_users(key: Path) -> None:
    org = settings(by_key(key), eu={"username": "eu"}).org("eu")

    assert org.username == "eu"
    assert org.private_key is not None


def test_orgs_can_be_set_up_by_variables_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BY_SECRET.items():
        monkeypatch.setenv(f"SFSYNC_ORGS__EU__{name.upper()}", value)

    made = load_settings()

    assert made.org_names == ("eu",)
    assert made.org("eu").login_url == BY_SECRET["login_url"]


def test_what_is_missing_of_an_org_is_named_as_its_own() -> None:
    message = refused(settings({}, eu={"client_id": "app"}), "eu")

    assert "orgs.eu.login_url is not set" in message
    assert "SFSYNC_ORGS__EU__LOGIN_URL" in message


def test_an_org_that_is_not_in_the_settings_is_refused_with_the_nearest() -> None:
    assert refused(settings(BY_SECRET, europe={}), "eurpoe") == (
        "There is no org “eurpoe” in the settings; there are default, europe. Did you mean europe?"
    )
    assert refused(settings({}), "x") == "There is no org “x” in the settings; there is default."


def test_without_a_name_the_default_org_is_meant_or_the_only_one() -> None:
    assert settings({}).chosen(None) == "default"
    assert settings(BY_SECRET, eu={}, us={}).chosen(None) == "default"
    assert settings({}, eu={}).chosen(None) == "eu"
    assert settings({}, eu={}, us={}).chosen("us") == "us"


def test_of_several_orgs_without_a_default_one_has_to_be_named() -> None:
    several = settings({}, eu={}, us={})

    with pytest.raises(UsageError, match="none of them is the default") as caught:
        several.chosen(None)

    assert caught.value.remedy == "Name one with --org: eu, us."
    assert refused(several, "default") == "There is no org “default” in the settings; there are eu, us."


def test_orgs_are_listed_with_the_default_one_first() -> None:
    assert settings({}).org_names == ("default",)
    assert settings(BY_SECRET, eu={}, us={}).org_names == ("default", "eu", "us")


def test_the_repr_of_an_org_shows_no_secret(key: Path) -> None:
    assert "s3cret" not in repr(settings(BY_SECRET).org())
    assert "abc" not in repr(settings(by_key(key)).org())
