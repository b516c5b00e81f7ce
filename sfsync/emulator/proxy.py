"""A CONNECT proxy that leads every host to the emulator, for clients whose login host cannot be configured."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from sfsync.emulator.background import Running

_BLOCK = 65_536
_HEAD_LIMIT = 16_384
_START_SECONDS = 30


class Proxy(Running):
    """A proxy on 127.0.0.1 which answers CONNECT to any host with a tunnel to one local port [facts: api 13].

    A client with HTTPS_PROXY set to `url` (and NO_PROXY without that host) reaches the emulator as login.salesforce.com
    or as any My Domain: TLS goes through unopened, and the emulator's certificate has these names. Nothing ever leaves
    the machine.

    Raises:
        OSError: if the port cannot be had.
    """

    def __init__(self, target_port: int, *, port: int = 0) -> None:
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._tunnels: set[asyncio.Task[None]] = set()
        try:
            self._server = self._loop.run_until_complete(
                asyncio.start_server(self._accept, "127.0.0.1", port, limit=_HEAD_LIMIT)
            )
        except OSError:
            self._loop.close()
            raise
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._loop.run_forever, name="sfsync-emulator-proxy", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and all tunnels."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(_START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for tunnel in self._tunnels:
            tunnel.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tunnels.add(task)
            task.add_done_callback(self._tunnels.discard)
        # Cancelled means stopped: asyncio asks a task of a stream for its exception, and logs what that raises.
        ended = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)
        with contextlib.closing(writer), contextlib.suppress(*ended):
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            writer.write(b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n\r\n")
            return
        if not head.startswith(b"CONNECT "):
            writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\nContent-Length: 0\r\n\r\n")
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        with contextlib.closing(back):
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Carry bytes one way until the source ends, and tell the sink so."""
    while block := await source.read(_BLOCK):
        sink.write(block)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()
