"""Access and refresh tokens: minted, kept alive by use, expired, rotated, revoked; and who may try a password."""

from __future__ import annotations

import hmac
import string
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError, wrong_session
from sfsync.emulator.windows import Window

if TYPE_CHECKING:
    import random

    from sfsync.emulator.settings import Settings
    from sfsync.emulator.users import User

_CHARS = string.ascii_letters + string.digits + "._"
_LENGTH = 96
_REFRESH_PREFIX = "5Aep861"
_HOUR = timedelta(hours=1)
_LOCKED_FOR = timedelta(minutes=15)
_SWEEP_AT = 1_000  # sessions


@dataclass(slots=True)
class Session:
    """Who holds a token, since when, and when it was used last; the client and refresh token it came by, if any."""

    user_id: str
    used: datetime
    started: datetime
    client_id: str | None = None
    scope: str = "api"
    refresh_token: str | None = None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a refresh token stands for."""

    token: str
    username: str
    client_id: str


class Tokens:
    """The sessions of an org. A token has the shape `<org id>!<96 characters>` [facts: api 1.1]."""

    def __init__(self, settings: Settings, rng: random.Random) -> None:
        self._settings = settings
        self._rng = rng
        self._sessions: dict[str, Session] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self._dead: set[str] = set()
        self._sweep_at = _SWEEP_AT
        self._logins: defaultdict[str, Window] = defaultdict(lambda: Window(_HOUR))
        self._failures: defaultdict[str, Window] = defaultdict(lambda: Window(_LOCKED_FOR))

    def mint(
        self,
        user_id: str,
        now: datetime,
        *,
        client_id: str | None = None,
        scope: str = "api",
        refresh_token: str | None = None,
    ) -> str:
        """Begin a session and return its token."""
        if len(self._sessions) >= self._sweep_at:
            self._forget_expired(now)
        token = f"{self._settings.org_id[:15]}!{self._random()}"
        self._sessions[token] = Session(user_id, now, now, client_id, scope, refresh_token)
        return token

    def _forget_expired(self, now: datetime) -> None:
        """A server that runs for days would keep every session it ever had; at twice what is left it looks again."""
        self._sessions = {token: one for token, one in self._sessions.items() if self._lives(one, now)}
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._sessions))

    def _lives(self, session: Session, now: datetime) -> bool:
        return now - session.used <= timedelta(seconds=self._settings.session_seconds)

    def _random(self) -> str:
        return "".join(self._rng.choices(_CHARS, k=_LENGTH))

    def may_log_in(self, username: str, now: datetime) -> bool:
        """Count a login of a user, unless the hourly limit forbids it, and say so [facts: api 5.1]."""
        logins = self._logins[username]
        if logins.count(now) >= self._settings.logins_per_hour:
            return False
        logins.add(now)
        return True

    def knows_password(self, user: User, given: str, now: datetime) -> bool:
        """Check password and security token, written in one; too many wrong ones lock the user out for a while."""
        failures = self._failures[user.username]
        if failures.count(now) >= self._settings.wrong_passwords_allowed:
            return False
        accepted = [] if user.password is None else [user.password + user.security_token]
        if self._settings.trusted_addresses and user.password is not None:
            accepted.append(user.password)
        if any(hmac.compare_digest(one.encode(), given.encode()) for one in accepted):
            failures.clear()
            return True
        failures.add(now)
        return False

    def user_of(self, authorization: str | None, now: datetime) -> str:
        """Return the user behind the Authorization header of a REST call; use keeps the session alive.

        Raises:
            ApiError: 401 in the words of the platform [facts: api 1.5].
        """
        user_id = self.bearer_of(authorization, now).user_id
        if not self._settings.sessions_reach_rest:
            raise wrong_session()
        return user_id

    def bearer_of(self, authorization: str | None, now: datetime) -> Session:
        """Return the session behind an Authorization header, for whatever use.

        Raises:
            ApiError: 401 if there is none.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() not in {"bearer", "oauth"} or not token:
            raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        session = self.find(token, now)
        if session is None:
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        session.used = now
        return session

    def find(self, token: str, now: datetime) -> Session | None:
        """The live session of a token, or None."""
        session = self._sessions.get(token.strip())
        return session if session is not None and self._lives(session, now) else None

    def issue_refresh_token(self, username: str, client_id: str) -> str:
        """Give a client a refresh token of a user, as the web-server flow does."""
        token = _REFRESH_PREFIX + self._random()
        self._refresh[token] = RefreshToken(token, username, client_id)
        return token

    def find_refresh_token(self, token: str) -> RefreshToken | None:
        """The live refresh token, issued or configured with its client, or None."""
        if not token or token in self._dead:
            return None
        for client in self._settings.clients:
            if client.refresh_token == token and client.run_as is not None:
                return RefreshToken(token, client.run_as, client.client_id)
        return self._refresh.get(token)

    def rotate(self, old: RefreshToken) -> str:
        """End a refresh token and return the one that takes its place; the sessions it gave go on."""
        new = self.issue_refresh_token(old.username, old.client_id)
        self._kill(old.token)
        for session in self._sessions.values():
            if session.refresh_token == old.token:
                session.refresh_token = new
        return new

    def _kill(self, refresh_token: str) -> None:
        self._refresh.pop(refresh_token, None)
        self._dead.add(refresh_token)

    def revoke(self, token: str) -> bool:
        """End one session, or a refresh token with all sessions it gave; False if there is none."""
        token = token.strip()
        if self.find_refresh_token(token) is None:
            return self._sessions.pop(token, None) is not None
        self._kill(token)
        self._sessions = {key: one for key, one in self._sessions.items() if one.refresh_token != token}
        return True

    def revoke_user(self, user_id: str) -> int:
        """End all sessions of a user, and say how many there were."""
        tokens = [token for token, session in self._sessions.items() if session.user_id == user_id]
        for token in tokens:
            del self._sessions[token]
        return len(tokens)

    def revoke_all(self) -> int:
        """End all sessions, and say how many there were."""
        ended = len(self._sessions)
        self._sessions.clear()
        return ended
