"""The admin port: faults, calls, clock, sessions and open transactions of a running emulator, over plain HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from sfsync.emulator.admin_desk import Desk
from sfsync.emulator.background import Background, Running, listen
from sfsync.emulator.errors import ApiError
from sfsync.emulator.faults import FaultError

if TYPE_CHECKING:
    from starlette.requests import Request

    from sfsync.emulator.admin_desk import Act
    from sfsync.emulator.org import Org

_LOCAL = {"localhost", "127.0.0.1"}
_JSON_STARTS = (b"{", b"[", b'"')
_NOT_FOUND, _WRONG_METHOD = 404, 405


class AdminServer(Running):
    """A running admin port; `url` is http://127.0.0.1:PORT. It answers programs of this machine, never web pages.

    Raises:
        OSError: if the port cannot be had.
    """

    def __init__(self, org: Org, port: int = 0) -> None:
        listener = listen(port)
        self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._background = Background(application(org), listener, name="sfsync-emulator-admin")

    def stop(self) -> None:
        """Close all connections and stop; what was planned stays planned."""
        self._background.stop()


def application(org: Org) -> Starlette:
    """The admin port of an org as an ASGI application."""
    desk = Desk(org)
    routes: list[tuple[str, str, Act]] = [
        ("GET", "/faults", desk.planned),
        ("POST", "/faults", desk.plan),
        ("DELETE", "/faults", desk.call_off),
        ("DELETE", "/faults/{number:int}", desk.call_off_one),
        ("GET", "/catalogue", desk.catalogue),
        ("GET", "/calls", desk.calls),
        ("DELETE", "/calls", desk.forget_calls),
        ("GET", "/clock", desk.clock),
        ("POST", "/clock", desk.advance),
        ("GET", "/usage", desk.usage),
        ("POST", "/sessions/expire", desk.expire),
        ("POST", "/transactions", desk.begin),
        ("POST", "/transactions/{number:int}/commit", desk.commit),
        ("POST", "/transactions/{number:int}/rollback", desk.roll_back),
    ]
    by_path: dict[str, dict[str, Act]] = {}
    for method, path, act in routes:
        by_path.setdefault(path, {})[method] = act
    return Starlette(
        routes=[Route(path, _endpoint(acts), methods=list(acts)) for path, acts in by_path.items()],
        exception_handlers={HTTPException: _refused, _NOT_FOUND: _unknown, _WRONG_METHOD: _unknown},
    )


def _endpoint(acts: dict[str, Act]) -> Any:
    async def endpoint(request: Request) -> JSONResponse:
        _check_sender(request)
        body = _body(request, await request.body())
        try:
            status, answer = await asyncio.to_thread(acts[request.method.replace("HEAD", "GET")], request, body)
        except (FaultError, ApiError) as refusal:
            raise HTTPException(400, f"{refusal}.") from refusal
        return JSONResponse(answer, status)

    return endpoint


def _check_sender(request: Request) -> None:
    """Web pages send an Origin, or come under a host name of their own; neither is let in."""
    if "origin" in request.headers:
        raise HTTPException(403, "Web pages may not use the admin port.")
    if request.headers.get("host", "").partition(":")[0].lower() not in _LOCAL:
        raise HTTPException(403, "The admin port answers to localhost and 127.0.0.1 only.")


def _body(request: Request, raw: bytes) -> Any:
    if not raw.strip():
        return {}
    kind = request.headers.get("content-type", "")
    if "json" not in kind and raw.lstrip()[:1] not in _JSON_STARTS:
        return {"spec": raw.decode(errors="replace")}
    try:
        body = json.loads(raw)
    except ValueError as exc:
        raise HTTPException(400, f"The body is no JSON: {exc}.") from exc
    except RecursionError as exc:
        raise HTTPException(400, "The body is nested too deep.") from exc
    if isinstance(body, str):
        return {"spec": body}
    if not isinstance(body, dict):
        raise HTTPException(400, "The body must be a JSON object, or the text of faults.")
    return body


async def _refused(_request: Request, refusal: Exception) -> JSONResponse:
    status = refusal.status_code if isinstance(refusal, HTTPException) else 500
    sentence = refusal.detail if isinstance(refusal, HTTPException) else str(refusal)
    return JSONResponse({"error": sentence}, status)


async def _unknown(request: Request, refusal: Exception) -> JSONResponse:
    """What no route knows; a desk that looked in vain has said what for."""
    if isinstance(refusal, HTTPException) and refusal.detail not in {"Not Found", "Method Not Allowed"}:
        return await _refused(request, refusal)
    status = refusal.status_code if isinstance(refusal, HTTPException) else _NOT_FOUND
    return JSONResponse({"error": f"The admin port knows no {request.method} {request.url.path}."}, status)
