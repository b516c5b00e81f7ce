"""Tests of the demo: its org, and the story told on it."""
