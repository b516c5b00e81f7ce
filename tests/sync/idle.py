"""Running cycles, as the daemon does, until there is nothing to do any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.errors import OrgUnavailable
from sfsync.sync.cycle import run_cycle
from tests.mirror import everything_but_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from tests.world import World

_READ_ANEW = ("schema_cache", "cursors")
"""Tables that a cycle writes though nothing has changed."""


def until_idle(
    world: World, app: App, is_whole: Callable[[], bool] = lambda: True, *, cycles: int = 4, seconds: int = 3600
) -> None:
    """Run cycles with so much time between them, until all is whole and a cycle that was not the first left it so."""
    before = _mirror(app)
    for number in range(cycles):
        try:
            run_cycle(app)
            answered = True
        except OrgUnavailable:
            answered = False
        after = _mirror(app)
        if number and answered and after == before and is_whole():
            return
        before = after
        world.org.advance(seconds)


def _mirror(app: App) -> dict[str, list[object]]:
    return {name: rows for name, rows in everything_but_runs(app.db).items() if name not in _READ_ANEW}
