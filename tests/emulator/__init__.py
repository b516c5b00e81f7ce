"""Tests of sfsync.emulator."""
