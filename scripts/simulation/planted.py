"""Does the simulator find faults? Each of some is planted into a copy of the tree, and must be found there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FAULTS = Path(__file__).with_name("planted.toml")
_PARTS = ("sfsync", "scripts", "config")


@dataclass(frozen=True)
class Fault:
    """A fault: what stands in which file, once, and what is to stand there instead."""

    name: str
    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Finding:
    """How a planted fault was found; `by` is None for one that was not."""

    fault: str
    by: str | None
    where: str
    breach: str


def faults() -> list[Fault]:
    """All faults there are to plant."""
    return [Fault(**one) for one in tomllib.loads(FAULTS.read_text(encoding="utf-8"))["fault"]]


def plant(fault: Fault, root: Path) -> None:
    """Plant a fault into a copy of the tree.

    Raises:
        ValueError: if its place has changed.
    """
    path = root / fault.file
    text = path.read_text(encoding="utf-8")
    old, new = fault.old.strip("\n"), fault.new.strip("\n")
    if text.count(old) != 1:
        raise ValueError(f"{fault.name}: its place is {text.count(old)} times in {fault.file}, not once: write it anew")
    path.write_text(text.replace(old, new), encoding="utf-8")


def find(fault: Fault, seeds: str) -> Finding:
    """Plant a fault, play until something breaks, and then die at every step."""
    with tempfile.TemporaryDirectory(prefix="sfsync-planted-") as name:
        root = Path(name)
        for part in _PARTS:
            shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        plant(fault, root)
        played = _run(root, "--seeds", seeds, "--first", "--json")
        for one in played["failed"]:
            where = f"seed {one['seed']}, " + ("the end" if one["step"] is None else f"step {one['step']}")
            return Finding(fault.name, "plays", where, one["breach"])
        for one in _run(root, "--crash-steps", "--json")["differing"]:
            return Finding(fault.name, "crash at every step", one.partition(":")[0], one)
    return Finding(fault.name, None, f"seeds {seeds} and every crash", "")


def main(seeds: range, *, as_json: bool, only: str | None) -> int:
    """Plant and find all, or only those whose name holds `only`; 1 if one is not found."""
    chosen = [fault for fault in faults() if only is None or only in fault.name]
    found: list[Finding] = []
    for fault in chosen:
        finding = find(fault, f"{seeds.start}:{seeds.stop}")
        found.append(finding)
        if not as_json:
            said = f"found by {finding.by}: {finding.where}" if finding.by else f"NOT FOUND in {finding.where}"
            sys.stdout.write(f"{fault.name}\n  {said}\n" + (f"  {finding.breach[:200]}\n" if finding.by else ""))
            sys.stdout.flush()
    if as_json:
        sys.stdout.write(json.dumps([asdict(finding) for finding in found], indent=2) + "\n")
    missed = sum(finding.by is None for finding in found)
    if not as_json:
        sys.stdout.write(f"{len(found) - missed} of {len(found)} planted faults found\n")
    return 1 if missed or not found else 0


def _run(root: Path, *arguments: str) -> dict[str, Any]:
    variables = {**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(  # noqa: S603 - this program itself
        [sys.executable, "-m", "scripts.simulation", *arguments],
        cwd=root,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode not in (0, 1) or not ended.stdout:
        raise RuntimeError(f"the simulator itself broke down: {ended.stderr[-2000:]}")
    document: dict[str, Any] = json.loads(ended.stdout)
    return document
