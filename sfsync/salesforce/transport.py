"""The HTTP session to an org: time limits on every call, nothing taken from the environment, all calls counted."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from sfsync.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests.adapters import BaseAdapter

    from sfsync.salesforce.endpoint import Endpoint

_POOL = 4
_LIMIT_INFO = re.compile(r"(?:^|[^-])api-usage=(\d+)/(\d+)")
_KINDS = (
    ("/services/oauth2/", "token"),
    ("/composite/graph", "graph"),
    ("/composite/sobjects", "collections"),
    ("/composite", "composite"),
    ("/commerce/sale", "place_order"),
    ("/query", "query"),
    ("/describe", "describe"),
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the org counts: API calls of the last 24 hours by everybody, and how many it allows."""

    used: int
    limit: int
    at: datetime


def call_kind(url: str) -> str:
    """Name the kind of a call: token, composite, graph, collections, place_order, query, describe or other."""
    path = urlsplit(url).path
    return next((kind for part, kind in _KINDS if part in path), "other")


class OrgSession(requests.Session):
    """A requests session that holds to our time limits, counts what it sends and reads what every answer tells.

    `calls` counts each request that was tried, also those that got no answer: the org may have counted them.
    """

    def __init__(self, timeout: tuple[float, float], clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._timeout = timeout
        self._clock = clock
        self.calls: Counter[str] = Counter()
        self.usage: Usage | None = None
        self.server_now: datetime | None = None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send one request. No redirect is followed: it would turn a POST into a GET, at an address we did not ask."""
        self.calls[call_kind(request.url or "")] += 1
        response = super().send(request, **{**kwargs, "timeout": self._timeout, "allow_redirects": False})
        self._read_headers(response)
        return response

    def _read_headers(self, response: requests.Response) -> None:
        with contextlib.suppress(ValueError):  # no Date, or none that can be read: what was known stays
            self.server_now = parsedate_to_datetime(response.headers.get("Date", "")).astimezone(UTC)
        found = _LIMIT_INFO.search(response.headers.get("Sforce-Limit-Info", ""))
        if found:
            self.usage = Usage(int(found[1]), int(found[2]), self.server_now or self._clock())


def open_session(
    endpoint: Endpoint, *, clock: Callable[[], datetime], adapter: BaseAdapter | None = None
) -> OrgSession:
    """Build the session for one org.

    Environment variables and netrc are ignored: REQUESTS_CA_BUNDLE would replace our CA file, and a
    netrc entry would replace the Bearer header. Cookies are refused: the token is the only state.

    Args:
        endpoint: The org.
        clock: The time, for usage seen before the org has told its own.
        adapter: What carries the requests instead of sockets, an emulator in this process for example.

    Raises:
        SettingsError: if login_url is not https, or the CA file does not exist.
    """
    if not endpoint.login_url.startswith("https://"):
        raise SettingsError("login_url must begin with https://.", remedy="Set it to the org's My Domain.")
    if endpoint.ca_file is not None and not Path(endpoint.ca_file).is_file():
        raise SettingsError(
            f"The CA file {endpoint.ca_file} does not exist.", remedy="Correct ca_file, or leave it out."
        )
    session = OrgSession((endpoint.connect_timeout, endpoint.read_timeout), clock)
    session.trust_env = False
    session.verify = endpoint.ca_file or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", adapter or HTTPAdapter(pool_connections=_POOL, pool_maxsize=_POOL, max_retries=0))
    return session
