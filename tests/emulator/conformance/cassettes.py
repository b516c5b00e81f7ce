"""The recordings of a real org: where they are, and their interactions as requests and answers.

They are cassettes of CumulusCI's tests: partly normalised (host, versions, some ids), some with parts in shared files
and templates. Nothing of them is kept in this repository.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

VARIABLE = "SFSYNC_RECORDINGS"
BESIDE = Path(__file__).resolve().parents[4] / "shared" / "recorded"
HOST = "https://orgname.my.salesforce.com"

_VERSION = re.compile(r"/services/data/v(\d+)\.0/")
_ANY_VERSION = "59"
_PLACE = re.compile(r"\{(\w+)(?::([^}]*))?\}")


def recordings() -> Path:
    """Return the folder of the recordings, or skip the test that asks."""
    given = os.environ.get(VARIABLE)
    folder = Path(given) if given else BESIDE
    if not (folder / "cci").is_dir():
        pytest.skip(f"no recordings: neither {VARIABLE} names their folder nor are they in ../shared/recorded")
    return folder / "cci"


@dataclass(frozen=True)
class Interaction:
    """One recorded request with its answer; `url` is without host, `answer` the text of the body."""

    cassette: str
    number: int
    method: str
    url: str
    content_type: str | None
    body: bytes
    status: int
    headers: dict[str, str]
    answer: str

    @property
    def name(self) -> str:
        """How differences.py calls it."""
        return f"{self.cassette} #{self.number}"


@dataclass(frozen=True)
class Cassette:
    """A file of recordings: what it has itself, and the shared files it repeats."""

    name: str
    interactions: tuple[Interaction, ...]
    includes: frozenset[str]


@cache
def names() -> tuple[str, ...]:
    """Return the names of all cassettes."""
    return tuple(sorted(path.stem for path in recordings().rglob("*.yaml")))


@cache
def load(name: str) -> Cassette:
    """Read one cassette."""
    (path,) = recordings().rglob(f"{name}.yaml")
    content = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
    parts = content.get("interactions", [content])
    own = [(number, part) for number, part in enumerate(parts) if "include_file" not in part]
    includes = frozenset(Path(part["include_file"]).stem for part in parts if "include_file" in part)
    return Cassette(name, tuple(_interaction(name, number, part) for number, part in own), includes)


def _interaction(cassette: str, number: int, part: dict[str, Any]) -> Interaction:
    request, response = part["request"], part["response"]
    raw = response["body"]["string"]
    answer = _fill_in(raw) if isinstance(raw, dict) else raw
    known = _VERSION.search(answer)
    version = known[1] if known else _ANY_VERSION
    return Interaction(
        cassette,
        number,
        request["method"],
        _versioned(request["uri"], version).removeprefix(HOST),
        _headers(request["headers"]).get("Content-Type"),
        _versioned(_unchunked(request["body"] or ""), version).encode(),
        response["status"]["code"],
        _headers(response["headers"]),
        _versioned(answer, version),
    )


def _headers(headers: dict[str, Any]) -> dict[str, str]:
    """The headers that were not left out of the recording."""
    inner = headers.get("Response-Headers")
    kept = inner if isinstance(inner, dict) else headers
    left_out = {"Others", "Response-Headers", "Request-Headers"}
    return {name: str(values[0]) for name, values in kept.items() if name not in left_out}


def _versioned(text: str, version: str) -> str:
    """Put a version where the recording was normalised to `vxx.0`; the async API writes it without v."""
    for start in ("/services/async/", "<apiVersion>"):
        text = text.replace(f"{start}vxx.0", f"{start}{version}.0")
    return text.replace("vxx.0", f"v{version}.0")


def _fill_in(template: dict[str, Any]) -> str:
    (path,) = recordings().rglob(template["include_template"])
    given = template["vars"]
    return _PLACE.sub(lambda place: str(given.get(place[1], place[2])), path.read_text())


def _unchunked(body: str) -> str:
    """Undo the chunked transfer encoding in which bodies of batches were recorded."""
    if not re.match(r"[0-9a-f]+\r\n", body):
        return body
    parts, rest = [], body
    while rest:
        size, _, rest = rest.partition("\r\n")
        parts.append(rest[: int(size, 16)])
        rest = rest[int(size, 16) + 2 :]
    return "".join(parts)
