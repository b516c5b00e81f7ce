"""Writes docs/emulator-coverage.md from the code: what the emulator does, what is a switch, what it refuses."""
