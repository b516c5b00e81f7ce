"""Every row of the coverage table tells the truth: its statement works, or is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sfsync.emulator.errors import ApiError
from sfsync.emulator.fields import Field
from sfsync.emulator.org import Org
from sfsync.emulator.settings import Settings
from sfsync.emulator.soql import coverage
from tests.emulator.api import NOW


def make_org(settings: Settings) -> Org:
    org = Org(clock=NOW, settings=settings)
    org.add_custom_field("Account", Field("Colours__c", "multipicklist", "Colours", length=99, custom=True))
    return org


@pytest.fixture(scope="module")
def plain() -> Org:
    return make_org(Settings())


@pytest.fixture(scope="module")
def switched() -> Org:
    on = {row.switch: True for row in coverage.ROWS if row.switch}
    return make_org(replace(Settings(), **on))  # type: ignore[arg-type]


@pytest.mark.parametrize("row", [row for row in coverage.ROWS if row.state == "done"], ids=lambda row: row.feature)
def test_what_is_done_answers(plain: Org, switched: Org, row: coverage.Row) -> None:
    plain.query(row.example)
    switched.query(row.example)


@pytest.mark.parametrize("row", [row for row in coverage.ROWS if row.state == "refused"], ids=lambda row: row.feature)
def test_what_is_refused_is_no_query(plain: Org, row: coverage.Row) -> None:
    with pytest.raises(ApiError) as caught:
        plain.query(row.example)

    assert caught.value.status == 400
    assert caught.value.code in {"MALFORMED_QUERY", "INVALID_FIELD", "INVALID_TYPE", "INVALID_QUERY_SCOPE"}
    assert row.note


@pytest.mark.parametrize(
    "row", [row for row in coverage.ROWS if row.state == "switchable"], ids=lambda row: row.feature
)
def test_what_is_switchable_is_refused_until_the_switch_is_on(plain: Org, switched: Org, row: coverage.Row) -> None:
    assert hasattr(Settings(), str(row.switch))
    with pytest.raises(ApiError):
        plain.query(row.example)

    switched.query(row.example)


def test_every_feature_has_one_row() -> None:
    assert len({row.feature for row in coverage.ROWS}) == len(coverage.ROWS)
