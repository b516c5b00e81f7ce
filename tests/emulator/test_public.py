"""What programs import of the emulator."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sfsync.emulator
from sfsync.emulator import Org, Settings, serve


@pytest.mark.parametrize("name", sfsync.emulator.__all__)
def test_what_programs_use_is_in_the_package(name: str) -> None:
    found = getattr(sfsync.emulator, name)

    assert (found.__name__, found.__module__.startswith("sfsync.emulator.")) == (name, True)


def test_a_name_that_is_not_there_is_missed_as_usual() -> None:
    name = "Cloud"

    with pytest.raises(AttributeError, match="no attribute 'Cloud'"):
        getattr(sfsync.emulator, name)


def test_an_org_does_without_a_web_server() -> None:
    ask = "import sys; from sfsync.emulator import Org; print(*{'uvicorn', 'starlette', 'requests'} & set(sys.modules))"

    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=60)

    assert told.stdout == "\n"


def test_an_org_is_served_with_what_the_package_gives() -> None:
    org = Org(settings=Settings(company="Acme"))

    with serve(org) as server:
        assert server.url == org.settings.instance_url == f"https://localhost:{server.port}"
