"""The Partner and Enterprise APIs, as far as clients use them to log in [facts: api 1.3]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.emulator.clock import from_stored
from sfsync.emulator.resources.oauth.parties import instance_of, user_by_password
from sfsync.emulator.resources.oauth.refusals import OAuthError
from sfsync.emulator.resources.soap.envelope import (
    Call,
    Nil,
    NoOperationError,
    SoapFault,
    check_version,
    fault,
    no_operation,
    read_call,
    reply,
)

if TYPE_CHECKING:
    from sfsync.emulator.http import Answer, Request
    from sfsync.emulator.org import Org

_PARTNER_FAULTS = "urn:fault.partner.soap.sforce.com"
_ENTERPRISE_FAULTS = "urn:fault.enterprise.soap.sforce.com"
_LAST_LOGIN_VERSION = 64
_WRONG = "Invalid username, password, security token; or user locked out."
_REFUSALS = {
    "inactive user": ("INVALID_LOGIN", _WRONG),
    "authentication failure": ("INVALID_LOGIN", _WRONG),
    "ip restricted": ("LOGIN_DURING_RESTRICTED_DOMAIN", "User is not allowed to login from this IP address"),
}
_ATTACHMENTS = 5_242_880


def partner(org: Org, request: Request, version: str, org_id: str = "") -> Answer:  # noqa: ARG001 - any org's URL
    """POST /services/Soap/u/VERSION."""
    return _perform(org, request, version, "u", _PARTNER_FAULTS)


def enterprise(org: Org, request: Request, version: str, org_id: str = "") -> Answer:  # noqa: ARG001
    """POST /services/Soap/c/VERSION."""
    return _perform(org, request, version, "c", _ENTERPRISE_FAULTS)


def _perform(org: Org, request: Request, version: str, api: str, faults: str) -> Answer:
    call = None
    try:
        number = check_version(version)
        call = read_call(request)
        if call.operation == "login":
            return reply(call, _login(org, request, call, number, api))
        user_id, token = session_of(org, call)
        org.usage(count=True)
        return reply(call, _answer(org, call, user_id, token))
    except SoapFault as refusal:
        return fault(faults, refusal)
    except NoOperationError:
        return no_operation(call) if call is not None else fault(faults, SoapFault("UNKNOWN_EXCEPTION", ""))


def session_of(org: Org, call: Call) -> tuple[str, str]:
    """Return the user and the token of a call's header.

    Raises:
        SoapFault: INVALID_SESSION_ID if there is no such session.
    """
    session = org.tokens.find(call.session, org.clock()) if call.session else None
    if session is None:
        message = "Invalid Session ID found in SessionHeader: Illegal Session"
        raise SoapFault("INVALID_SESSION_ID", message, "UnexpectedErrorFault")
    session.used = org.clock()
    if not org.settings.api_enabled:
        raise _disabled("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
    return session.user_id, call.session


def _disabled(code: str, message: str) -> SoapFault:
    return SoapFault(code, message, "UnexpectedErrorFault")


def _login(org: Org, request: Request, call: Call, version: int, api: str) -> dict[str, Any]:
    if version > _LAST_LOGIN_VERSION:
        message = "SOAP API login() is not available in API version 65.0 and later."
        raise _disabled(org.settings.soap_login_gone_code, message)
    if not org.settings.soap_login:
        message = (
            "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API "
            "login()."
        )
        raise _disabled("INVALID_OPERATION", message)
    if not org.settings.org_active:
        raise SoapFault("ORG_LOCKED", "organization is inactive/locked", "LoginFault")
    name, password = str(call.parameters.get("username") or ""), str(call.parameters.get("password") or "")
    try:
        user = user_by_password(org, request, name, password)
    except OAuthError as refusal:
        raise SoapFault(*_REFUSALS[refusal.description], "LoginFault") from None
    if not org.tokens.may_log_in(user.username, org.clock()):
        raise SoapFault("LOGIN_RATE_EXCEEDED", "Login Rate Exceeded", "LoginFault")
    if not org.settings.api_enabled:
        raise _disabled("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
    user_id = str(org.db.find("User", {"Username": user.username})[0]["Id"])
    soap = f"{instance_of(org, request)}/services/Soap"
    where = f"{version}.0/{org.settings.org_id[:15]}"
    # Some clients read the answer by the place of its elements: their order is that of the WSDL.
    return {
        "metadataServerUrl": f"{soap}/m/{where}",
        "passwordExpired": False,
        "sandbox": org.settings.sandbox,
        "serverUrl": f"{soap}/{api}/{where}",
        "sessionId": org.tokens.mint(user_id, org.clock()),
        "userId": user_id,
        "userInfo": _user_info(org, user_id),
    }


def _answer(org: Org, call: Call, user_id: str, token: str) -> dict[str, Any] | None:
    match call.operation:
        case "getUserInfo":
            return _user_info(org, user_id)
        case "getServerTimestamp":
            return {"timestamp": f"{from_stored(org.world.now()):%Y-%m-%dT%H:%M:%S}.000Z"}
        case "logout":
            org.tokens.revoke(token)
            return None
        case _:
            raise NoOperationError


def _user_info(org: Org, user_id: str) -> dict[str, Any]:
    user = org.db.get_row("User", user_id) or {}
    settings = org.settings
    several = settings.multicurrency
    return {
        "accessibilityMode": False,
        "chatterExternal": False,
        "currencySymbol": "$" if settings.corporate_currency == "USD" else settings.corporate_currency,
        "orgAttachmentFileSizeLimit": _ATTACHMENTS,
        "orgDefaultCurrencyIsoCode": settings.corporate_currency,
        "orgDefaultCurrencyLocale": "en_US",
        "orgDisallowHtmlAttachments": False,
        "orgHasPersonAccounts": False,
        "organizationId": settings.org_id,
        "organizationMultiCurrency": several,
        "organizationName": settings.company,
        "profileId": user.get("ProfileId"),
        "roleId": Nil(),
        "sessionSecondsValid": settings.session_seconds,
        "userDefaultCurrencyIsoCode": (settings.user_currency or settings.corporate_currency) if several else Nil(),
        "userEmail": user.get("Email"),
        "userFullName": user.get("Name"),
        "userId": user_id,
        "userLanguage": user.get("LanguageLocaleKey"),
        "userLocale": user.get("LocaleSidKey"),
        "userName": user.get("Username"),
        "userTimeZone": user.get("TimeZoneSidKey"),
        "userType": user.get("UserType"),
        "userUiSkin": "Theme3",
    }
