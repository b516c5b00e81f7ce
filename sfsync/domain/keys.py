"""Our keys: the external ids that make a second creation of the same thing impossible.

Order key: Opportunity Id, "-", sequence. Reduction key: the original's key (its Salesforce Id where it has
none of ours), "-R", number. Line key: order key, "-", line number. No dots: Salesforce answers 404 for
external ids that end like a file name.
"""

from __future__ import annotations

import re

_ORDER_KEY = re.compile(r"(006[0-9A-Za-z]{15})-[1-9][0-9]*(?:-R[1-9][0-9]*)?")
_REDUCTION_KEY = re.compile(r".+-R([1-9][0-9]*)")


def order_key(deal_id: str, sequence: int = 1) -> str:
    """Return the key of a deal's order; `sequence` counts a deal's orders from 1."""
    return f"{deal_id}-{sequence}"


def line_key(key: str, number: int) -> str:
    """Return the key of an order's line; `number` counts from 1."""
    return f"{key}-{number}"


def reduction_key(original: str, number: int) -> str:
    """Return the key of a reduction of an order, by the order's key or Id; `number` counts its reductions from 1."""
    return f"{original}-R{number}"


def reduction_number(key: str | None) -> int | None:
    """Return the number that a reduction's key ends with, None for other keys."""
    match = _REDUCTION_KEY.fullmatch(key or "")
    return int(match[1]) if match else None


def deal_of(key: str | None) -> str | None:
    """Return the Opportunity Id that an order or reduction key was made from, None for keys that are not ours."""
    match = _ORDER_KEY.fullmatch(key or "")
    return match[1] if match else None
