"""A Salesforce org in a box: its own small world, imports nothing of sfsync.

What programs use is here by name: `from sfsync.emulator import Org, Settings, serve`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfsync.emulator.adapter import EmulatorAdapter
    from sfsync.emulator.admin import AdminServer
    from sfsync.emulator.errors import ApiError
    from sfsync.emulator.org import Org
    from sfsync.emulator.proxy import Proxy
    from sfsync.emulator.server import Server, serve
    from sfsync.emulator.settings import Settings

__all__ = ["AdminServer", "ApiError", "EmulatorAdapter", "Org", "Proxy", "Server", "Settings", "serve"]

_HOMES = {
    "AdminServer": "admin",
    "ApiError": "errors",
    "EmulatorAdapter": "adapter",
    "Org": "org",
    "Proxy": "proxy",
    "Server": "server",
    "Settings": "settings",
    "serve": "server",
}


if not TYPE_CHECKING:  # a checker would take any name for one of the package

    def __getattr__(name: str) -> Any:
        """Load a name when it is asked for: an org in the same process needs no web server."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
