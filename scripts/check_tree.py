"""What must hold for the files themselves: sizes, words that must not be in them, and the locked requirements."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES, MOST_LINES_OF_TESTS = 300, 600
TEXT = {".py", ".toml", ".md", ".txt", ".sh", ".yml", ".yaml", ".ini", ".lark", ".json", ".html", ".example", ""}
# Written so that they do not find themselves.
FORBIDDEN = {
    "names the host of a package registry": re.compile(r"py[p]i\.org|python[h]osted|npm[j]s\.(org|com)", re.IGNORECASE),
    "has a marker of unfinished work": re.compile(
        r"\b(TO[D]O|FIX[M]E|X[X]X|HAC[K])\b|NotImplemented[E]rror|for [n]ow\b"
    ),
    "skips a test or expects it to fail": re.compile(r"mark\.(ski[p]|xfai[l])|pytest\.(ski[p]|xfai[l])\("),
}
OPTIONAL = {
    "tests/emulator/conformance/cassettes.py": "the recordings of a real org are not part of the repository",
    "tests/emulator/test_jsforce.py": "not every machine has Node",
}
"""Tests that say why they cannot run here; everything else always runs."""


def files() -> list[Path]:
    """Return the files of the project: what git tracks or would, else everything outside hidden folders."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git of the PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        return sorted(path for name in set(listed.stdout.splitlines()) if (path := ROOT / name).is_file())
    made = {"__pycache__", ".venv", ".git", ".hypothesis"}
    kept = (path for path in ROOT.rglob("*") if not any(p in made or p.endswith("_cache") for p in path.parts))
    return sorted(path for path in kept if path.is_file())


def complaints() -> Iterator[str]:
    """Say everything that is wrong, one sentence each."""
    for path in files():
        if path.suffix not in TEXT:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        name = path.relative_to(ROOT)
        lines = text.splitlines()
        most = MOST_LINES_OF_TESTS if name.parts[0] == "tests" else MOST_LINES
        if path.suffix == ".py" and len(lines) > most:
            yield f"{name} has {len(lines)} lines; a module has {most} at most: split it"
        for number, line in enumerate(lines, 1):
            for what, pattern in FORBIDDEN.items():
                if pattern.search(line) and not ("skips" in what and str(name) in OPTIONAL):
                    yield f"{name}:{number} {what}: {line.strip()[:80]}"
    yield from lock_complaints()


def lock_complaints() -> Iterator[str]:
    """Say where the locked requirements and pyproject.toml disagree; scripts/lock makes them agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = project["project"]["dependencies"]
    extras = project["project"]["optional-dependencies"]
    wanted = {
        "requirements.txt": [*runtime, *extras["postgres"]],
        "requirements-dev.txt": [*runtime, *extras["postgres"], *extras["dev"]],
        "requirements-build.txt": project["build-system"]["requires"],
    }
    locked = {name: pins(ROOT / name) for name in wanted}
    for name, requirements in wanted.items():
        for requirement in map(Requirement, requirements):
            version = locked[name].get(canonicalize_name(requirement.name))
            if version is None or not requirement.specifier.contains(version):
                yield f"{name} does not lock {requirement} of pyproject.toml: run scripts/lock"
        if re.search(r"://|^-|file:", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE):
            yield f"{name} holds more than names, versions and hashes"
    for other in ("requirements.txt", "requirements-build.txt"):
        for package, version in locked[other].items():
            if locked["requirements-dev.txt"].get(package, version) != version:
                yield f"{other} and requirements-dev.txt lock different versions of {package}: run scripts/lock"
    for package in locked["requirements.txt"].keys() - locked["requirements-dev.txt"].keys():
        yield f"requirements-dev.txt does not lock {package} of requirements.txt: run scripts/lock"


def pins(path: Path) -> dict[str, str]:
    """Return the versions that a requirements file locks, by canonical name."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


if __name__ == "__main__":
    wrong = list(complaints())
    sys.stdout.writelines(f"{complaint}\n" for complaint in wrong)
    sys.exit(bool(wrong))
