"""The errors of the token endpoint [facts: api 1.2]."""

from __future__ import annotations


class OAuthError(Exception):
    """A refusal: its `error`, its `description` and the HTTP status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


def invalid_grant(description: str) -> OAuthError:
    """The refusal of a user, password, token or assertion."""
    return OAuthError("invalid_grant", description)
