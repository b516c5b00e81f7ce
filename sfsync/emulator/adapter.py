"""The in-process door: mounted on a requests session, it answers for the org without a socket."""

from __future__ import annotations

import time
from contextlib import suppress
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse
from urllib3.exceptions import IncompleteRead, ProtocolError, ReadTimeoutError

from sfsync.emulator.http import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfsync.emulator.http import Response
    from sfsync.emulator.org import Org


class EmulatorAdapter(BaseAdapter):
    """Answers requests from an org in the same process.

    `session.mount("https://org.example", EmulatorAdapter(org))`. Faults on the wire become the exceptions that
    requests raises on a real network. A slow answer costs real time, unless it takes longer than the timeout.
    """

    def __init__(self, org: Org, *, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self._org = org
        self._sleep = sleep

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002 - the signature of requests
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,  # noqa: ARG002, FBT001, FBT002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        """Have the org answer a prepared request.

        Raises:
            requests.ConnectionError: if a fault drops the connection, or the body stops for longer than the timeout.
            requests.ReadTimeout: if a fault withholds the answer, or delays it beyond the timeout.
            requests.exceptions.ChunkedEncodingError: if a fault cuts the body.
        """
        response = self._org.handle(_as_request(request))
        read_timeout = timeout[1] if isinstance(timeout, tuple) else timeout
        if response.wire_fault == "timeout" or (read_timeout is not None and response.delay > read_timeout):
            raise requests.ReadTimeout(f"Read timed out. (read timeout={read_timeout})", request=request)
        if response.pieces > 1 and read_timeout is not None and response.pause > read_timeout:
            pool: Any = None
            stopped = ReadTimeoutError(pool, request.url or "", "Read timed out.")
            raise requests.ConnectionError(stopped, request=request)
        if seconds := response.delay + (response.pause * response.pieces if response.pieces > 1 else 0):
            self._sleep(seconds)
        if response.wire_fault in {"reset", "lost"}:
            cause = ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer"))
            raise requests.ConnectionError(cause, request=request)
        if response.wire_fault == "truncated":
            half = len(response.body) // 2
            broken = IncompleteRead(half, len(response.body) - half)
            raise requests.exceptions.ChunkedEncodingError(
                ProtocolError(f"Connection broken: {broken!r}", broken), request=request
            )
        return _as_answer(request, response)

    def close(self) -> None:
        """Nothing is open."""


def _as_request(request: requests.PreparedRequest) -> Request:
    url = urlsplit(request.url or "")
    body = request.body or b""
    if not isinstance(body, str | bytes):
        body = b"".join(part.encode() if isinstance(part, str) else part for part in body)
    headers = {"host": url.netloc, **{name.lower(): str(value) for name, value in request.headers.items()}}
    target = f"{url.path}?{url.query}" if url.query else url.path
    raw = body.encode() if isinstance(body, str) else body
    return Request.of(request.method or "GET", target, headers=headers, body=raw)


def _as_answer(request: requests.PreparedRequest, response: Response) -> requests.Response:
    answer = requests.Response()
    answer.status_code = response.status
    answer.headers = CaseInsensitiveDict(response.headers)
    answer.encoding = requests.utils.get_encoding_from_headers(answer.headers)
    answer.url = request.url or ""
    answer.request = request
    raw = BytesIO(response.body)
    answer.raw = HTTPResponse(raw, headers=response.headers, status=response.status, preload_content=False)
    answer._content = response.body  # noqa: SLF001 - what a session does when it does not stream
    answer._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
    with suppress(ValueError):  # the edge's 420 has no phrase, and a socket's answer none either
        answer.reason = HTTPStatus(response.status).phrase
    return answer
