"""`sfsync daemon`: one cycle after the other until it is stopped."""

from __future__ import annotations

from sfsync.app import open_app
from sfsync.service.daemon import Daemon


def command(org: Org = None) -> None:
    """Run a cycle at once and then at the interval of the settings, until SIGTERM or Ctrl-C."""
    with open_app(org) as app:
        Daemon(app).serve()
