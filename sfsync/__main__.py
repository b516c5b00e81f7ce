"""`python -m sfsync`: the same as the command `sfsync`."""

from sfsync.cli.main import main

if __name__ == "__main__":
    main()
