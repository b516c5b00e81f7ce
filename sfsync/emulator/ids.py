"""Record ids: 15 case-sensitive characters, or the same with a 3-character checksum [facts: api 9.1]."""

import re
from collections import defaultdict
from functools import lru_cache

from sfsync.emulator.errors import ApiError

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?")
_SHORT = 15
LONG = 18


@lru_cache(maxsize=10_000)
def id18(id15: str) -> str:
    """Return the 18-character form of a 15-character id: each suffix character says which of five are capitals."""
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, char in enumerate(id15[start : start + 5]) if "A" <= char <= "Z")
        suffix += _CHECKSUM[bits]
    return id15 + suffix


def is_id(text: str) -> bool:
    """Say whether the text has the form of an id; the checksum of the long form must be right."""
    if not _SHAPE.fullmatch(text):
        return False
    return len(text) == _SHORT or id18(text[:_SHORT]) == text


def normalise(text: str) -> str:
    """Return the 18-character form of an id given in either form.

    Raises:
        ApiError: MALFORMED_ID if the text is no id.
    """
    if not is_id(text):
        raise ApiError(400, "MALFORMED_ID", f"malformed id {text}", ["Id"])
    return text if len(text) == LONG else id18(text)


class IdFactory:
    """Makes ids that rise: within one key prefix, string order is the order of creation."""

    def __init__(self, pod: str = "5e") -> None:
        self._pod = pod
        self._width = _SHORT - 3 - len(pod)
        self._last: defaultdict[str, int] = defaultdict(int)

    def next(self, prefix: str) -> str:
        """Return a new id of 18 characters; a number once given is never given again, even after a rollback."""
        self._last[prefix] += 1
        number, digits = self._last[prefix], ""
        while number:
            number, digit = divmod(number, len(_ALPHABET))
            digits = _ALPHABET[digit] + digits
        return id18(prefix + self._pod + digits.rjust(self._width, "0"))

    def resume_after(self, record_id: str) -> None:
        """Make later ids of this prefix come after the given one (used when an org is opened from a file)."""
        prefix, digits = record_id[:3], record_id[_SHORT - self._width : _SHORT]
        number = 0
        for char in digits:
            number = number * len(_ALPHABET) + _ALPHABET.index(char)
        self._last[prefix] = max(self._last[prefix], number)
