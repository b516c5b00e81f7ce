"""The XML of Bulk API 1.0: written as recorded, read without trusting it [facts: api 4.3]."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from sfsync.emulator.errors import ApiError

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>'
QUERY_RESULT = (
    f'{_PROLOGUE}<queryResult\n   xmlns="{NAMESPACE}"\n   xmlns:xsi="{_INSTANCE}">\n',
    "</queryResult>",
)
Tree = list[tuple[str, "Tree | str | None"]]
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what no XML document may have
_DEEPEST = 5  # a record and its parents
_NIL = f"{{{_INSTANCE}}}nil"


def as_xml(value: Any) -> str | None:
    """A value as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def document(root: str, tree: Tree) -> str:
    """A whole document, in the line breaks of the recordings."""
    if not tree:
        return f'{_PROLOGUE}<{root}\n   xmlns="{NAMESPACE}" />'
    inner = "".join(rendered(name, content, depth=1) for name, content in tree)
    return f'{_PROLOGUE}<{root}\n   xmlns="{NAMESPACE}">\n{inner}</{root}>'


def rendered(name: str, content: Tree | str | None, *, depth: int, attributes: str = "") -> str:
    """One element on lines of its own."""
    indent = " " * depth
    if content is None:
        return f'{indent}<{name} xsi:nil="true"/>\n'
    if isinstance(content, str):
        return f"{indent}<{name}{attributes}>{escape(_ILLEGAL.sub('', content))}</{name}>\n"
    inner = "".join(rendered(one, value, depth=depth + 1) for one, value in content)
    return f"{indent}<{name}{attributes}>\n{inner}{indent}</{name}>\n"


def parsed(raw: bytes, root: str) -> ET.Element:
    """The root element of a document that a client sent.

    Raises:
        ApiError: InvalidXML if it is none, is another, or declares a document type (entities could then explode).
    """
    try:
        text = raw.decode("utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise _invalid("DOCTYPE is not allowed")
        element = ET.fromstring(text)  # noqa: S314 - without a document type there are no entities
    except (ET.ParseError, UnicodeDecodeError) as exc:
        raise _invalid(str(exc)) from None
    if local_name(element) != root:
        raise _invalid(f"expected {root}, found {local_name(element)}")
    return element


def local_name(element: ET.Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def record_of(element: ET.Element, *, depth: int = 1) -> dict[str, Any]:
    """The record of an sObject element: empty elements say nothing, xsi:nil empties a field, parents are nested.

    Raises:
        ApiError: InvalidXML if it is nested deeper than any record.
    """
    if depth > _DEEPEST:
        raise _invalid(f"elements are nested deeper than {_DEEPEST}")
    record: dict[str, Any] = {}
    for child in element:
        name = local_name(child)
        if child.get(_NIL) == "true":
            record[name] = None
        elif len(child):
            inner = child[0] if local_name(child[0]) == "sObject" else child
            record[name] = record_of(inner, depth=depth + 1)
        elif child.text:
            record[name] = child.text
    return record


def _invalid(why: str) -> ApiError:
    return ApiError(400, "InvalidXML", f"Failed to parse XML: {why}")
