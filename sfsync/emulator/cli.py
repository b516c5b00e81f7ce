"""The emulator as a program of its own: starts, says how to reach it, runs until it is stopped."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING, TextIO

from sfsync.emulator.data import DataError, load_file
from sfsync.emulator.server import Server, serve

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.emulator.calls import Call, Moment
    from sfsync.emulator.org import Org

WRONG_USE = 2


def main(
    org: Org,
    *,
    port: int = 8443,
    data: Path | None = None,
    faults: str | None = None,
    directory: Path | None = None,
    daily_limit: int | None = None,
    list_calls: bool = False,
    out: TextIO | None = None,
) -> int:
    """Serve `org` until SIGINT or SIGTERM, and return the exit code: 2 if the data file or a fault is wrong.

    `directory` is where the certificate and key are written (by default a temporary one). `list_calls` writes a
    line for each call to stderr as it is answered; at the end the calls are counted by kind on stdout.
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
    try:
        server = serve(org, port, directory=directory)
    except OSError as exc:
        sys.stderr.write(f"port {port}: {exc.strerror}\n")
        return WRONG_USE
    with server:
        stream = out or sys.stdout
        stream.write(banner(server))
        stream.flush()
        stopped.wait()
    stream.write(counted(org))
    return 0


def counted(org: Org) -> str:
    """The calls that the org got, by kind, and how many of them counted against the daily limit."""
    kinds = ", ".join(f"{kind} {many:,}" for kind, many in sorted(org.calls.by_kind().items())) or "none"
    return f"\nCalls: {kinds}. {org.calls.count():,} of them count against the daily limit.\n"


def _listed(call: Call, moment: Moment) -> None:
    if moment == "after":
        fault = f"  fault: {call.fault}" if call.fault else ""
        parts = f" ({call.subrequests} parts)" if call.subrequests else ""
        sys.stderr.write(f"{call.number:>6}  {call.status:>3}  {call.method:<6} {call.path}{parts}{fault}\n")


def banner(server: Server) -> str:
    """How to reach the server: by hand, by sfsync and by simple-salesforce."""
    return f"""Salesforce emulator is ready.
  URL            {server.url}
  CA file        {server.ca_file}
  client id      {server.client_id}
  client secret  {server.client_secret}
  user (JWT)     {server.username}
  private key    {server.key_file}

# for sfsync
export SFSYNC_SALESFORCE__LOGIN_URL={server.url}
export SFSYNC_SALESFORCE__CLIENT_ID={server.client_id}
export SFSYNC_SALESFORCE__CLIENT_SECRET={server.client_secret}
export SFSYNC_SALESFORCE__CA_FILE={server.ca_file}

# for simple-salesforce
import requests; from simple_salesforce import Salesforce
session = requests.Session(); session.trust_env = False; session.verify = "{server.ca_file}"
token = session.post("{server.url}/services/oauth2/token", data={{"grant_type": "client_credentials",
    "client_id": "{server.client_id}", "client_secret": "{server.client_secret}"}}).json()
sf = Salesforce(instance_url=token["instance_url"], session_id=token["access_token"], session=session)
"""
