"""Access tokens: minted, kept alive by use, expired, revoked."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError

if TYPE_CHECKING:
    import random

    from sfsync.emulator.settings import Settings

_CHARS = string.ascii_letters + string.digits + "._"
_LENGTH = 96
_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Session:
    """Who holds a token, and when it was used last."""

    user_id: str
    used: datetime


class Tokens:
    """The sessions of an org. A token has the shape `<org id>!<96 characters>` [facts: api 1.1]."""

    def __init__(self, settings: Settings, rng: random.Random) -> None:
        self._settings = settings
        self._rng = rng
        self._sessions: dict[str, Session] = {}
        self._logins: list[datetime] = []

    def mint(self, user_id: str, now: datetime) -> str:
        """Begin a session and return its token."""
        token = f"{self._settings.org_id[:15]}!{''.join(self._rng.choices(_CHARS, k=_LENGTH))}"
        self._sessions[token] = Session(user_id, now)
        return token

    def may_log_in(self, now: datetime) -> bool:
        """Count a login and say whether the hourly limit allows it [facts: api 5.1]."""
        self._logins = [moment for moment in self._logins if moment > now - _HOUR]
        self._logins.append(now)
        return len(self._logins) <= self._settings.logins_per_hour

    def user_of(self, authorization: str | None, now: datetime) -> str:
        """Return the user behind an Authorization header; use keeps the session alive.

        Raises:
            ApiError: 401 in the words of the platform [facts: api 1.5].
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() not in {"bearer", "oauth"} or not token:
            raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        session = self.find(token, now)
        if session is None:
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        session.used = now
        return session.user_id

    def find(self, token: str, now: datetime) -> Session | None:
        """The live session of a token, or None."""
        session = self._sessions.get(token.strip())
        if session is None or now - session.used > timedelta(seconds=self._settings.session_seconds):
            return None
        return session

    def revoke(self, token: str) -> bool:
        """End one session; False if there is none."""
        return self._sessions.pop(token.strip(), None) is not None

    def revoke_all(self) -> None:
        """End all sessions."""
        self._sessions.clear()
