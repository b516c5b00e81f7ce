"""The one door to an org: reads that are tried again, writes that are sent once, every failure in our own words."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from sfsync.errors import LoginRefused, OrgLimitReached, OrgUnavailable
from sfsync.salesforce import composite, failures, wire
from sfsync.salesforce.auth import TokenSource
from sfsync.salesforce.transport import open_session

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from requests.adapters import BaseAdapter

    from sfsync.salesforce.auth import Token
    from sfsync.salesforce.composite import Sub, SubAnswer
    from sfsync.salesforce.endpoint import Endpoint
    from sfsync.salesforce.transport import Usage

_TRIES = 4
_NOT_REFRESHED = "not valid for use with the REST API"


class OrgClient:
    """An org's REST API by way of simple-salesforce, which never gets out of here.

    Not for several threads at once: each takes its own.

    Args:
        endpoint: The org and the user.
        clock: The time, aware; for logins, and for usage before the org has told its own time.
        adapter: A transport adapter instead of sockets, such as an emulator in this process.
        sleep: How to wait between tries.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Callable[[], datetime],
        adapter: BaseAdapter | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.version = endpoint.api_version
        self._session = open_session(endpoint, clock=clock, adapter=adapter)
        self._clock = clock
        self._tokens = TokenSource(endpoint, self._session, clock=clock, sleep=sleep)
        self._salesforce: tuple[str, Salesforce] | None = None
        self._headers = {
            "Sforce-Call-Options": f"client={endpoint.client_name}",
            "Sforce-Mru": "updateMru=false",
            "X-PrettyPrint": None,  # simple-salesforce asks for indented answers, twice the bytes; None takes it out
        }
        self._retrying = Retrying(
            stop=stop_after_attempt(_TRIES),
            wait=wait_random_exponential(multiplier=0.5, max=10),
            retry=retry_if_exception(_worth_another_try),
            sleep=sleep,
            reraise=True,
        )

    def read(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """GET a resource; tried four times while the org is unavailable.

        Args:
            path: Relative to /services/data/vXX.X/.
            params: The query string's parameters, not yet encoded.

        Raises:
            OrgUnavailable: the last try failed too; OrgLimitReached at once.
            OrgRefused: the org said no (LoginRefused, OrgUnfit where that is the reason).
        """
        return self._retrying(self._send, "GET", path, params=params)

    def read_by_post(self, path: str, body: Any) -> Any:
        """POST what only reads (retrieving many ids); tried again as `read`, and fails as `read`."""
        return self._retrying(self._send, "POST", path, body=body)

    def read_many(self, subrequests: Sequence[Sub]) -> list[SubAnswer]:
        """Send GETs in ONE composite call, and answer in their order; tried again as `read`.

        Errors of single elements are returned, not raised, except the org's limit, which is everybody's.

        Raises:
            ValueError: for none, more than 25 subrequests, or more than 5 queries.
            OrgUnavailable, OrgRefused: as `read`.
        """
        body = composite.request_body(subrequests, self.version)
        return self._retrying(self._composite, body, len(subrequests))

    def write(self, method: str, path: str, body: Any) -> Any:
        """Send what changes the org, ONCE, and return the parsed answer (None for an empty one).

        Only a 401 is sent again, with a new session: nothing was done then.

        Raises:
            OrgUnavailable: `in_doubt` is True if the org may have done it: anything that went wrong
                after the request was sent, short of a well-formed refusal.
            OrgRefused: the org said no, nothing was done.
        """
        return self._send(method, path, body=body, write=True)

    def write_soap(self, path: str, envelope: Callable[[str], bytes]) -> str:
        """Send one SOAP message that changes the org, ONCE, and return the answer, a fault too, as XML.

        Args:
            path: Relative to the instance, as in /services/Soap/m/66.0.
            envelope: Makes the message for a session id.

        Raises:
            OrgUnavailable: `in_doubt` is True if the org may have done it.
        """
        token = self._tokens.get()
        headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
        host = urlsplit(token.instance_url).netloc
        try:
            data = envelope(token.access_token)
            answer = self._session.post(f"{token.instance_url}{path}", data=data, headers=headers)
        except (requests.RequestException, OSError) as exc:
            raise failures.from_exception(exc, host, write=True) from exc
        if "xml" not in answer.headers.get("Content-Type", ""):
            raise failures.from_answer(answer.status_code, None, write=True)
        return answer.text

    @property
    def usage(self) -> Usage | None:
        """The org's API usage as the last answer told it."""
        return self._session.usage

    @property
    def calls(self) -> Counter[str]:
        """Requests sent so far, by kind, also those that failed."""
        return self._session.calls

    @property
    def counted_calls(self) -> int:
        """Requests sent so far that count against the org's allowance: logins do not (limits quick reference)."""
        return self.calls.total() - self.calls["token"]

    @property
    def server_now(self) -> datetime | None:
        """The org's own time, as of its last answer; None before the first."""
        return self._session.server_now

    def now(self) -> datetime:
        """The org's time, or our own clock's before the org has told its."""
        return self.server_now or self._clock()

    @property
    def user_id(self) -> str | None:
        """The id of the user we are; logs in if nothing has yet. None where the login did not tell it."""
        return self._tokens.get().user_id

    @property
    def org_id(self) -> str | None:
        """The id of the org; logs in if nothing has yet. None where the login did not tell it."""
        return self._tokens.get().org_id

    @property
    def instance_url(self) -> str:
        """Where the org's API is; logs in if nothing has yet."""
        return self._tokens.get().instance_url

    def close(self) -> None:
        """Close the connections. The session at the org is left alone: others may share it."""
        self._session.close()

    def _composite(self, body: Any, count: int) -> list[SubAnswer]:
        return composite.answers(self._send("POST", "composite", body=body), count)

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        write: bool = False,
    ) -> Any:
        data = None if body is None else wire.dumps(body)
        token = self._tokens.get()
        try:
            return self._call(token, method, path, params, data, write=write)
        except SalesforceError as exc:
            if not _is_expired(exc):
                raise failures.from_answer(exc.status, exc.content, write=write) from exc
        token = self._tokens.refresh(token.access_token)
        try:
            return self._call(token, method, path, params, data, write=write)
        except SalesforceError as exc:
            if exc.status == requests.codes.unauthorized:
                raise LoginRefused(
                    "The org does not accept the session that it has just given out.",
                    code="INVALID_SESSION_ID",
                    remedy="Check the policies of the external client app (scopes, IP ranges, session).",
                ) from exc
            raise failures.from_answer(exc.status, exc.content, write=write) from exc

    def _call(
        self, token: Token, method: str, path: str, params: Mapping[str, str] | None, data: bytes | None, *, write: bool
    ) -> Any:
        """Send once. Raises SalesforceError for answers of 300 and more, our own errors for all else."""
        try:
            return self._salesforce_for(token).restful(
                path, params=dict(params) if params else None, method=method, headers=self._headers, data=data
            )
        except SalesforceError:
            raise
        except requests.JSONDecodeError as exc:
            raise failures.unreadable(write=write) from exc
        except (requests.RequestException, OSError) as exc:
            raise failures.from_exception(exc, urlsplit(token.instance_url).netloc, write=write) from exc
        except (TypeError, ValueError) as exc:  # JSON that is no object or list, or not in UTF-8
            raise failures.unreadable(write=write) from exc

    def _salesforce_for(self, token: Token) -> Salesforce:
        if self._salesforce is None or self._salesforce[0] != token.access_token:
            salesforce = Salesforce(
                instance_url=token.instance_url,
                session_id=token.access_token,
                session=self._session,
                version=self.version,
                parse_float=Decimal,
                object_pairs_hook=None,
            )
            self._salesforce = (token.access_token, salesforce)
        return self._salesforce[1]


def _is_expired(exc: SalesforceError) -> bool:
    """Whether a new session would help: not where the app's scopes are the reason (facts: jsforce loops on it)."""
    if exc.status != requests.codes.unauthorized:
        return False
    errors = failures.errors_of(exc.content)
    return not errors or (errors[0][0] == "INVALID_SESSION_ID" and _NOT_REFRESHED not in errors[0][1])


def _worth_another_try(exc: BaseException) -> bool:
    if not isinstance(exc, OrgUnavailable) or isinstance(exc, OrgLimitReached):
        return False
    return exc.code not in {"QUERY_TIMEOUT", "API_CURRENTLY_DISABLED", failures.UNTRUSTED}
