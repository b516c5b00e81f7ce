from __future__ import annotations

import pytest

from sfsync.salesforce.codes import CODES, Class, classify, explain, remedy


def test_a_code_that_nobody_knows_is_final_for_its_record() -> None:
    assert classify("SOMETHING_NEW", "what?") is Class.FIX
    assert explain("SOMETHING_NEW", "what?") == "what? (SOMETHING_NEW)"
    assert remedy("SOMETHING_NEW") is None


def test_a_lock_that_apex_met_on_is_a_lock() -> None:
    text = "OrderTrigger: execution of AfterInsert caused by: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access"

    assert classify("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text) is Class.LOCK
    assert classify("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "null pointer") is Class.FIX


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("UNABLE_TO_LOCK_ROW", Class.LOCK),
        ("REQUEST_LIMIT_EXCEEDED", Class.LIMIT),
        ("UNKNOWN_EXCEPTION", Class.RETRY),
        ("DUPLICATE_VALUE", Class.DUPLICATE),
        ("PROCESSING_HALTED", Class.HALTED),
        ("ALL_OR_NONE_OPERATION_ROLLED_BACK", Class.HALTED),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", Class.PERMISSION),
        ("FIELD_INTEGRITY_EXCEPTION", Class.FIX),
        ("INVALID_FIELD", Class.SCHEMA),
        ("ENTITY_IS_DELETED", Class.CHECK),
    ],
)
def test_codes_are_classified_by_the_table(code: str, meaning: Class) -> None:
    assert classify(code) is meaning


def test_people_get_our_words_and_the_orgs() -> None:
    said = explain("FIELD_CUSTOM_VALIDATION_EXCEPTION", "PO number\n is required")

    assert said == (
        "A validation rule of the org says no. The org says: PO number is required (FIELD_CUSTOM_VALIDATION_EXCEPTION)"
    )
    assert "change the rule" in (remedy("FIELD_CUSTOM_VALIDATION_EXCEPTION") or "")


def test_an_error_without_words_is_still_explained() -> None:
    assert explain("", "") == "The org refused without a reason (no code)."
    assert explain("", "Select an account.") == "Select an account."
    assert explain("UNABLE_TO_LOCK_ROW", "") == CODES["UNABLE_TO_LOCK_ROW"].words
