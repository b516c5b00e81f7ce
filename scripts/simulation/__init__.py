"""The simulator: the real service and the real emulator in one process, on one clock, driven by one seed."""
