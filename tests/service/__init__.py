"""Tests of sfsync.service."""
