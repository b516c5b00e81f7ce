"""Settings: defaults, the settings file, .env and the environment, each overriding the one before."""

from sfsync.config.orgs import OrgSettings
from sfsync.config.settings import Settings
from sfsync.config.sources import load_settings

__all__ = ["OrgSettings", "Settings", "load_settings"]
