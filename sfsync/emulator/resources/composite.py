"""Composite: up to 25 subrequests in one call, with references between them [facts: api 3.12]."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer, Request
from sfsync.emulator.resources.subrequests import (
    Subrequest,
    as_part,
    as_request,
    check_unique,
    error_part,
    halted,
    malformed,
)

if TYPE_CHECKING:
    from sfsync.emulator.org import Org

_MOST = 25
_MOST_QUERIES = 5
_MOST_TYPES = 5
_LIMITED = {"query", "query_more", "collections"}
_SUPPORTED = {"query", "query_more", "collections", "record", "upsert", "describe", "updated", "deleted"}
_FORBIDDEN_HEADERS = {"accept", "authorization", "content-type"}
_PARENT = re.compile(r"/services/data/(v[\d.]+)/sobjects/([^/?]+)", re.IGNORECASE)


class _RollBackError(Exception):
    """Undoes a composite of which one part failed."""


def composite(org: Org, request: Request) -> Answer:
    """POST /composite: always 200 once the request itself could be read."""
    body = request.json_object()
    sent = body.get("compositeRequest")
    if not isinstance(sent, list) or not sent:
        raise malformed("compositeRequest must be a non-empty array")
    if len(sent) > _MOST:
        # Typographic apostrophe and null reference as seen in production.
        return _refused(f"The request can\u2019t contain more than {_MOST} operations.")
    parts = [Subrequest.read(one) for one in sent]
    check_unique(parts)
    for part in parts:
        _check(part, parts)
    kinds = [_kind(org, part) for part in parts]
    if sum(kind in _LIMITED for kind in kinds) > _MOST_QUERIES:
        return _refused(f"The request can\u2019t contain more than {_MOST_QUERIES} query or collections operations.")
    collate = body.get("collateSubrequests") is not False
    order = _execution_order(parts, collate=collate)
    if body.get("allOrNone") is True:
        answers = _all_or_none(org, request, order)
    else:
        answers = {}
        for part in order:
            answers[part.reference_id] = _one(org, request, part, parts.index(part) + 1, answers)
    return Answer(200, {"compositeResponse": [as_part(part, answers[part.reference_id]) for part in parts]})


def _refused(message: str) -> Answer:
    refusal = ApiError(400, "LIMIT_EXCEEDED", message)
    return Answer(200, {"compositeResponse": [error_part(None, refusal)]})


def _check(part: Subrequest, parts: list[Subrequest]) -> None:
    if _FORBIDDEN_HEADERS & set(part.headers):
        raise malformed(f"httpHeaders of {part.reference_id} may not include Accept, Authorization or Content-Type")
    if not part.url.startswith("/services/data/v"):
        raise malformed(f"The url of {part.reference_id} must start with /services/data/vXX.X")
    earlier = {one.reference_id for one in parts[: parts.index(part)]}
    unknown = part.needs - earlier
    if unknown:
        raise malformed(f"{part.reference_id} refers to {min(unknown)}, which is no earlier subrequest")


def _kind(org: Org, part: Subrequest) -> str:
    """What the part is for; references in the url stand for one segment each."""
    url = re.sub(r"@\{[^}]+\}", "reference", part.url)
    return org.resolve(Request.of(part.method, url)).kind


def _execution_order(parts: list[Subrequest], *, collate: bool) -> list[Subrequest]:
    """The order in which the parts are executed.

    Collated, parts of one method, version and kind run together with the first of them, unless they need the result
    of a part not yet executed or carry headers: order is only guaranteed by references.
    """
    if not collate:
        return parts
    left, order, done = list(parts), list[Subrequest](), set[str]()
    while left:
        first = left[0]
        group = [first]
        key = _grouping(first)
        if key is not None:
            objects = {_object_of(first)}
            for other in left[1:]:
                together = objects | {_object_of(other)}
                if _grouping(other) == key and other.needs <= done and len(together) <= _MOST_TYPES:
                    objects = together
                    group.append(other)
        done.update(one.reference_id for one in group)
        order += group
        left = [one for one in left if one.reference_id not in done]
    return order


def _grouping(part: Subrequest) -> tuple[str, str] | None:
    match = _PARENT.match(part.url)
    if match is None or part.headers:
        return None
    return part.method, match.group(1)


def _object_of(part: Subrequest) -> str:
    match = _PARENT.match(part.url)
    return match.group(2).lower() if match else ""


def _one(
    org: Org, outer: Request, part: Subrequest, place: int, answers: dict[str, Answer], *, strict: bool = False
) -> Answer:
    try:
        if outer.part_fault is not None and outer.part_fault.hits_part(place):
            raise outer.part_fault.refusal()
        request = as_request(part, answers, outer)
    except ApiError as refusal:
        return Answer(refusal.status, refusal.as_rest())
    request.in_all_or_none = strict
    target = org.resolve(request)
    if target.kind not in _SUPPORTED and target.refusal is None:
        message = f"The resource {request.path} is not supported in a composite request"
        return Answer(400, ApiError(400, "INVALID_HTTP_RESOURCE", message).as_rest())
    return org.perform(request, target)


def _all_or_none(org: Org, outer: Request, order: list[Subrequest]) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    try:
        with org.world.savepoint():
            for place, part in enumerate(order, 1):
                answer = answers[part.reference_id] = _one(org, outer, part, place, answers, strict=True)
                if not answer.ok:
                    raise _RollBackError  # noqa: TRY301 - leaves the savepoint
    except _RollBackError:
        other = Answer(halted().status, halted().as_rest())
        failed = {name: answer for name, answer in answers.items() if not answer.ok}
        return {part.reference_id: failed.get(part.reference_id, other) for part in order}
    return answers
