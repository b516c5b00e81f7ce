"""The emulator as a program of its own: starts, says how to reach it, runs until it is stopped."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, TextIO, TypeVar

from sfsync.emulator.admin import AdminServer
from sfsync.emulator.data import DataError, load_file
from sfsync.emulator.proxy import Proxy
from sfsync.emulator.server import Server, serve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sfsync.emulator.calls import Call, Moment
    from sfsync.emulator.org import Org

WRONG_USE = 2

T = TypeVar("T")


def main(
    org: Org,
    *,
    port: int = 8443,
    data: Path | None = None,
    faults: str | None = None,
    directory: Path | None = None,
    daily_limit: int | None = None,
    list_calls: bool = False,
    connect_proxy: int | None = None,
    admin_port: int | None = None,
    out: TextIO | None = None,
) -> int:
    """Serve `org` until SIGINT or SIGTERM, and return the exit code: 2 if the data file, a fault or a port is wrong.

    `directory` is where the certificate and key are written (by default a temporary one). `list_calls` writes a
    line for each call to stderr as it is answered; at the end the calls are counted by kind on stdout. Ports are on
    127.0.0.1, 0 for any free one: `connect_proxy` for clients with hard-coded login hosts, `admin_port` for planning
    faults while it runs. A resource that no org has, or this one has not, is told on stderr.
    """
    try:
        if data is not None:
            load_file(org, data)
        if faults:
            org.faults.add_spec(faults)
    except (DataError, ValueError) as exc:
        sys.stderr.write(f"{exc}\n")
        return WRONG_USE
    if daily_limit is not None:
        org.settings.daily_limit = daily_limit
    if list_calls:
        org.on_call.append(_listed)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    _tell_warnings()
    stream = out or sys.stdout
    with ExitStack() as running:
        try:
            server = running.enter_context(_on(port, lambda: serve(org, port, directory=directory)))
            proxy = admin = None
            if connect_proxy is not None:
                proxy = running.enter_context(_on(connect_proxy, lambda: Proxy(server.port, port=connect_proxy)))
            if admin_port is not None:
                admin = running.enter_context(_on(admin_port, lambda: AdminServer(org, port=admin_port)))
        except _PortError as exc:
            sys.stderr.write(f"{exc}\n")
            return WRONG_USE
        stream.write(banner(server, proxy=proxy, admin=admin))
        stream.flush()
        stopped.wait()
    stream.write(counted(org))
    return 0


class _PortError(Exception):
    """A port that cannot be had."""


def _on(port: int, start: Callable[[], T]) -> T:
    try:
        return start()
    except (OSError, OverflowError) as exc:
        raise _PortError(f"port {port}: {getattr(exc, 'strerror', None) or exc}") from exc


def _tell_warnings() -> None:
    """What a client asks for and no org has is a mistake to be seen at once."""
    told = logging.getLogger("sfsync.emulator")
    if not told.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        told.addHandler(handler)
        told.propagate = False


def counted(org: Org) -> str:
    """The calls that the org got, by kind, and how many of them counted against the daily limit."""
    kinds = ", ".join(f"{kind} {many:,}" for kind, many in sorted(org.calls.by_kind().items())) or "none"
    return f"\nCalls: {kinds}. {org.calls.count():,} of them count against the daily limit.\n"


def _listed(call: Call, moment: Moment) -> None:
    if moment == "after":
        fault = f"  fault: {call.fault}" if call.fault else ""
        parts = f" ({call.subrequests} parts)" if call.subrequests else ""
        sys.stderr.write(f"{call.number:>6}  {call.status:>3}  {call.method:<6} {call.path}{parts}{fault}\n")


def banner(server: Server, *, proxy: Proxy | None = None, admin: AdminServer | None = None) -> str:
    """How to reach the server: by hand, by sfsync, by simple-salesforce and by jsforce."""
    user = server.org.settings.users[0]
    ports = ""
    if proxy is not None:
        ports += f"  proxy          {proxy.url}\n"
    if admin is not None:
        ports += f"  admin          {admin.url}\n"
    text = f"""Salesforce emulator is ready.
  URL            {server.url}
  CA file        {server.ca_file}
  client id      {server.client_id}
  client secret  {server.client_secret}
  user           {user.username}
  password       {user.password}
  security token {user.security_token}
  JWT key        {server.key_file}
{ports}
# for sfsync
export SFSYNC_SALESFORCE__LOGIN_URL={server.url}
export SFSYNC_SALESFORCE__CLIENT_ID={server.client_id}
export SFSYNC_SALESFORCE__CLIENT_SECRET={server.client_secret}
export SFSYNC_SALESFORCE__CA_FILE={server.ca_file}

# for simple-salesforce, with REQUESTS_CA_BUNDLE={server.ca_file}
{simple_salesforce(server)}

# for jsforce 3, with NODE_EXTRA_CA_CERTS={server.ca_file}
{jsforce(server)}
"""
    if proxy is not None:
        text += f"""
# for clients that know login.salesforce.com only
export HTTPS_PROXY={proxy.url} REQUESTS_CA_BUNDLE={server.ca_file} NODE_EXTRA_CA_CERTS={server.ca_file}
"""
    return text


def simple_salesforce(server: Server) -> str:
    """One line of Python; its login host cannot be set, so the path hides the suffix it adds [facts: api 2.2]."""
    host = server.url.removeprefix("https://")
    return (
        f'sf = simple_salesforce.Salesforce(consumer_key="{server.client_id}", '
        f'consumer_secret="{server.client_secret}", domain="{host}/services/oauth2/token?x=")'
    )


def jsforce(server: Server) -> str:
    """One line of JavaScript."""
    return (
        f"const conn = new jsforce.Connection({{ oauth2: {{ loginUrl: '{server.url}', clientId: '{server.client_id}', "
        f"clientSecret: '{server.client_secret}' }} }}); await conn.authorize({{ grant_type: 'client_credentials' }});"
    )
