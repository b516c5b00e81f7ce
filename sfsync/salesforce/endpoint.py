"""Where an org is and how to get in: everything that a client needs to be told."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One org and one integration user. Exactly one of `client_secret` and `private_key` is set.

    Secrets are kept out of the repr, so that an Endpoint may be logged or shown in a traceback.
    """

    login_url: str
    """https, without a path: the org's My Domain, a login host or the emulator."""
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    username: str | None = None
    private_key: str | None = field(default=None, repr=False)
    """The private RSA key itself, as PEM text, not its file."""
    api_version: str = "66.0"
    ca_file: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    client_name: str = "sfsync"
    """Travels as `Sforce-Call-Options: client=…`, which ends up in the change events of our writes."""
