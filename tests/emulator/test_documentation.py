"""What docs/emulator.md shows is tried here as it stands there."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from typing import Any

import pytest
import requests

from sfsync.emulator.admin import AdminServer
from sfsync.emulator.document.__main__ import PAGE
from sfsync.emulator.org import Org
from sfsync.emulator.switches import read_switches
from tests.emulator.api import NOW

TEXT = PAGE.with_name("emulator.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def shown(option: str) -> list[str]:
    """The values of an option in all commands of the page."""
    words = [word for block in blocks("sh") for word in shlex.split(block, comments=True)]
    return [after for word, after in itertools.pairwise(words) if word == option]


def test_the_python_of_the_page_runs() -> None:
    names: dict[str, Any] = {}

    for block in blocks("python"):
        exec(block, names)  # noqa: S102 - our own page

    assert names["org"].query("SELECT Name FROM Account") == [
        {"attributes": names["org"].query("SELECT Name FROM Account")[0]["attributes"], "Name": "Acme"}
    ]
    assert len(list(names["org"].faults)) == 2


@pytest.mark.parametrize("spec", shown("--faults"))
def test_the_faults_of_the_page_can_be_planned(spec: str) -> None:
    org = Org()

    org.faults.add_spec(spec)

    assert len(list(org.faults)) == spec.count(";") + 1


def test_the_switches_of_the_page_are_there() -> None:
    assert read_switches(shown("--set")) == {"multicurrency": True, "reduction_orders": False}


def test_what_the_page_sends_to_the_admin_port_is_taken() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("curl")]
    assert len(lines) == 4
    with AdminServer(Org(clock=NOW)) as admin, requests.Session() as session:
        session.trust_env = False
        for line in lines:
            words = shlex.split(line, comments=True)
            url = next(word for word in words if word.startswith("localhost:")).replace("localhost:8445", admin.url)
            body = words[words.index("-d") + 1] if "-d" in words else None
            answer = session.post(url, data=body) if body else session.get(url)

            assert answer.ok, (line, answer.text)
            assert json.loads(answer.text) is not None
