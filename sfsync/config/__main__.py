"""Write, or check, the documents that are made from the settings: `python -m sfsync.config [--write]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sfsync.config.document import documents
from sfsync.errors import EXIT_ATTENTION, EXIT_DONE, SfsyncError

ROOT = Path(__file__).parents[2]


def main(arguments: list[str] | None = None, *, root: Path = ROOT) -> int:
    """Compare the documents below `root` with the settings; with --write, make them equal."""
    parser = argparse.ArgumentParser(prog="python -m sfsync.config", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the documents that differ")
    write = parser.parse_args(arguments).write
    try:
        stale = {path: text for path, text in documents(root).items() if not path.is_file() or _read(path) != text}
    except SfsyncError as exc:
        sys.stderr.write(f"error: {exc}\n")
        return exc.exit_code
    for path, text in stale.items():
        sys.stdout.write(f"{'written' if write else 'differs from the settings'}: {path.relative_to(root)}\n")
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return EXIT_ATTENTION if stale and not write else EXIT_DONE


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
