from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.adapters import BaseAdapter

from sfsync.errors import SettingsError
from sfsync.salesforce.transport import call_kind, open_session
from tests.salesforce.conftest import DATA, NOW, ORG

if TYPE_CHECKING:
    from pathlib import Path

    import responses

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.endpoint import Endpoint


class Recorder(BaseAdapter):
    """Answers with an empty object and remembers how it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[requests.PreparedRequest, dict[str, Any]]] = []

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        self.asked.append((request, kwargs))
        answer = requests.Response()
        answer.status_code, answer._content, answer.request, answer.url = 200, b"{}", request, request.url or ""
        return answer

    def close(self) -> None:
        pass


def test_every_call_has_time_limits_and_follows_no_redirect(endpoint: Endpoint) -> None:
    adapter = Recorder()
    session = open_session(replace(endpoint, connect_timeout=3, read_timeout=7), clock=lambda: NOW, adapter=adapter)

    session.get(f"{DATA}/limits")

    assert adapter.asked[0][1]["timeout"] == (3, 7)


def test_nothing_is_taken_from_the_environment(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine acme.my.salesforce.com login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:1")
    adapter = Recorder()
    session = open_session(endpoint, clock=lambda: NOW, adapter=adapter)

    session.get(f"{DATA}/limits", headers={"Authorization": "Bearer mine"})

    request, options = adapter.asked[0]
    assert request.headers["Authorization"] == "Bearer mine"
    assert options["verify"] is True
    assert not options["proxies"]


def test_cookies_are_not_kept(client: OrgClient, http: responses.RequestsMock) -> None:
    http.get(f"{DATA}/limits", json={}, headers={"Set-Cookie": "sid=somebody; Path=/"})

    client.read("limits")
    client.read("limits")

    assert "Cookie" not in http.calls[2].request.headers


def test_a_ca_file_is_used_and_must_exist(endpoint: Endpoint, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text("a certificate")

    assert open_session(replace(endpoint, ca_file=str(ca_file)), clock=lambda: NOW).verify == str(ca_file)
    with pytest.raises(SettingsError, match=r"nowhere\.pem does not exist"):
        open_session(replace(endpoint, ca_file="/nowhere.pem"), clock=lambda: NOW)


def test_a_login_url_without_tls_is_a_wrong_setting(endpoint: Endpoint) -> None:
    with pytest.raises(SettingsError, match="https://"):
        open_session(replace(endpoint, login_url="http://acme.my.salesforce.com"), clock=lambda: NOW)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/services/oauth2/token", "token"),
        ("/services/data/v66.0/composite", "composite"),
        ("/services/data/v66.0/composite/graph", "graph"),
        ("/services/data/v66.0/composite/sobjects", "collections"),
        ("/services/data/v66.0/composite/sobjects/Order", "collections"),
        ("/services/data/v66.0/commerce/sale/order", "place_order"),
        ("/services/data/v66.0/queryAll?q=SELECT+Id+FROM+Order+WHERE+Name='/composite'", "query"),
        ("/services/data/v66.0/sobjects/Order/describe", "describe"),
        ("/services/data/v66.0/limits", "other"),
    ],
)
def test_calls_are_told_apart_by_kind(path: str, kind: str) -> None:
    assert call_kind(ORG + path) == kind


def test_every_answer_tells_the_orgs_usage_and_time(client: OrgClient, http: responses.RequestsMock) -> None:
    http.get(
        f"{DATA}/limits",
        json={},
        headers={
            "Date": "Mon, 02 Mar 2026 10:00:00 GMT",
            "Sforce-Limit-Info": "api-usage=18/5000; per-app-api-usage=17/250(appName=sample)",
        },
    )
    assert client.server_now is None
    assert client.usage is None
    assert client.now() == NOW

    client.read("limits")

    assert client.server_now == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert client.now() == client.server_now
    assert client.usage is not None
    assert (client.usage.used, client.usage.limit, client.usage.at) == (18, 5000, client.server_now)


def test_an_answer_without_them_leaves_what_was_known(client: OrgClient, http: responses.RequestsMock) -> None:
    http.get(f"{DATA}/limits", json={}, headers={"Sforce-Limit-Info": "api-usage=18/5000"})
    http.get(
        f"{DATA}/limits", json={}, headers={"Date": "soon", "Sforce-Limit-Info": "per-app-api-usage=1/2(appName=x)"}
    )

    client.read("limits")
    client.read("limits")

    assert client.usage is not None
    assert (client.usage.used, client.usage.at) == (18, NOW)
    assert client.server_now is None


def test_calls_are_counted_also_when_nothing_answers(client: OrgClient, http: responses.RequestsMock) -> None:
    http.get(f"{DATA}/limits", body=requests.ConnectionError("broken"))
    http.get(f"{DATA}/limits", json={})

    client.read("limits")

    assert client.calls == {"token": 1, "other": 2}
    assert client.counted_calls == 2
