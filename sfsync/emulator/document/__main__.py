"""Write, or check, the emulator's coverage page: `python -m sfsync.emulator.document [--write]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sfsync.emulator.document.page import page

PAGE = Path(__file__).parents[3] / "docs" / "emulator-coverage.md"


def main(arguments: list[str] | None = None, *, file: Path = PAGE) -> int:
    """Compare the page with the code; 1 if it differs. With --write, make it equal."""
    parser = argparse.ArgumentParser(prog="python -m sfsync.emulator.document", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page if it differs")
    write = parser.parse_args(arguments).write
    text = page()
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return 0
    sys.stdout.write(f"{'written' if write else 'differs from the code'}: docs/{file.name}\n")
    if not write:
        return 1
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
