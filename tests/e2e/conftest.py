"""A served org and real processes that work with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.box import Box, open_box

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture
def box(tmp_path: Path) -> Generator[Box]:
    with open_box(tmp_path) as opened:
        yield opened
