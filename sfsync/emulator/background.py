"""An ASGI application served by uvicorn in a thread of its own."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import uvicorn

if TYPE_CHECKING:
    from types import TracebackType

_START_SECONDS = 30


class Running(ABC):
    """Something that runs in a thread until `stop()`, or to the end of a with block."""

    @abstractmethod
    def stop(self) -> None:
        """Close all connections and stop."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Background:
    """Serves an application on a bound socket until `stop()`; the socket is closed then."""

    def __init__(self, application: Any, listener: socket.socket, *, name: str, **config: Any) -> None:
        self._socket = listener
        self._server = _Uvicorn(
            uvicorn.Config(
                application,
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=1,
                **config,
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name=name, daemon=True)
        self._thread.start()
        if not self._server.ready.wait(_START_SECONDS):
            raise RuntimeError(f"{name} did not start")

    def stop(self) -> None:
        """Close all connections and stop."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
        self._socket.close()


class _Uvicorn(uvicorn.Server):
    """Says when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


def listen(port: int) -> socket.socket:
    """Bind a socket on 127.0.0.1 that names its protocol: asyncio sends at once (no Nagle) only on such.

    Raises:
        OSError: if the port cannot be had.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener
