"""`python -m sfsync`: the same as the command `sfsync`."""

import sys

from sfsync.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
