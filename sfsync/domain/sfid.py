"""Salesforce Ids as people type them: of 15 or 18 characters, the latter in whatever case."""

from __future__ import annotations

import re

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
"""The five bits of each checksum character: which of five characters are capital letters."""

_SHORT, _LONG, _GROUP = 15, 18, 5


def full_id(text: str) -> str | None:
    """Return the Id of 18 characters that `text` stands for, None if it is no Id.

    An Id of 15 gets its checksum. One of 18 is read by its checksum, which says which letters are
    capitals: spreadsheets and chat lose them.
    """
    if not re.fullmatch(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", text):
        return None
    if len(text) == _SHORT:
        return text + _checksum(text)
    checksum = text[_SHORT:].upper()
    if any(letter not in _ALPHABET for letter in checksum):
        return None
    capitals = "".join(f"{_ALPHABET.index(letter):05b}"[::-1] for letter in checksum)
    body = "".join(
        letter.upper() if capital == "1" else letter.lower()
        for letter, capital in zip(text[:_SHORT], capitals, strict=True)
    )
    return body + checksum if _checksum(body) == checksum else None


def _checksum(body: str) -> str:
    groups = [body[start : start + _GROUP] for start in range(0, _SHORT, _GROUP)]
    return "".join(_ALPHABET[sum(letter.isupper() << place for place, letter in enumerate(group))] for group in groups)
