"""SOAP envelopes: read without trusting them, and written as an org writes them [facts: api A.1]."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from sfsync.emulator.http import Answer
from sfsync.emulator.resources.versions import SUPPORTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.emulator.http import Request

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_TYPE, _NIL = f"{{{_XSI}}}type", f"{{{_XSI}}}nil"
_DEEPEST = 50
_HEADERS = {"Content-Type": "text/xml;charset=UTF-8"}


@dataclass(frozen=True, slots=True)
class Nil:
    """A value that is written as xsi:nil."""


@dataclass(frozen=True, slots=True)
class Typed:
    """Properties with the name of their type (xsi:type)."""

    type: str
    values: Mapping[str, Any]


class SoapFault(Exception):
    """A fault: HTTP 500. `kind` is the type of its detail; without it the fault has none."""

    def __init__(self, code: str, message: str, kind: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.kind = kind


class NoOperationError(Exception):
    """An operation that the API does not have."""


@dataclass(frozen=True, slots=True)
class Call:
    """One operation: its name, its namespace, its parameters, and the session of the header."""

    operation: str
    namespace: str
    parameters: dict[str, Any]
    session: str


class _Builder(ET.TreeBuilder):
    """Builds the tree, and stops at a DOCTYPE: nothing that it could bring has a place in a message."""

    def doctype(self, *_: str | None) -> None:
        raise SoapFault("UNKNOWN_EXCEPTION", "DOCTYPE is disallowed when the feature is set", "UnexpectedErrorFault")


def read_call(request: Request) -> Call:
    """Read the envelope of a request.

    Raises:
        SoapFault: if it is no XML, or no envelope.
    """
    try:
        root = ET.fromstring(request.content(), ET.XMLParser(target=_Builder()))  # noqa: S314 - see _Builder
    except (ET.ParseError, LookupError, ValueError) as exc:  # the latter two: an encoding that is none
        raise SoapFault("UNKNOWN_EXCEPTION", str(exc), "UnexpectedErrorFault") from None
    body = root.find(f"{{{_SOAP}}}Body")
    if body is None or len(body) != 1:
        raise SoapFault("UNKNOWN_EXCEPTION", "Envelope without Body", "UnexpectedErrorFault")
    namespace, _, operation = body[0].tag.removeprefix("{").rpartition("}")
    session = root.find(f"{{{_SOAP}}}Header/{{*}}SessionHeader/{{*}}sessionId")
    token = (session.text or "").strip() if session is not None else ""
    parameters = _value(body[0])
    return Call(operation, namespace, parameters if isinstance(parameters, dict) else {}, token)


def _value(element: ET.Element, depth: int = 1) -> Any:
    """Text, None, or properties by name, in a list where one comes several times; "xsi:type" is one of them."""
    if depth > _DEEPEST:
        raise SoapFault("UNKNOWN_EXCEPTION", f"elements nested deeper than {_DEEPEST}", "UnexpectedErrorFault")
    if element.get(_NIL) == "true":
        return None
    kind = element.get(_TYPE)
    if not len(element) and kind is None:
        return element.text or ""
    values: dict[str, Any] = {} if kind is None else {"xsi:type": kind.rpartition(":")[2]}
    for child in element:
        name, value = child.tag.rpartition("}")[2], _value(child, depth + 1)
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return values


def reply(call: Call, result: Any) -> Answer:
    """Write the response of an operation; a list becomes one `result` each, None an empty response."""
    results = result if isinstance(result, list) else [] if result is None else [result]
    inside = "".join(_element("result", one) for one in results)
    name = f"{call.operation}Response"
    content = f"<{name}>{inside}</{name}>" if inside else f"<{name}/>"
    head = f'<soapenv:Envelope xmlns:soapenv="{_SOAP}" xmlns="{call.namespace}" xmlns:xsi="{_XSI}">'
    return Answer(200, _document(f"{head}<soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>"), dict(_HEADERS))


def _element(name: str, value: Any) -> str:
    match value:
        case Nil():
            return f'<{name} xsi:nil="true"/>'
        case Typed(kind, values):
            return f'<{name} xsi:type="{kind}">{_elements(values)}</{name}>'
        case dict():
            return f"<{name}>{_elements(value)}</{name}>"
        case list():
            return "".join(_element(name, one) for one in value)
        case bool():
            return f"<{name}>{str(value).lower()}</{name}>"
        case _:
            return f"<{name}>{escape(str(value))}</{name}>"


def _elements(values: Mapping[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in values.items() if value is not None)


def fault(namespace: str, refusal: SoapFault) -> Answer:
    """Write a fault; `namespace` is that of the API's faults."""
    code, message = escape(refusal.code), escape(refusal.message)
    detail = ""
    if refusal.kind is not None:
        inside = f"<sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{message}</sf:exceptionMessage>"
        detail = f'<detail><sf:{refusal.kind} xsi:type="sf:{refusal.kind}">{inside}</sf:{refusal.kind}></detail>'
    faults = f"<faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring>{detail}"
    return _fault(f' xmlns:sf="{namespace}" xmlns:xsi="{_XSI}"', faults)


def no_operation(call: Call) -> Answer:
    """Write the fault of an operation that the API does not have."""
    name = escape(f"{{{call.namespace}}}{call.operation}")
    text = f"No operation available for request {name}, please check the WSDL for the service."
    return _fault("", f"<faultcode>soapenv:Client</faultcode><faultstring>{text}</faultstring>")


def _fault(namespaces: str, inside: str) -> Answer:
    head = f'<soapenv:Envelope xmlns:soapenv="{_SOAP}"{namespaces}>'
    text = f"{head}<soapenv:Body><soapenv:Fault>{inside}</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    return Answer(500, _document(text), dict(_HEADERS))


def _document(text: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>{text}'


def check_version(version: str) -> int:
    """Return the number of an API version.

    Raises:
        SoapFault: if it is retired, or none [facts: api 0.1].
    """
    number, _, rest = version.partition(".")
    if not number.isdigit() or rest != "0" or int(number) not in SUPPORTED:
        message = f"API version {version} is retired and no longer available, or unknown"
        raise SoapFault("UNSUPPORTED_API_VERSION", message, "UnexpectedErrorFault")
    return int(number)
