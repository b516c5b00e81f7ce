"""The command line: open, call, render."""
