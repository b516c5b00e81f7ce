"""Bulk API: jobs, the CSV they take and give, and what they do to an org's rows."""

from sfsync.emulator.bulk.jobs import JobStore

__all__ = ["JobStore"]
