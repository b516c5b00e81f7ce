"""Requests and responses without sockets, and JSON in the two forms an org writes it."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, unquote

from sfsync.emulator.errors import ApiError
from sfsync.emulator.json_text import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sfsync.emulator.faults import Fault

_LONGEST = 16_384  # bytes
_WORTH_COMPRESSING = 2_048  # bytes
JSON_TYPE = "application/json;charset=UTF-8"  # exactly so, without a blank [facts: api 0.4]

WireFault = Literal["reset", "lost", "timeout", "truncated"]

_plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, default=float).encode


class Lasting(dict[str, Any]):
    """What is answered again and again, as describes are: its text is made once, so nobody may change it."""

    @cached_property
    def text(self) -> str:
        """It as compact JSON."""
        return _plain(self)


@dataclass(slots=True)
class Request:
    """One HTTP request; path keeps its percent-encoding, header names are lower case."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    payload: Any = None
    user_id: str = ""
    version: str = ""
    segments: tuple[str, ...] = ()
    in_all_or_none: bool = False
    part_fault: Fault | None = None
    page_rows: int | None = None
    url_length: int = 0

    @classmethod
    def of(
        cls,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Request:
        """Build a request from a host-relative URL.

        A parameter given twice keeps its first value: some clients repeat `q` beside a locator [facts: api 13].
        """
        path, _, query_text = url.partition("?")
        query: dict[str, str] = {}
        if query_text:
            for name, value in parse_qsl(query_text, keep_blank_values=True):
                query.setdefault(name, value)
        pairs = headers.items() if hasattr(headers, "items") else headers
        made = cls(method.upper(), path, query, {name.lower(): value for name, value in pairs}, body)
        made.url_length = len(url)
        return made

    def too_long(self) -> int | None:
        """The HTTP status of a request whose URL, or URL with headers, is too long [facts: api 5.1]; else None."""
        if self.url_length > _LONGEST:
            return 414
        headers = sum(len(name) + len(value) for name, value in self.headers.items())
        return 431 if self.url_length + headers > _LONGEST else None

    def path_parts(self) -> tuple[str, ...]:
        """The decoded segments of the path; a trailing slash makes no difference [facts: api 13]."""
        return tuple(unquote(part) for part in self.path.strip("/").split("/"))

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ApiError: JSON_PARSER_ERROR if it is none.
        """
        if self.payload is not None:
            return self.payload
        self.payload = read_json(self.content())
        return self.payload

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            ApiError: JSON_PARSER_ERROR if it is not one.
        """
        body = self.json()
        if not isinstance(body, dict):
            raise ApiError(
                400,
                "JSON_PARSER_ERROR",
                "Cannot deserialize request body: expected a JSON object at [line:1, column:1]",
            )
        return body

    def content(self) -> bytes:
        """The body, decompressed if it came as gzip [facts: api 0.5]."""
        if self.headers.get("content-encoding", "").lower() != "gzip":
            return self.body
        try:
            return gzip.decompress(self.body)
        except (OSError, EOFError, zlib.error):
            raise ApiError(400, "JSON_PARSER_ERROR", "The request body is not valid gzip") from None


@dataclass(slots=True)
class Answer:
    """What a resource answers, before it is written: payload None is an empty body; cost is in daily calls.

    `then` does the rest of a call outside of its transaction, in others of its own, and returns the answer that counts.
    """

    status: int
    payload: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cost: int = 1
    then: Callable[[], Answer] | None = None

    @property
    def ok(self) -> bool:
        """Whether the request did what was asked (3xx included: nothing was refused)."""
        return self.status < 400  # noqa: PLR2004 - the border of HTTP's own classes


@dataclass(slots=True)
class Response:
    """What goes over the wire, and what a fault does to it on the way."""

    status: int
    headers: dict[str, str]
    body: bytes
    wire_fault: WireFault | None = None
    delay: float = 0.0
    pieces: int = 1
    pause: float = 0.0

    def json(self) -> Any:
        """The body as JSON, numbers with a point as Decimal."""
        return json.loads(self.body, parse_float=Decimal)


def compressed(request: Request, response: Response) -> Response:
    """The response as gzip if the client takes that, and the body is worth the work [facts: api 0.5]."""
    if len(response.body) < _WORTH_COMPRESSING or not _takes_gzip(request.headers.get("accept-encoding", "")):
        return response
    headers = {**response.headers, "Content-Encoding": "gzip"}
    return replace(response, headers=headers, body=gzip.compress(response.body, compresslevel=1, mtime=0))


def _takes_gzip(header: str) -> bool:
    for one in header.lower().split(","):
        name, _, quality = one.replace(" ", "").partition(";q=")
        if name == "gzip":
            return not quality or quality.strip("0.") != ""
    return False


def encode(payload: Any, *, pretty: bool) -> bytes:
    """JSON as an org writes it: compact, or the recorded pretty form [facts: api 0.2]."""
    return (_pretty(payload, "") if pretty else _compact(payload)).encode()


def _compact(value: Any) -> str:
    if isinstance(value, Lasting):
        return value.text
    parts = value.get("compositeResponse", ()) if isinstance(value, dict) else ()
    if any(isinstance(part.get("body"), Lasting) for part in parts):
        return f'{{"compositeResponse":[{",".join(map(_part, parts))}]}}'
    return _plain(value)


def _part(part: dict[str, Any]) -> str:
    return f"{{{','.join(f'{_plain(key)}:{_compact(value)}' for key, value in part.items())}}}"


def _pretty(value: Any, indent: str) -> str:
    if isinstance(value, dict):
        if not value:
            return "{ }"
        deeper = indent + "  "
        lines = ",\n".join(f"{deeper}{_compact(key)} : {_pretty(item, deeper)}" for key, item in value.items())
        return f"{{\n{lines}\n{indent}}}"
    if isinstance(value, list | tuple):
        if not value:
            return "[ ]"
        return f"[ {', '.join(_pretty(item, indent) for item in value)} ]"
    return _compact(value)
