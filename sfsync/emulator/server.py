"""The org as a server: HTTPS on 127.0.0.1, in a thread of its own."""

from __future__ import annotations

import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

import uvicorn

from sfsync.emulator.asgi import Application
from sfsync.emulator.tls import write_jwt_key, write_tls

if TYPE_CHECKING:
    from types import TracebackType

    from sfsync.emulator.org import Org

_START_SECONDS = 30


class _Uvicorn(uvicorn.Server):
    """Says when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


class Server:
    """A running server. `url` is https://localhost:PORT; ca_file is what clients must trust; key_file signs JWTs."""

    def __init__(self, org: Org, *, port: int = 0, directory: Path | None = None) -> None:
        self.org = org
        self._temporary = None if directory else tempfile.TemporaryDirectory(prefix="sfsync-emulator-")
        self.directory = directory or Path(self._temporary.name if self._temporary else ".")
        self.directory.mkdir(parents=True, exist_ok=True)
        files = write_tls(self.directory)
        self.ca_file = files.ca_file
        self.key_file = self.directory / "jwt-key.pem"
        client = org.settings.clients[0]
        self.client_id, self.client_secret = client.client_id, client.client_secret
        self.username = org.settings.users[0].username
        client.public_key = write_jwt_key(self.key_file)
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"https://localhost:{self.port}"
        org.settings.instance_url = self.url
        config = uvicorn.Config(
            Application(org),
            ssl_certfile=files.chain_file,
            ssl_keyfile=str(files.chain_file),
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            date_header=False,  # the org's clock says what time it is
            server_header=False,
            timeout_keep_alive=600,
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = _Uvicorn(config)
        self._thread = threading.Thread(
            target=self._uvicorn.run, args=([self._socket],), name="sfsync-emulator", daemon=True
        )
        self._thread.start()
        if not self._uvicorn.ready.wait(_START_SECONDS):
            raise RuntimeError("the emulator's server did not start")

    def stop(self) -> None:
        """Close all connections and stop; the org itself goes on."""
        self._uvicorn.should_exit = True
        self._uvicorn.force_exit = True
        self._thread.join()
        self._socket.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _listen(port: int) -> socket.socket:
    """Bind a socket that names its protocol: asyncio sends at once (no Nagle) only on such."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


def serve(org: Org, port: int = 0, *, directory: Path | None = None) -> Server:
    """Serve an org over HTTPS until `stop()`, or to the end of a with block. Port 0 is any free port."""
    return Server(org, port=port, directory=directory)
