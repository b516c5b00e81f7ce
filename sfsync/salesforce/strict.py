"""Updates that the org itself refuses when a record was changed since it was read (If-Unmodified-Since).

Only single records know that condition, not collections: each is a request of its own inside a composite call.
"""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from sfsync.errors import OrgLimitReached
from sfsync.salesforce import composite, failures, soql
from sfsync.salesforce.codes import Class, classify
from sfsync.salesforce.outcomes import InDoubt, Locked, Refused, Stale, Updated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.outcomes import UpdateOutcome

    Change = tuple[str, Mapping[str, Any], datetime]

UPDATES_PER_CALL = composite.SUBREQUESTS
_PRECONDITION_FAILED = 412
_SERVER_ERROR = 500


def update_unchanged(client: OrgClient, changes: Sequence[Change]) -> list[UpdateOutcome]:
    """Write fields of up to 25 orders in ONE call, each only if the org has not changed it after the given stamp.

    The org compares whole seconds (REST guide: conditional requests), so a change within the same second passes.

    Raises:
        ValueError: for more than 25, or what is no id.
        OrgUnavailable: `in_doubt` says whether orders may have been changed.
        OrgRefused: the org refused the call as a whole.
    """
    if len(changes) > UPDATES_PER_CALL:
        raise ValueError(f"{len(changes)} updates are more than the {UPDATES_PER_CALL} that fit into a call")
    for sf_id, _, _ in changes:
        soql.quoted_id(sf_id)
    requests = [
        {
            "method": "PATCH",
            "url": f"/services/data/v{client.version}/sobjects/Order/{sf_id}",
            "referenceId": f"r{index}",
            "httpHeaders": {"If-Unmodified-Since": format_datetime(stamp.replace(microsecond=0), usegmt=True)},
            "body": dict(fields),
        }
        for index, (sf_id, fields, stamp) in enumerate(changes)
    ]
    # Kept in order and apart: collated requests may not carry headers of their own (REST guide: composite).
    body = {"allOrNone": False, "collateSubrequests": False, "compositeRequest": requests}
    answer = client.write("POST", "composite", body)
    elements = answer.get("compositeResponse") if isinstance(answer, dict) else None
    if not isinstance(elements, list):
        raise failures.unreadable(write=True)
    found = {one["referenceId"]: one for one in elements if isinstance(one, dict) and "referenceId" in one}
    if None in found:
        raise failures.from_answer(found[None].get("httpStatusCode", _SERVER_ERROR), found[None].get("body"))
    return [_outcome(sf_id, found.get(f"r{index}")) for index, (sf_id, _, _) in enumerate(changes)]


def _outcome(sf_id: str, element: Any) -> UpdateOutcome:
    status = element.get("httpStatusCode") if isinstance(element, dict) else None
    if not isinstance(status, int):
        return InDoubt(sf_id)
    if status < 300:  # noqa: PLR2004 - what is below is success
        return Updated(sf_id)
    if status == _PRECONDITION_FAILED:
        return Stale(sf_id)
    errors = failures.errors_of(element.get("body"))
    if not errors or status >= _SERVER_ERROR:
        return InDoubt(sf_id)
    code, message, fields = errors[0]
    failure = failures.from_answer(status, element.get("body"))
    if isinstance(failure, OrgLimitReached):
        return Locked(sf_id, code, message)
    if classify(code, message) in {Class.LOCK, Class.RETRY}:
        return Locked(sf_id, code, message)
    return Refused(sf_id, code, message, fields)
