"""The demo: a believable org in the emulator, and what sfsync does with it."""
