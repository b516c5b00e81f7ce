"""`python -m sfsync.emulator`: the emulator without the rest of sfsync."""

import argparse
import sys
from pathlib import Path

from sfsync.emulator.cli import main
from sfsync.emulator.database import OrgFileError
from sfsync.emulator.org import Org


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sfsync.emulator", description="A Salesforce org in a box.")
    parser.add_argument("--port", type=int, default=8443, help="port on 127.0.0.1; 0 for any free one")
    parser.add_argument("--seed", type=int, default=0, help="seed of every random choice")
    parser.add_argument("--data", type=Path, help="JSON file of records to load")
    parser.add_argument("--faults", help='faults to plan, such as "lost_answer:path=graph,nth=2;http_503:rate=0.1"')
    parser.add_argument("--directory", type=Path, help="where to write certificate and keys")
    parser.add_argument("--daily-limit", type=int, help="API calls per 24 hours")
    parser.add_argument("--connect-proxy", type=int, metavar="PORT", help="proxy for clients with fixed login hosts")
    parser.add_argument("--admin-port", type=int, metavar="PORT", help="port that takes faults while it runs")
    parser.add_argument("--list-calls", action="store_true", help="write each call to stderr")
    parser.add_argument("--path", default=":memory:", help="SQLite file that keeps the org")
    return parser.parse_args()


if __name__ == "__main__":
    given = vars(_arguments())
    try:
        org = Org(seed=given.pop("seed"), path=given.pop("path"))
    except OrgFileError as exc:
        sys.stderr.write(f"{exc}\n")
        sys.exit(2)
    sys.exit(main(org, **given))
