"""What is traced for the gate of scripts/test: tracing makes the service half as slow again.

Left out is what can add nothing: tests that run the same lines as others, and inside the others the code that the
gate does not look at, which is the emulated org, SQLAlchemy and sfsync.store. Of sfsync.domain only what tests or
sfsync.sync call counts, then, not what the store calls.
"""

from __future__ import annotations

import functools
import pkgutil
import sys
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection, CursorResult, Result

import sfsync.store
from sfsync.emulator.org import Org

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

_FOLDERS = ("cli", "demo", "e2e", "emulator", "service", "simulation", "store", "webhooks")
"""Folders of tests that reach nothing of what the gate looks at but what others reach, too."""


def is_traced(item: pytest.Item) -> bool:
    """Whether a test can reach more than others did: the second database runs the same lines."""
    marked = item.get_closest_marker("postgres") or item.get_closest_marker("untraced")
    return not marked and item.nodeid.split("/")[1] not in _FOLDERS


def pause_elsewhere(patch: pytest.MonkeyPatch) -> None:
    """Have tracing pause in the code that the gate does not look at."""
    for name, method in list(vars(Org).items()):
        if isinstance(method, FunctionType) and (name == "__init__" or not name.startswith("_")):
            patch.setattr(Org, name, _paused(method))
    for name in ("__init__", "begin", "commit", "close", "execute", "exec_driver_sql"):
        patch.setattr(Connection, name, _paused(getattr(Connection, name)))
    for kind in (CursorResult, Result):
        for name in ("all", "fetchall", "first", "one", "one_or_none"):
            if name in vars(kind):
                patch.setattr(kind, name, _paused(getattr(kind, name)))
    for found in pkgutil.iter_modules(sfsync.store.__path__, "sfsync.store."):
        module = import_module(found.name)
        for name, function in list(vars(module).items()):
            if isinstance(function, FunctionType) and function.__module__ == found.name and not name.startswith("_"):
                patch.setattr(module, name, _paused(function))


def _paused(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def paused(*arguments: Any, **options: Any) -> Any:
        tracer = sys.gettrace()
        if tracer is None:
            return function(*arguments, **options)
        sys.settrace(None)
        try:
            return function(*arguments, **options)
        finally:
            sys.settrace(tracer)
            # The tracer comes back with the next call; without one, it would miss that this one returns.
            _call()

    return paused


def _call() -> None:
    """Be called."""
