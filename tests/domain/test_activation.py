"""The rule activates what fits the deal in every respect, and leaves the rest to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sfsync.domain.activation import Draft, Rule, reason, why_not
from tests.builders import CONTRACT_ID, NOW

GOOD = Draft(
    total=Decimal("399.00"), planned_total=Decimal("399.00"), currency="EUR", lines=2, lacking=0,
    contract_id=CONTRACT_ID, contract_code="Activated", deal_type="New Business", created_at=NOW,
)  # fmt: skip
RULE = Rule(timedelta(hours=2), Decimal(399), frozenset(["New Business", "Renewal"]))
LATER = NOW + timedelta(hours=2)


def test_an_order_that_fits_in_every_respect_is_activated_and_the_journal_says_why() -> None:
    assert why_not(GOOD, RULE, LATER) is None
    assert why_not(replace(GOOD, contract_id=None, contract_code=None), Rule(), NOW) is None
    assert reason(GOOD) == (
        "Activated is wanted by the rule of [activation]: 2 lines over 399.00 EUR, the deal's amount to the cent, "
        "in the org since 2026-03-02 09:30 UTC, the contract is activated."
    )
    assert "1 line over no total" in reason(replace(GOOD, total=None, lines=1, contract_id=None))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"created_at": NOW + timedelta(seconds=1)}, "long enough"),
        ({"created_at": None}, "long enough"),
        ({"total": Decimal("398.99")}, "to the cent"),
        ({"total": None, "planned_total": None}, "to the cent"),
        ({"planned_total": None}, "to the cent"),
        ({"lines": 0}, "lines are not all there"),
        ({"lacking": 1}, "lines are not all there"),
        ({"contract_code": "InApproval"}, "contract is not activated"),
        ({"contract_code": None}, "contract is not activated"),
        ({"total": Decimal("399.01"), "planned_total": Decimal("399.01")}, "above the limit"),
        ({"deal_type": "Existing Business"}, "another type"),
        ({"deal_type": None}, "another type"),
    ],
)
def test_an_order_that_does_not_fit_is_left_to_a_person(changes: dict[str, Any], said: str) -> None:
    assert said in str(why_not(replace(GOOD, **changes), RULE, LATER))
