"""simple-salesforce logs in by its own flows, unpatched: its hard-coded hosts reach the emulator through the proxy."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceExpiredSession

from sfsync.emulator.org import Org
from sfsync.emulator.proxy import Proxy
from sfsync.emulator.server import Server, serve

if TYPE_CHECKING:
    from collections.abc import Generator


class Cloud:
    """A served org, and sessions that reach it under any name of the cloud."""

    def __init__(self, server: Server, proxy: Proxy) -> None:
        self.server = server
        self._proxy = proxy
        self._sessions = ExitStack()
        self.user = server.org.settings.users[0]

    def session(self) -> requests.Session:
        session = self._sessions.enter_context(requests.Session())
        session.trust_env = False
        session.verify = str(self.server.ca_file)
        session.proxies = {"https": self._proxy.url}
        return session

    def login(self, **how: Any) -> Any:
        return Salesforce(session=self.session(), **how)

    def close(self) -> None:
        self._sessions.close()

    @property
    def by_client(self) -> dict[str, str]:
        return {"consumer_key": self.server.client_id, "consumer_secret": self.server.client_secret}

    @property
    def by_password(self) -> dict[str, Any]:
        return {"username": self.user.username, "password": f"{self.user.password}{self.user.security_token}"}

    @property
    def by_soap(self) -> dict[str, Any]:
        token = {"password": self.user.password, "security_token": self.user.security_token}
        return {"username": self.user.username, **token}

    @property
    def by_key(self) -> dict[str, str]:
        key = {"consumer_key": self.server.client_id, "privatekey_file": str(self.server.key_file)}
        return {"username": self.user.username, **key}


@contextmanager
def _cloud() -> Generator[Cloud]:
    with serve(Org()) as server, Proxy(server.port) as proxy:
        cloud = Cloud(server, proxy)
        yield cloud
        cloud.close()


@pytest.fixture(scope="module")
def cloud() -> Generator[Cloud]:
    with _cloud() as cloud:
        yield cloud


def who(sf: Any) -> str:
    return str(sf.oauth2("userinfo")["preferred_username"])


def test_by_client_credentials_it_goes_on_at_its_own_domain(cloud: Cloud) -> None:
    sf = cloud.login(domain="acme.my", **cloud.by_client)

    assert (sf.sf_instance, who(sf)) == ("acme.my.salesforce.com", cloud.user.username)


@pytest.mark.parametrize("domain", ["login", "test"])
def test_by_password_it_is_led_from_the_login_host_to_the_org(cloud: Cloud, domain: str) -> None:
    sf = cloud.login(domain=domain, **cloud.by_password, **cloud.by_client)

    assert (f"https://{sf.sf_instance}", who(sf)) == (cloud.server.url, cloud.user.username)


def test_by_a_signed_assertion(cloud: Cloud) -> None:
    sf = cloud.login(**cloud.by_key)

    assert (f"https://{sf.sf_instance}", who(sf)) == (cloud.server.url, cloud.user.username)


@pytest.mark.parametrize("domain", ["login", "acme.my"])
def test_by_soap(cloud: Cloud, domain: str) -> None:
    sf = cloud.login(domain=domain, **cloud.by_soap)

    host = "acme.my.salesforce.com" if domain == "acme.my" else cloud.server.url.removeprefix("https://")
    assert (sf.sf_instance, who(sf)) == (host, cloud.user.username)


def test_by_soap_from_a_trusted_address(cloud: Cloud) -> None:
    cloud.server.org.settings.trusted_addresses = True
    try:
        sf = cloud.login(username=cloud.user.username, password=cloud.user.password, organizationId="00D5e0000000001")
    finally:
        cloud.server.org.settings.trusted_addresses = False

    assert who(sf) == cloud.user.username


@pytest.mark.filterwarnings("ignore:\\s*If your connected app policy")
def test_what_is_wrong_comes_out_as_its_own_error(cloud: Cloud) -> None:
    for how, code, message in (
        ({**cloud.by_soap, "security_token": "x"}, "INVALID_LOGIN", "Invalid username, password, security token"),
        ({**cloud.by_soap, "version": "66.0"}, "UNSUPPORTED_API_VERSION", "not available in API version 65.0"),
        ({**cloud.by_password, **cloud.by_client, "password": "x"}, "invalid_grant", "authentication failure"),
        ({**cloud.by_client, "consumer_secret": "x", "domain": "acme.my"}, "invalid_client", "invalid client"),
        ({**cloud.by_key, "username": "nobody@x.test"}, "invalid_grant", "user hasn't approved this consumer"),
    ):
        with pytest.raises(SalesforceAuthenticationFailed) as failed:
            cloud.login(**how)

        assert (failed.value.code, message in str(failed.value)) == (code, True)


@pytest.mark.parametrize("how", ["by_client", "by_key", "by_soap"])
def test_it_logs_in_again_by_itself_when_its_session_has_expired(cloud: Cloud, how: str) -> None:
    domain = {"domain": "acme.my"} if how == "by_client" else {}
    sf = cloud.login(**domain, **getattr(cloud, how))
    old = sf.session_id
    cloud.server.org.tokens.revoke(old)

    assert sf.query("SELECT Id FROM Organization")["totalSize"] == 1
    assert sf.session_id != old


def test_it_gives_up_when_new_sessions_do_not_help(cloud: Cloud) -> None:
    sf = cloud.login(**cloud.by_key)
    cloud.server.org.settings.sessions_reach_rest = False
    try:
        with pytest.raises(SalesforceExpiredSession) as failed:
            sf.query("SELECT Id FROM Organization")
    finally:
        cloud.server.org.settings.sessions_reach_rest = True

    assert "This session is not valid for use with the REST API" in str(failed.value.content)


def test_it_makes_objects_and_fields_by_the_metadata_api(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its Metadata client opens a session of its own, which knows of ours nothing but the token.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.server.ca_file))
    sf = cloud.login(**cloud.by_key)
    md = sf.mdapi
    text = md.FieldType("Text")
    batch = md.CustomObject(
        fullName="Batch__c",
        label="Batch",
        pluralLabel="Batches",
        nameField=md.CustomField(label="Name", type=text),
        deploymentStatus=md.DeploymentStatus("Deployed"),
        sharingModel=md.SharingModel("ReadWrite"),
    )
    key = {"label": "Key", "type": text, "length": 20, "externalId": True, "unique": True, "caseSensitive": True}

    md.CustomObject.create(batch)
    md.CustomField.upsert([md.CustomField(fullName="Batch__c.Key__c", **key)])

    assert md.CustomObject.read(["Batch__c"]).pluralLabel == "Batches"
    assert md.CustomField.read(["Batch__c.Key__c"]).externalId is True
    assert "Key__c" not in {field["name"] for field in sf.Batch__c.describe()["fields"]}
    own = sf.query("SELECT Id FROM PermissionSet WHERE IsOwnedByProfile = true")["records"][0]["Id"]
    grant = {"ParentId": own, "SobjectType": "Batch__c", "Field": "Batch__c.Key__c"}
    sf.FieldPermissions.create({**grant, "PermissionsRead": True, "PermissionsEdit": True})
    assert sf.Batch__c.upsert("Key__c/k-1", {"Name": "one"}) == 201
    with pytest.raises(Exception, match="DUPLICATE_DEVELOPER_NAME"):
        md.CustomObject.create(batch)
