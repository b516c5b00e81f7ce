"""Opening what the commands work on, with the settings that hold for all of them."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from sfsync.cli.options import opened
from sfsync.log import get_logger

if TYPE_CHECKING:
    import pytest

    from sfsync.store.engine import Database


def test_level_and_format_of_the_log_hold_for_every_command_and_stdout_stays_pure(
    mirror: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SFSYNC_LOG__LEVEL", "warning")
    monkeypatch.setenv("SFSYNC_LOG__FORMAT", "json")

    with opened(None):
        get_logger("sfsync.sync").info("Too slight to be told.", action="nothing")
        get_logger("sfsync.sync").warning("The org is slow.", action="org.slow")
        logging.getLogger("urllib3").warning("A library warns.")

    written = capsys.readouterr()
    assert written.out == ""
    assert [json.loads(line)["event"] for line in written.err.splitlines()] == ["The org is slow.", "A library warns."]
