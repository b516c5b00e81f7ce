"""Answers that orgs give and the emulator does not, changed on their way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfsync.emulator.adapter import EmulatorAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from sfsync.emulator.org import Org


class Changed(EmulatorAdapter):
    """An emulated org whose answers to one method and path are changed before they arrive."""

    def __init__(self, org: Org, method: str, path: str, change: Callable[[Any], Any]) -> None:
        super().__init__(org)
        self._method, self._path, self._change = method, path, change

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = super().send(request, *args, **kwargs)
        if request.method == self._method and request.path_url.endswith(self._path):
            answer._content = json.dumps(self._change(answer.json())).encode()
        return answer


def without_orders(key: str) -> Callable[[Any], Any]:
    """Change the answer to a composite: the order of this key is not shared with our user."""

    def change(body: Any) -> Any:
        for part in body["compositeResponse"]:
            if "records" in (part["body"] or {}):
                shown = [row for row in part["body"]["records"] if row.get("SFSync_Key__c") != key]
                part["body"] |= {"records": shown, "totalSize": len(shown)}
        return body

    return change
