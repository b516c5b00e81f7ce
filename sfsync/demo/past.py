"""Writing history: what happens in an org is stamped with the moment at which it is said to have happened."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sfsync.emulator.clock import stored

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from sfsync.emulator.org import Org


@contextmanager
def at(org: Org, moment: datetime) -> Generator[None]:
    """Stamp everything that is written to `org` inside with `moment`, whatever its clock says."""
    with org.lock:
        before, org.world.frozen = org.world.frozen, stored(moment)
        try:
            yield
        finally:
            org.world.frozen = before
