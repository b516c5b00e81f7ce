"""JSON that a client sent, read without trusting it: what Python would choke on is refused, or made harmless."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from sfsync.emulator.errors import ApiError

_DEEPEST = 100  # nothing in the API needs a tenth of it
_SURROGATE = re.compile(r"\\\\|\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(\\u[dD][89a-fA-F]\w\w)")


def read_json(raw: bytes) -> Any:
    """Return what a body of JSON says; numbers with a point or an exponent are Decimal.

    Raises:
        ApiError: JSON_PARSER_ERROR if it is no JSON, or nested deeper or with longer numbers than anybody needs.
    """
    try:
        text = raw.decode(json.detect_encoding(raw))
        if "\\u" in text:
            text = _SURROGATE.sub(_whole, text)
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise _broken("Invalid UTF-8 in the request body") from None
    except json.JSONDecodeError as exc:
        raise _unexpected(exc) from None
    except (ValueError, InvalidOperation):
        raise _broken("Number value length or exponent exceeds the maximum allowed") from None
    except RecursionError:
        raise _too_deep() from None
    if text.count("{") + text.count("[") > _DEEPEST:
        _check_depth(value)
    return value


def _whole(found: re.Match[str]) -> str:
    """Half of a character alone is no text: it becomes the replacement character."""
    return r"\ufffd" if found[1] else found[0]


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [child for one in inner for child in one]
        if not level:
            return
    raise _too_deep()


def _no_number(name: str) -> Any:
    raise _broken(f"Non-standard token '{name}'")


def _too_deep() -> ApiError:
    return _broken(f"Document nesting depth exceeds the maximum allowed ({_DEEPEST})")


def _broken(why: str) -> ApiError:
    return ApiError(400, "JSON_PARSER_ERROR", why)


def _unexpected(exc: json.JSONDecodeError) -> ApiError:
    where = f"at [line:{exc.lineno}, column:{exc.colno + 1}]"
    if exc.pos >= len(exc.doc):
        return _broken(f"Unexpected end-of-input: {exc.msg} {where}")
    char = exc.doc[exc.pos]
    return _broken(f"Unexpected character ('{char}' (code {ord(char)})): {exc.msg} {where}")
