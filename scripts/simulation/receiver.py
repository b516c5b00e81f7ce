"""The receiver of one sink: it takes events, is slow, breaks down or is gone; what it took is its own record."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

if TYPE_CHECKING:
    from random import Random

SECRET = "whsec_" + "c2Z5bmMtdGVzdC1zZWNyZXQtb2YtMzItYnl0ZXMhISE="
MOODS = ("well", "well", "well", "500", "slow", "dead", "after")
"""`slow` and `dead` give no answer, having taken nothing; `after` takes the event, and its answer is lost."""
_NO_CONTENT, _BROKEN = 204, 500


@dataclass
class Receiver(BaseAdapter):
    """Stands in for the network between the service and one receiver."""

    mood: str = "well"
    chance: Random | None = None
    taken: list[tuple[str, str]] = field(default_factory=list)
    """Every event taken, each time: (webhook-id, body)."""

    def __post_init__(self) -> None:
        super().__init__()

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Answer as the mood is; a receiver that is not well is so every other time."""
        mood = self.mood if self.chance is None or self.chance.random() < 0.5 else "well"  # noqa: PLR2004 - a coin
        if mood == "slow":
            raise requests.ReadTimeout("no answer")
        if mood == "dead":
            raise requests.ConnectionError("connection refused")
        if mood == "500":
            return self._answer(request, _BROKEN)
        body = request.body or b""
        self.taken.append((str(request.headers["webhook-id"]), body.decode() if isinstance(body, bytes) else body))
        if mood == "after":
            raise requests.ConnectionError("connection reset")
        return self._answer(request, _NO_CONTENT)

    def events(self) -> dict[str, Any]:
        """What was taken, by id, in the order of first arrival."""
        return {number: json.loads(body) for number, body in self.taken}

    def _answer(self, request: requests.PreparedRequest, status: int) -> requests.Response:
        response = requests.Response()
        response.status_code, response.request, response.url = status, request, str(request.url)
        response.raw = HTTPResponse(io.BytesIO(b""), status=status, preload_content=False)
        return response

    def close(self) -> None:
        """Nothing is open."""
