"""Telling systemd how the service is, over the socket it names (sd_notify(3)); without systemd nothing happens."""

from __future__ import annotations

import contextlib
import os
import socket
from datetime import timedelta


def notify(*states: str) -> None:
    """Send states such as READY=1. A service manager that does not listen must not stop the work."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # A leading @ stands for the zero byte of Linux's abstract sockets.
    target = "\0" + address[1:] if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.settimeout(0)  # its queue may be full
        channel.sendto("\n".join(states).encode(), target)


def watchdog() -> timedelta | None:
    """Return how often systemd wants to hear from this process at least; None when it does not watch it."""
    wanted = os.environ.get("WATCHDOG_USEC", "")
    if not wanted.isdecimal() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return timedelta(microseconds=int(wanted)) or None
