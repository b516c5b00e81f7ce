"""jsforce, the client of most Node programs, unmodified: installed once into the cache of pytest, if Node is there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from sfsync.emulator.cli import jsforce
from sfsync.emulator.org import Org
from sfsync.emulator.server import serve

SCRIPT = Path(__file__).with_name("jsforce_client.mjs")
PACKAGE = "jsforce@3"
INSTALL_SECONDS = 120

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> dict[str, Any]:
    """What the script of jsforce calls came to; run once, whichever worker needs it first."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "jsforce"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        result = folder / "result.json"
        if not result.exists():
            installed = _cache(pytestconfig).mkdir(PACKAGE)
            skipped = _skipped(installed)
            # Node looks for packages beside the script and above.
            (folder / "node_modules").symlink_to(installed / "node_modules")
            result.write_text(json.dumps(skipped or _ran(folder)), encoding="utf-8")
    found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    if "skipped" in found:
        pytest.skip(f"jsforce is not tested: {found['skipped']}")
    return found


def _cache(config: pytest.Config) -> pytest.Cache:
    assert config.cache is not None
    return config.cache


def _skipped(folder: Path) -> dict[str, str] | None:
    """Install jsforce, if it is not there yet; why it cannot be, if it cannot."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return {"skipped": "there is no Node here (node and npm)"}
    with FileLock(folder / "lock"):
        whole = folder / "whole"
        if whole.exists():
            return None
        command = [npm, "install", PACKAGE, "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
        try:
            installed = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return {"skipped": f"npm did not install {PACKAGE} within {INSTALL_SECONDS} seconds"}
        if installed.returncode:
            return {"skipped": f"npm cannot install {PACKAGE}: {installed.stderr.strip()[-300:]}"}
        whole.touch()
    return None


def _ran(folder: Path) -> dict[str, Any]:
    """Run the script against an org of its own."""
    shutil.copy(SCRIPT, folder)
    org = Org()
    user = org.settings.users[0]
    with serve(org) as server:
        access = {
            "ORG_URL": server.url,
            "NODE_EXTRA_CA_CERTS": str(server.ca_file),
            "CLIENT_ID": server.client_id,
            "CLIENT_SECRET": server.client_secret,
            "ORG_USER": user.username,
            "ORG_PASSWORD": user.password + user.security_token,
        }
        ran = subprocess.run(
            ["node", SCRIPT.name],
            cwd=folder,
            env={**os.environ, **access},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        recipe = f"import jsforce from 'jsforce'; {jsforce(server)} console.log((await conn.identity()).username)"
        printed = subprocess.run(
            ["node", "--input-type=module", "-e", recipe],
            cwd=folder,
            env={**os.environ, **access},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr
    return {**json.loads(ran.stdout), "org_id": org.settings.org_id, "recipe": printed.stdout, "user": user.username}


def test_it_logs_in_by_client_credentials_and_knows_who_it_is(done: dict[str, Any]) -> None:
    assert done["organization"] == done["identity"] == done["org_id"]


def test_the_line_that_the_program_prints_for_it_works(done: dict[str, Any]) -> None:
    assert done["recipe"].strip() == done["user"]


def test_it_logs_in_by_soap_with_user_and_password(done: dict[str, Any]) -> None:
    assert done["soap"] == done["org_id"]
    assert done["afterSoap"] == 1


def test_it_creates_records_by_the_200_and_hears_what_was_refused(done: dict[str, Any]) -> None:
    assert done["created"] == 450
    assert done["refused"] == ["saved", "REQUIRED_FIELD_MISSING"]


def test_it_fetches_all_pages_of_a_query(done: dict[str, Any]) -> None:
    assert done["fetched"] == [450, "Account 000", "Account 449"]


def test_it_upserts_an_order_by_its_key(done: dict[str, Any]) -> None:
    assert done["upserted"] == [True, False, True]
    assert done["order"] == "2026-03-02"


def test_its_errors_have_the_codes_of_the_platform(done: dict[str, Any]) -> None:
    assert done["error"] == ["INVALID_FIELD", "INVALID_FIELD"]


def test_it_describes_objects(done: dict[str, Any]) -> None:
    assert done["described"] == ["Order", "801", True]
    assert done["global"] is True


def test_it_loads_and_queries_through_the_bulk_api(done: dict[str, Any]) -> None:
    assert done["loaded"] == [2, 1, "REQUIRED_FIELD_MISSING"]
    assert done["bulkQuery"] == ["Loaded 1", "Loaded, 2"]
