"""How to reach an org and log in: the section [salesforce], and what [orgs.NAME] changes of it."""

from __future__ import annotations

import re
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from sfsync.config.section import Section, env_name
from sfsync.errors import SettingsError

DEFAULT_ORG = "default"
"""The name in the mirror of the org that [salesforce] describes."""

_BY_SECRET = {"client_secret", "client_secret_file"}
_BY_KEY = {"username", "private_key_file"}
_WAYS_IN = "Set client_secret (client credentials flow), or username and private_key_file (JWT bearer flow)"


def _login_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme != "https" or not url.hostname or url.path not in ("", "/") or url.query or "@" in url.netloc:
        raise ValueError("should be https:// and a host, and nothing after it, as in https://acme.my.salesforce.com")
    if url.hostname.endswith(".lightning.force.com"):
        raise ValueError("should be the org's My Domain (….my.salesforce.com), not the address of its pages")
    return f"https://{url.netloc}"


def _api_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", value):
        raise ValueError("should be the API name of a field, as in SFSync_Key__c")
    return value


def _api_version(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]\.0", value):
        raise ValueError('should be a version of the API in quotes, as in "66.0"')
    return value


ApiName = Annotated[str, AfterValidator(_api_name)]
ApiVersion = Annotated[str, AfterValidator(_api_version)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class SalesforceSettings(Section):
    """How to reach the org. Nothing is required here: what is missing is told when an org is needed."""

    login_url: Annotated[str, AfterValidator(_login_url)] | None = Field(
        default=None,
        description="The org's My Domain, where sfsync logs in.",
        examples=["https://acme.my.salesforce.com"],
    )
    client_id: str | None = Field(
        default=None, description="Consumer key of the external client app.", examples=["3MVG9..."], min_length=1
    )
    client_secret: SecretStr | None = Field(
        default=None, min_length=1, description="Consumer secret, for the client credentials flow.", examples=[""]
    )
    client_secret_file: Path | None = Field(
        default=None,
        description="File that holds the consumer secret instead.",
        examples=["/run/secrets/sfsync-client-secret"],
    )
    username: str | None = Field(
        default=None,
        description="The integration user to act as, for the JWT bearer flow.",
        examples=["sfsync@acme.example"],
        min_length=1,
    )
    private_key_file: Path | None = Field(
        default=None,
        description="File with the RSA private key (PEM, without a passphrase), for the JWT bearer flow.",
        examples=["/run/secrets/sfsync.key"],
    )
    api_version: ApiVersion = Field(default="66.0", description="Version of the Salesforce API to speak.")
    ca_file: Path | None = Field(
        default=None,
        description="CA certificates (PEM) to trust instead of the public ones.",
        examples=["/etc/ssl/acme-ca.pem"],
    )
    connect_timeout_seconds: Seconds = Field(
        default=10.0, description="How long a connection to the org may take, in seconds."
    )
    read_timeout_seconds: Seconds = Field(default=120.0, description="How long the org may take to answer, in seconds.")
    order_key_field: ApiName = Field(
        default="SFSync_Key__c",
        description="External id field (text, unique, case-sensitive) of Order for sfsync's key.",
    )
    order_item_key_field: ApiName = Field(
        default="SFSync_Key__c",
        description="External id field (text, unique, case-sensitive) of OrderItem for sfsync's key.",
    )
    order_opportunity_field: ApiName = Field(
        default="OpportunityId",
        description="Lookup field of Order that names its Opportunity; used where the org has it.",
    )


class OrgSettings(Section):
    """Everything that is needed to work with one org, complete: exactly one of `client_secret` and `private_key`."""

    name: str
    login_url: str
    client_id: str
    client_secret: SecretStr | None
    username: str | None
    private_key: SecretStr | None
    """The private key itself, as PEM text."""
    api_version: str
    ca_file: Path | None
    connect_timeout_seconds: float
    read_timeout_seconds: float
    order_key_field: str
    order_item_key_field: str
    order_opportunity_field: str


def overridden(base: SalesforceSettings, org: SalesforceSettings) -> SalesforceSettings:
    """Return `base` with what `org` sets. An org that names one way to log in does not inherit the other."""
    given = org.model_fields_set
    dropped = (_BY_KEY if given & _BY_SECRET else set()) | (_BY_SECRET if given & (_BY_KEY | _BY_SECRET) else set())
    changes: dict[str, Any] = dict.fromkeys(dropped) | {field: getattr(org, field) for field in given}
    return base.model_copy(update=changes)


def complete(settings: SalesforceSettings, section: str, name: str) -> OrgSettings:
    """Read the secrets of an org and check that there is all that a login needs.

    Args:
        settings: The section of the org, with what it inherits.
        section: Where the settings are, as in `salesforce` or `orgs.eu`.
        name: The name of the org in the mirror.

    Raises:
        SettingsError: naming everything that is missing, contradictory or unreadable; never a secret.
    """
    login_url, client_id = settings.login_url, settings.client_id
    if login_url is None or client_id is None:
        missing = [field for field in ("login_url", "client_id") if getattr(settings, field) is None]
        names = " and ".join(f"{section}.{field}" for field in missing)
        variables = " and ".join(env_name((*section.split("."), field)) for field in missing)
        raise SettingsError(
            f"{names} {'is' if len(missing) == 1 else 'are'} not set, and sfsync needs an org for this.",
            remedy=f"Set {variables}, or the same in the settings file; `sfsync demo` works without an org.",
        )
    client_secret = _client_secret(settings, section)
    private_key = _private_key(settings, section) if client_secret is None else None
    if settings.ca_file is not None:
        _text(settings.ca_file, f"{section}.ca_file")
    shared = settings.model_dump(include=set(OrgSettings.model_fields) - {"client_secret", "username", "private_key"})
    return OrgSettings(
        **shared | {"login_url": login_url, "client_id": client_id},
        name=name,
        client_secret=client_secret,
        username=settings.username if private_key else None,
        private_key=private_key,
    )


def _client_secret(settings: SalesforceSettings, section: str) -> SecretStr | None:
    given = {field for field in _BY_SECRET | _BY_KEY if getattr(settings, field) is not None}
    if len(given & _BY_SECRET) > 1:
        raise SettingsError(f"{section} has both client_secret and client_secret_file.", remedy="Keep one of them.")
    if given & _BY_SECRET and given & _BY_KEY:
        raise SettingsError(f"{section} has two ways to log in ({_listed(given)}).", remedy=f"{_WAYS_IN}, not both.")
    if not given & _BY_SECRET and given & _BY_KEY != _BY_KEY:
        lacks = f"only {_listed(given)}" if given else "no credentials"
        raise SettingsError(f"{section} has {lacks}: that is not enough to log in.", remedy=f"{_WAYS_IN}.")
    if settings.client_secret_file is not None:
        return SecretStr(read_secret(settings.client_secret_file, f"{section}.client_secret_file"))
    return settings.client_secret


def _private_key(settings: SalesforceSettings, section: str) -> SecretStr:
    setting = f"{section}.private_key_file"
    path = settings.private_key_file
    text = _text(path, setting) if path else ""
    if "PRIVATE KEY-----" not in text or "ENCRYPTED" in text:
        raise SettingsError(
            f"{setting}: {path} holds no RSA private key that can be read without a passphrase.",
            remedy="Give the PEM file of the key whose certificate the app in Salesforce has, without a passphrase.",
        )
    return SecretStr(text)


def read_secret(path: Path, setting: str) -> str:
    """Return the secret that a file holds, without the white space around it.

    Raises:
        SettingsError: if the file cannot be read or is empty.
    """
    secret = _text(path, setting).strip()
    if not secret:
        raise SettingsError(f"{setting}: the file {path} is empty.", remedy="Put the secret into it, and nothing else.")
    return secret


def _text(path: Path, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise SettingsError(
            f"{setting}: the file {path} cannot be read ({exc.strerror}).",
            remedy="Give the path of a file that sfsync's user may read.",
        ) from exc
    except UnicodeDecodeError:  # left out as a cause: it holds the bytes of the file
        raise SettingsError(
            f"{setting}: the file {path} is not text.", remedy="Give the path of a text file."
        ) from None


def _listed(fields: set[str]) -> str:
    return " and ".join(sorted(fields))
