"""Requests and responses without sockets, and JSON in the two forms an org writes it."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, unquote

from sfsync.emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sfsync.emulator.faults import Fault

JSON_TYPE = "application/json;charset=UTF-8"  # exactly so, without a blank [facts: api 0.4]

WireFault = Literal["reset", "lost", "timeout", "truncated"]

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, default=float).encode


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
    lock_fault: Fault | None = None

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
        return cls(method.upper(), path, query, {name.lower(): value for name, value in pairs}, body)

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
        raw = self.content()
        try:
            self.payload = json.loads(raw, parse_float=Decimal)
        except UnicodeDecodeError:
            raise ApiError(400, "JSON_PARSER_ERROR", "Invalid UTF-8 in the request body") from None
        except json.JSONDecodeError as exc:
            raise _unexpected(exc) from None
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


def _unexpected(exc: json.JSONDecodeError) -> ApiError:
    where = f"at [line:{exc.lineno}, column:{exc.colno + 1}]"
    if exc.pos >= len(exc.doc):
        return ApiError(400, "JSON_PARSER_ERROR", f"Unexpected end-of-input: {exc.msg} {where}")
    char = exc.doc[exc.pos]
    return ApiError(400, "JSON_PARSER_ERROR", f"Unexpected character ('{char}' (code {ord(char)})): {exc.msg} {where}")


@dataclass(slots=True)
class Answer:
    """What a resource answers, before it is written: payload None is an empty body."""

    status: int
    payload: Any = None
    headers: dict[str, str] = field(default_factory=dict)

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

    def json(self) -> Any:
        """The body as JSON, numbers with a point as Decimal."""
        return json.loads(self.body, parse_float=Decimal)


def encode(payload: Any, *, pretty: bool) -> bytes:
    """JSON as an org writes it: compact, or the recorded pretty form [facts: api 0.2]."""
    return (_pretty(payload, "") if pretty else _compact(payload)).encode()


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
