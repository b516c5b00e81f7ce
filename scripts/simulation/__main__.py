"""Plays by their seeds: scripts/simulate --seeds 0:200 [--mode safety|liveness] [--faults http,crash] [--json]."""

from __future__ import annotations

import sys

from scripts.simulation.command import main

if __name__ == "__main__":
    sys.exit(main())
