"""What a token says about its user: userinfo and the identity document [facts: api 1.4]."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sfsync.emulator.clock import as_json
from sfsync.emulator.errors import ApiError, not_found
from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.world import Row

_TEXT = {"Content-Type": "text/html;charset=UTF-8"}
_BAD_TOKEN = "Bad_OAuth_Token"  # noqa: S105 - the platform's word for a bad one
_SOAP = {"enterprise": "c", "metadata": "m", "partner": "u"}
_REST = {
    "rest": "",
    "sobjects": "sobjects/",
    "search": "search/",
    "query": "query/",
    "recent": "recent/",
    "tooling_rest": "tooling/",
    "feeds": "chatter/feeds",
    "groups": "chatter/groups",
    "users": "chatter/users",
    "feed_items": "chatter/feed-items",
    "feed_elements": "chatter/feed-elements",
}
_URLS = (
    *("enterprise", "metadata", "partner", "rest", "sobjects", "search", "query", "recent", "tooling_soap"),
    *("tooling_rest", "profile", "feeds", "groups", "users", "feed_items", "feed_elements", "custom_domain"),
)


def userinfo(org: Org, request: Request) -> Answer:
    """GET or POST /services/oauth2/userinfo."""
    user = _holder(org, request)
    if user is None:
        return Answer(org.settings.bad_userinfo_status, _BAD_TOKEN, _TEXT)
    instance = org.settings.instance_url
    user_id = str(user["Id"])
    return Answer(
        200,
        {
            "sub": f"{instance}/id/{org.settings.org_id}/{user_id}",
            "user_id": user_id,
            "organization_id": org.settings.org_id,
            "preferred_username": user["Username"],
            "nickname": user["CommunityNickname"],
            "name": user["Name"],
            "email": user["Email"],
            "email_verified": True,
            "given_name": user["FirstName"],
            "family_name": user["LastName"],
            "zoneinfo": user["TimeZoneSidKey"],
            "photos": _photos(org),
            "profile": f"{instance}/{user_id}",
            "picture": _photos(org)["picture"],
            "address": {},
            "is_salesforce_integration_user": False,
            "urls": _urls(org, user_id),
            **_standing(user),
            "updated_at": as_json(user["LastModifiedDate"]),
            "is_app_installed": True,
        },
    )


def identity(org: Org, request: Request, org_id: str, user_id: str) -> Answer:
    """GET /id/org/user, of the token's own user or of another one of the org."""
    if _holder(org, request) is None:
        return Answer(403, _BAD_TOKEN, _TEXT)
    user: Row | None = org.db.get_row("User", user_id)
    if org_id[:15] != org.settings.org_id[:15] or user is None:
        raise not_found()
    return Answer(
        200,
        {
            "id": f"{org.settings.instance_url}/id/{org.settings.org_id}/{user['Id']}",
            "asserted_user": True,
            "user_id": user["Id"],
            "organization_id": org.settings.org_id,
            "username": user["Username"],
            "nick_name": user["CommunityNickname"],
            "display_name": user["Name"],
            "email": user["Email"],
            "email_verified": True,
            "first_name": user["FirstName"],
            "last_name": user["LastName"],
            "timezone": user["TimeZoneSidKey"],
            "photos": _photos(org),
            **dict.fromkeys(("addr_street", "addr_city", "addr_state", "addr_country", "addr_zip")),
            "mobile_phone": None,
            "mobile_phone_verified": False,
            "is_lightning_login_user": False,
            "status": {"created_date": None, "body": None},
            "urls": _urls(org, str(user["Id"])),
            **_standing(user),
            "last_modified_date": as_json(user["LastModifiedDate"]),
            "is_app_installed": True,
        },
    )


def _holder(org: Org, request: Request) -> Row | None:
    """The user of the token in the header or, as some clients send it, among the parameters [facts: api 13]."""
    sent = request.query.get("oauth_token") or request.query.get("access_token")
    bearer = request.headers.get("authorization") or (f"Bearer {sent}" if sent else None)
    try:
        return org.db.get_row("User", org.tokens.bearer_of(bearer, org.clock()).user_id)
    except ApiError:
        return None


def _standing(user: Row) -> dict[str, Any]:
    zone = ZoneInfo(user["TimeZoneSidKey"] or "UTC")
    winter = datetime(2026, 1, 1, tzinfo=zone)
    offset = (winter.utcoffset() or timedelta()) - (winter.dst() or timedelta())
    return {
        "active": user["IsActive"],
        "user_type": str(user["UserType"] or "Standard").upper(),
        "language": user["LanguageLocaleKey"],
        "locale": user["LocaleSidKey"],
        "utcOffset": int(offset.total_seconds() * 1000),
    }


def _photos(org: Org) -> dict[str, str]:
    base = f"{org.settings.instance_url}/profilephoto/005"
    return {"picture": f"{base}/F", "thumbnail": f"{base}/T"}


def _urls(org: Org, user_id: str) -> dict[str, str]:
    """Where the APIs are; the client puts its version in the place of {version}."""
    instance = org.settings.instance_url
    short = org.settings.org_id[:15]
    urls = {name: f"{instance}/services/Soap/{kind}/{{version}}/{short}" for name, kind in _SOAP.items()}
    urls |= {name: f"{instance}/services/data/v{{version}}/{path}" for name, path in _REST.items()}
    urls["tooling_soap"] = f"{instance}/services/Soap/T/{{version}}/{short}"
    urls["profile"] = f"{instance}/{user_id}"
    urls["custom_domain"] = instance
    return {name: urls[name] for name in _URLS}
