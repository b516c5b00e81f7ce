"""SOQL over the emulator's database."""

from sfsync.emulator.soql.columns import columns_of
from sfsync.emulator.soql.run import Cursor, Page, QueryResult, execute, prepare
from sfsync.emulator.soql.stream import Flat, stream

__all__ = ["Cursor", "Flat", "Page", "QueryResult", "columns_of", "execute", "prepare", "stream"]
