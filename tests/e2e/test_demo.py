"""The demo keeps what it promises, by its own count in the org."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process


def test_the_demo_keeps_every_promise(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "sfsync", "demo", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(ended.stdout)
    assert found["kept"]
    assert {name: found[name] for name in found["promised"]} == found["promised"]
