"""What all sections of the settings have in common."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterable

ENV_PREFIX = "SFSYNC_"
ENV_DELIMITER = "__"


class Section(BaseModel):
    """A group of settings: unknown names are errors, and no error ever shows a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)


def env_name(path: Iterable[str]) -> str:
    """Return the environment variable of the setting at `path`, as in SFSYNC_SALESFORCE__LOGIN_URL."""
    return ENV_PREFIX + ENV_DELIMITER.join(path).upper()


def did_you_mean(name: str, known: Iterable[str], *, prefix: str = "") -> str | None:
    """Return a remedy that names the nearest of the known names, None when nothing is near.

    All have `prefix` in common, which says nothing about nearness.
    """
    candidates = sorted(one.removeprefix(prefix) for one in known)
    nearest = difflib.get_close_matches(name.removeprefix(prefix), candidates, n=1, cutoff=0.6)
    return f"Did you mean {prefix}{nearest[0]}?" if nearest else None
