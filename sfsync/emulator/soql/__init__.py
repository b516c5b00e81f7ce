"""SOQL over the emulator's database."""

from sfsync.emulator.soql.run import Cursor, Page, QueryResult, execute, prepare

__all__ = ["Cursor", "Page", "QueryResult", "execute", "prepare"]
