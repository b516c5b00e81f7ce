"""One try to hand one event to one receiver, by Standard Webhooks (https://www.standardwebhooks.com)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import requests
from requests.adapters import HTTPAdapter
from standardwebhooks import Webhook

from sfsync.webhooks.addresses import PublicOnly, leads_to_private

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

_REDIRECTS = range(300, 400)
_ASKS_TO_WAIT = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a sink's events go. `secrets` (whsec_…): the present one first, then those that are on their way out."""

    url: str
    secrets: tuple[str, ...]
    timeout_seconds: float = 10.0
    allow_private: bool = False
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One event as it is sent: the body is the same at every try, the time of sending is not part of it."""

    id: str
    type: str
    at: datetime
    data: dict[str, Any]

    def body(self) -> str:
        """The body: type, when it happened, and the data."""
        content = {"type": self.type, "timestamp": self.at.isoformat(), "data": self.data}
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Taken:
    """The receiver answered 2xx: the event is its own now."""

    status: int


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why the receiver has not taken the event. The words never hold anything that it sent."""

    error: str
    status: int | None = None
    wait: timedelta | None = None
    """How long it asks to be left alone."""
    gone: bool = False
    """It says that it will never take events again (410)."""

    @property
    def silent(self) -> bool:
        """Whether nobody answered at all, so that the next event would fare no better."""
        return self.status is None


class Client:
    """A connection to one receiver, kept between events; for one thread."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._signers = [Webhook(secret) for secret in receiver.secrets]
        self._session = requests.Session()
        # Neither a proxy nor a .netrc of the machine may see or change what is sent.
        self._session.trust_env = False
        adapter = HTTPAdapter() if receiver.allow_private else PublicOnly()
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._session.verify = receiver.ca_file or True

    def post(self, message: Message, now: datetime) -> Taken | NotTaken:
        """Send an event once. Its signature is of this moment; every secret signs, so that a receiver may hold any."""
        body = message.body()
        stamp = now.replace(microsecond=0)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "sfsync",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(stamp.timestamp())),
            "webhook-signature": " ".join(signer.sign(message.id, stamp, body) for signer in self._signers),
        }
        timeout = self._receiver.timeout_seconds
        try:
            # Not read beyond its head: what a receiver says is never kept, and may never end.
            with self._session.post(
                self._receiver.url, body.encode(), headers=headers, timeout=timeout, allow_redirects=False, stream=True
            ) as answer:
                return _judged(answer, now)
        except requests.exceptions.SSLError:
            return NotTaken("Its TLS certificate cannot be trusted.")
        except requests.exceptions.Timeout:
            return NotTaken(f"It did not answer within {timeout:g} seconds.")
        except requests.exceptions.RequestException as exc:
            if leads_to_private(exc):
                return NotTaken("Its name leads to a private address, which is not allowed (setting allow_private).")
            return NotTaken("It cannot be reached, or broke the connection.")

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _judged(answer: requests.Response, now: datetime) -> Taken | NotTaken:
    status = answer.status_code
    if status // 100 == 2:  # noqa: PLR2004 - HTTP's class of success
        return Taken(status)
    if status in _REDIRECTS:
        return NotTaken(f"It redirects (HTTP {status}), which is not followed: set the final URL.", status)
    if status == HTTPStatus.GONE:
        return NotTaken("It wants no more events (HTTP 410).", status, gone=True)
    wait = _wait(answer.headers.get("Retry-After"), now) if status in _ASKS_TO_WAIT else None
    return NotTaken(f"It answered HTTP {status}.", status, wait)


def _wait(asked: str | None, now: datetime) -> timedelta | None:
    """Read Retry-After: seconds, or a date."""
    if not asked:
        return None
    if asked.strip().isdecimal():
        return timedelta(seconds=min(int(asked), 10**7))
    try:
        return max(parsedate_to_datetime(asked) - now, timedelta(0))
    except (ValueError, TypeError):
        return None
