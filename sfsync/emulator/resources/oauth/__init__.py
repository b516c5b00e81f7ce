"""OAuth: tokens for clients and users, what they say about their holders, and their end [facts: api 1]."""

from sfsync.emulator.resources.oauth.about import identity, userinfo
from sfsync.emulator.resources.oauth.endings import introspect, revoke
from sfsync.emulator.resources.oauth.grants import token

ROUTES = (
    ("services/oauth2/token", {"POST": token}),
    ("services/oauth2/introspect", {"POST": introspect}),
    ("services/oauth2/revoke", {"GET": revoke, "POST": revoke}),
    ("services/oauth2/userinfo", {"GET": userinfo, "POST": userinfo}),
    ("id/{org_id}/{user_id}", {"GET": identity}),
)

__all__ = ["ROUTES", "identity", "introspect", "revoke", "token", "userinfo"]
