"""The business of sfsync, pure: no I/O, no clock, no randomness."""
