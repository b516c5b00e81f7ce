"""Tests mirror the source tree; builders of values are in builders.py."""
