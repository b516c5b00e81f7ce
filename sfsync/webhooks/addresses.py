"""Connections that are made only to addresses of the public internet, whatever a name resolves to."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.poolmanager import PoolManager

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from requests import PreparedRequest, Response


class PrivateAddressError(Exception):
    """The receiver's name leads to an address that is not of the public internet."""


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody on the internet could mean; IPv4 inside IPv6 counts as itself."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        ip = inner or ip
    return ip.is_global and not ip.is_multicast


def _checked(connected: socket.socket, connection: HTTPConnection) -> socket.socket:
    """Look at where a connection really went, before a byte is sent: a name may resolve to something else each time."""
    address = str(connected.getpeername()[0])
    if is_public(address):
        return connected
    connected.close()
    raise NewConnectionError(connection, "private address") from PrivateAddressError(address)


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn(), self)


class _Secure(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn(), self)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class PublicOnly(HTTPAdapter):
    """A requests adapter whose connections end at public addresses or not at all."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:  # noqa: FBT001, FBT002 - requests' signature
        """Make pools of checked connections."""
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - requests' signature
        timeout: Any = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send without any proxy: its address would be checked instead of the receiver's."""
        del proxies
        return super().send(request, stream, timeout, verify, cert, None)


def leads_to_private(error: BaseException | None) -> bool:
    """Whether an error goes back to a private address."""
    while error is not None:
        if isinstance(error, PrivateAddressError):
            return True
        inner = getattr(error, "reason", None)
        error = error.__cause__ or error.__context__ or (inner if isinstance(inner, BaseException) else None)
    return False
