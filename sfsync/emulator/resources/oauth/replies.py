"""Token answers in the form the client asked for: JSON, form-encoded or XML [facts: api 1.1]."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.emulator.http import Request

_URLENCODED, _XML = "application/x-www-form-urlencoded", "application/xml"


def reply(request: Request, form: Mapping[str, str], status: int, content: Mapping[str, str]) -> Answer:
    """Write an answer as `format` or else Accept wants it; JSON unless they name one of the others."""
    wanted = form.get("format", "").lower()
    accept = request.headers.get("accept", "")
    if wanted == "urlencoded" or (not wanted and accept.startswith(_URLENCODED)):
        return Answer(status, urlencode(content), {"Content-Type": f"{_URLENCODED};charset=UTF-8"})
    if wanted == "xml" or (not wanted and accept.startswith((_XML, "text/xml"))):
        inside = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in content.items())
        text = f'<?xml version="1.0" encoding="UTF-8"?><OAuth>{inside}</OAuth>'
        return Answer(status, text, {"Content-Type": f"{_XML};charset=UTF-8"})
    return Answer(status, dict(content))
