"""`sfsync daemon`: one cycle after the other until it is stopped."""

from __future__ import annotations

from sfsync.cli.options import Org, opened
from sfsync.service.daemon import Daemon


def command(*, org: Org = None) -> None:
    """Run a cycle at once and then at the interval of the settings, until SIGTERM or Ctrl-C.

    The write in hand is finished first; a second signal ends it at once. What happens is logged to stderr.
    """
    with opened(org) as app:
        Daemon(app).serve()
