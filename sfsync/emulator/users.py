"""Who may log in to an org, and through which connected apps."""

from dataclasses import dataclass


@dataclass(slots=True)
class User:
    """A user who may hold a session; the integration user of the org is the first.

    Without password a user cannot log in by one. `active`, `frozen` and `ip_restricted` are what an administrator
    or the org's network rules do to a user [facts: api 1.2].
    """

    username: str
    first_name: str
    last_name: str
    email: str
    active: bool = True
    password: str | None = None
    security_token: str = ""
    frozen: bool = False
    ip_restricted: bool = False


@dataclass(slots=True)
class OAuthClient:
    """A connected app. `run_as` is the user of client credentials; `public_key` (PEM) checks JWT assertions.

    `refresh_token` is one that `run_as` gave the app before the org began; `flows` are the grant types it may use
    (None: all); `approved_users` those whom the administrator lets use it (None: all).
    """

    client_id: str
    client_secret: str
    run_as: str | None = None
    public_key: str | None = None
    approved_users: frozenset[str] | None = None
    refresh_token: str | None = None
    flows: frozenset[str] | None = None


_NAME = "integration@emulator.test"
_LOGIN = ("emulator-password", "EmulatorSecurityToken")
_REFRESH = "5Aep861emulatorRefreshToken"


def integration_user() -> User:
    """The user whom clients run as, unless an org has others."""
    return User(_NAME, "Integration", "User", _NAME, password=_LOGIN[0], security_token=_LOGIN[1])


def its_client() -> OAuthClient:
    """The connected app that the integration user has."""
    return OAuthClient("3MVG9sfsyncEMULATOR", "emulator-secret", run_as=_NAME, refresh_token=_REFRESH)
