"""Salesforce Ids are understood as people type and paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.sfid import full_id

SHORT = st.text("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=15, max_size=15)


def test_an_id_of_15_characters_gets_the_checksum_that_salesforce_gives_it() -> None:
    assert full_id("0065g00000AbCdE") == "0065g00000AbCdEAAV"


@given(SHORT)
def test_an_id_is_recognised_whatever_case_it_was_pasted_in(short: str) -> None:
    whole = full_id(short)

    assert whole is not None
    assert {full_id(whole), full_id(whole.lower()), full_id(whole.upper())} == {whole}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "006",
        "00000100",
        "0065g00000AbCdE-1",
        "0065g00000AbCdEAA",
        "0065g00000AbCdEAA9",  # no checksum has a 9
        "006500000000000BAA",  # a digit cannot be a capital letter
        "0065g00000AbCdÉ",
    ],
)
def test_what_is_no_id_is_not_taken_for_one(text: str) -> None:
    assert full_id(text) is None
