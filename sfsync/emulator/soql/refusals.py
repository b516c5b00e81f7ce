"""Words a refused query the way Salesforce does: the place in the text, a caret, then the reason [facts: api 8.6]."""

import re

from sfsync.emulator.errors import ApiError

_HINT = "Please reference your WSDL or the describe call for the appropriate names."
_BEFORE = 40  # how much of the line is quoted around the caret: fits all samples, which do not settle it
_AFTER = 40


def refusal(text: str, pos: int, reason: str, code: str = "MALFORMED_QUERY") -> ApiError:
    """Return the error for a place in the query, framed."""
    line_start = text.rfind("\n", 0, pos) + 1
    line_end = text.find("\n", pos)
    line = text[line_start:] if line_end < 0 else text[line_start:line_end]
    at = pos - line_start
    start = 0
    if at > _BEFORE:
        boundary = re.compile(r"[\s,]\s*").search(line, at - _BEFORE, at)
        start = boundary.end() if boundary else at
    end_match = re.compile(r"\s").search(line, min(at + _AFTER, len(line)))
    context = line[start : end_match.start() if end_match else len(line)]
    row = text.count("\n", 0, pos) + 1
    frame = f"\n{context}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{at + 1}\n{reason}"
    return ApiError(400, code, frame)


def malformed(reason: str) -> ApiError:
    """Return a MALFORMED_QUERY that names no place."""
    return ApiError(400, "MALFORMED_QUERY", reason)


def no_such_object(text: str, pos: int, name: str) -> ApiError:
    """Return the error of an object that is not there, or is switched off."""
    reason = (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the "
        f"'__c' after the entity name. {_HINT}"
    )
    return refusal(text, pos, reason, "INVALID_TYPE")


def no_such_column(text: str, pos: int, name: str, sobject: str) -> ApiError:
    """Return the error of a field that is not there, or is hidden from the user."""
    reason = (
        f"No such column '{name}' on entity '{sobject}'. If you are attempting to use a custom field, be sure to "
        f"append the '__c' after the custom field name. {_HINT}"
    )
    return refusal(text, pos, reason, "INVALID_FIELD")


def no_such_parent(text: str, pos: int, name: str) -> ApiError:
    """Return the error of a path through a relationship that is not there."""
    reason = (
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, "
        f"be sure to append the '__r' after the custom relationship name. {_HINT}"
    )
    return refusal(text, pos, reason, "INVALID_FIELD")


def no_such_children(text: str, pos: int, name: str) -> ApiError:
    """Return the error of an inner query on a relationship that is not there."""
    reason = (
        f"Didn't understand relationship '{name}' in FROM part of query call. If you are attempting to use a custom "
        f"relationship, be sure to append the '__r' after the custom relationship name. {_HINT}"
    )
    return refusal(text, pos, reason, "INVALID_TYPE")
