"""What composite and graph share: reading subrequests, references between them, order, and their answers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Iterable

_REFERENCE = re.compile(r"@\{([^}]+)\}")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,9})\]")
_LEGAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
HALTED = "The transaction was rolled back since another operation in the same transaction failed."


@dataclass
class Subrequest:
    """One part of a composite or graph, as it was sent."""

    method: str
    url: str
    reference_id: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()

    @classmethod
    def read(cls, part: Any) -> Subrequest:
        """Read one part.

        Raises:
            ApiError: 400 for the whole request if it is malformed.
        """
        if not isinstance(part, dict):
            raise malformed("each subrequest must be an object")
        method, url, reference = part.get("method"), part.get("url"), part.get("referenceId")
        if not isinstance(method, str) or method.upper() not in _METHODS:
            raise malformed(f"invalid method {method}")
        if not isinstance(url, str):
            raise malformed("each subrequest needs a url")
        if not isinstance(reference, str) or not _LEGAL_ID.fullmatch(reference):
            raise malformed(
                f"Provided referenceId ('{reference}') must start with a letter or a number, and it can contain only "
                "letters, numbers and underscores ('_')."
            )
        headers = part.get("httpHeaders") or {}
        if not isinstance(headers, dict):
            raise malformed("httpHeaders must be an object")
        body = part.get("body")
        needs = frozenset(_names_in(body)) | frozenset(_names_in(url))
        lower = {str(name).lower(): str(value) for name, value in headers.items()}
        return cls(method.upper(), url, reference, body, lower, needs)


def malformed(why: str) -> ApiError:
    """The refusal of a whole composite or graph request."""
    return ApiError(400, "INVALID_INPUT", why)


def check_unique(parts: Iterable[Subrequest]) -> None:
    """Refuse a request in which a reference id comes twice."""
    seen: set[str] = set()
    for part in parts:
        if part.reference_id in seen:
            raise malformed(f"duplicate referenceId {part.reference_id}")
        seen.add(part.reference_id)


def _names_in(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        for expression in _REFERENCE.findall(value) if "@{" in value else ():
            yield re.split(r"[.\[]", expression, maxsplit=1)[0].strip()
    elif isinstance(value, dict):
        for item in value.values():
            yield from _names_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names_in(item)


def halted(message: str = HALTED) -> ApiError:
    """The error of a part that was undone, or never tried, because of another."""
    return ApiError(400, "PROCESSING_HALTED", message)


def resolve_references(value: Any, answers: dict[str, Answer]) -> Any:
    """Return a copy of a body or url with `@{ref.path}` replaced by what the earlier parts answered.

    Raises:
        ApiError: PROCESSING_HALTED if a reference leads nowhere.
    """
    if isinstance(value, str):
        if "@{" not in value:
            return value
        whole = _REFERENCE.fullmatch(value)
        if whole:
            return _look_up(whole.group(1), answers)
        return _REFERENCE.sub(lambda match: _as_text(_look_up(match.group(1), answers)), value)
    if isinstance(value, dict):
        return {key: resolve_references(item, answers) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve_references(item, answers) for item in value]
    return value


def _as_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _look_up(expression: str, answers: dict[str, Answer]) -> Any:
    steps = [name or int(index) for name, index in _STEP.findall(expression)]
    answer = answers.get(str(steps[0])) if steps else None
    value: Any = answer.payload if answer is not None and answer.ok else None
    for step in steps[1:]:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            value = None
        if value is None:
            break
    if value is None or len(steps) == 1:
        found = "" if answer is None else json.dumps(answer.payload, default=float)
        raise halted(f"Invalid reference specified. No value for {expression} found in {found}.")
    return value


def as_request(part: Subrequest, answers: dict[str, Answer], outer: Request) -> Request:
    """Turn a part into a request of its own, references resolved, in the name of the outer request's user."""
    request = Request.of(part.method, str(resolve_references(part.url, answers)), headers=part.headers)
    request.payload = resolve_references(part.body, answers) if part.body is not None else None
    request.user_id = outer.user_id
    return request


def as_part(part: Subrequest, answer: Answer) -> dict[str, Any]:
    """One element of a compositeResponse."""
    return {
        "body": answer.payload,
        "httpHeaders": answer.headers,
        "httpStatusCode": answer.status,
        "referenceId": part.reference_id,
    }


def error_part(reference_id: str | None, refusal: ApiError) -> dict[str, Any]:
    """The element of a part that failed."""
    return {
        "body": refusal.as_rest(),
        "httpHeaders": {},
        "httpStatusCode": refusal.status,
        "referenceId": reference_id,
    }
