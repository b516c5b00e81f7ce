"""The org behind an ASGI server, with faults done to the real socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sfsync.emulator.http import Request, compressed

if TYPE_CHECKING:
    from sfsync.emulator.http import Response
    from sfsync.emulator.org import Org

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_WORKERS = 64  # more than the calls an org lets run at once, for calls that last keep their thread


class Application:
    """One org as an ASGI application for uvicorn, whose transport it reaches to drop connections."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="sfsync-emulator-call")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one HTTP request; the event loop stays free while the org works or an answer is held back."""
        if scope["type"] != "http":
            return
        body = await _read_body(receive)
        if body is None:
            return  # the client went away while sending: nothing was asked
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self._workers, self._answer, _as_request(scope, body))
        if response.delay:
            await asyncio.sleep(response.delay)
        if response.wire_fault in {"reset", "lost"}:
            _drop(send)
        elif response.wire_fault == "timeout":
            while (await receive())["type"] != "http.disconnect":
                pass
        elif response.wire_fault == "truncated":
            await _start(send, response)
            half = response.body[: len(response.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            _transport(send).close()
        else:
            await _start(send, response)
            await _send_body(send, response)

    def _answer(self, request: Request) -> Response:
        return compressed(request, self._org.handle(request))


async def _read_body(receive: Any) -> bytes | None:
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _as_request(scope: Any, body: bytes) -> Request:
    path = scope["raw_path"].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    headers = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    return Request.of(scope["method"], f"{path}?{query}" if query else path, headers=headers, body=body)


async def _start(send: Any, response: Response) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    if response.body:
        headers.append((b"Content-Length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})


async def _send_body(send: Any, response: Response) -> None:
    """Send the body, all at once or in pieces with a pause before each."""
    size = -(-len(response.body) // response.pieces) or 1
    for start in range(0, len(response.body) if response.pieces > 1 else 0, size):
        await asyncio.sleep(response.pause)
        piece = response.body[start : start + size]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if response.pieces > 1 else response.body})


def _transport(send: Any) -> asyncio.Transport:
    """The connection itself: uvicorn's `send` is a method of the cycle that owns it."""
    transport: asyncio.Transport = send.__self__.transport
    return transport


def _drop(send: Any) -> None:
    """Reset the connection at once, without goodbye."""
    transport = _transport(send)
    with contextlib.suppress(OSError, AttributeError):  # it may be gone already
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
