"""Conditional requests: If-Modified-Since and If-Unmodified-Since at whole seconds, ETags [facts: api 3.6]."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from sfsync.emulator.clock import http_date
from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.settings import Settings


def etag(text: str) -> str:
    """A short tag of a state."""
    return f'"{sha256(text.encode()).hexdigest()[:8]}"'


def check(request: Request, settings: Settings, changed: datetime, tag: str | None = None) -> Answer | None:
    """Answer 304 if the client knows this state already, None if the request may go on.

    Without a `tag`, If-Match and If-None-Match mean nothing, as on all rows but those of Account.

    Raises:
        ApiError: 412 if it has changed since; 400 for a value that is no date.
    """
    moment = changed.replace(microsecond=0)
    reading = request.method in {"GET", "HEAD"}
    if (limit := _date(request, "if-unmodified-since")) is not None and moment > limit:
        raise _failed(settings)
    if tag is not None and (wanted := request.headers.get("if-match")) and not _names(wanted, tag):
        raise _failed(settings)
    known = tag is not None and _names(request.headers.get("if-none-match", ""), tag)
    if (limit := _date(request, "if-modified-since")) is not None and moment <= limit:
        known = True
    if not known:
        return None
    if not reading:
        raise _failed(settings)
    headers = {} if tag is None else {"ETag": tag}
    return Answer(304, None, {**headers, "Last-Modified": http_date(moment)})


def _names(header: str, tag: str) -> bool:
    """Whether a list of tags has this one; compressed answers carry it with -gzip at its end."""
    given = {one.strip().removeprefix("W/").replace('-gzip"', '"') for one in header.split(",")}
    return bool(given & {"*", tag})


def _failed(settings: Settings) -> ApiError:
    message = "One or more conditional headers in the request was not met."
    return ApiError(412, settings.precondition_code, message)


def _date(request: Request, header: str) -> datetime | None:
    text = request.headers.get(header)
    if text is None:
        return None
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        if request.method in {"GET", "HEAD"}:
            return None
        raise ApiError(400, "INVALID_HEADER", f"Invalid value for header {header}: {text}") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed
