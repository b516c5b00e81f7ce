"""The org as a server: HTTPS on 127.0.0.1, in a thread of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.emulator.asgi import Application
from sfsync.emulator.background import Background, Running, listen
from sfsync.emulator.tls import jwt_key, write_jwt_key, write_tls

if TYPE_CHECKING:
    from sfsync.emulator.org import Org


class Server(Running):
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
        client.public_key = write_jwt_key(self.key_file, jwt_key())
        self._socket = listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"https://localhost:{self.port}"
        org.settings.instance_url = self.url
        self._background = Background(
            Application(org),
            self._socket,
            name="sfsync-emulator",
            ssl_certfile=files.chain_file,
            ssl_keyfile=str(files.chain_file),
            date_header=False,  # the org's clock says what time it is
            timeout_keep_alive=600,
        )

    def stop(self) -> None:
        """Close all connections and stop; the org itself goes on."""
        self.org.in_flight.release()
        self._background.stop()
        if self._temporary is not None:
            self._temporary.cleanup()


def serve(org: Org, port: int = 0, *, directory: Path | None = None) -> Server:
    """Serve an org over HTTPS until `stop()`, or to the end of a with block. Port 0 is any free port."""
    return Server(org, port=port, directory=directory)
