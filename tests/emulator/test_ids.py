from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.emulator.errors import ApiError
from sfsync.emulator.ids import IdFactory, id18, is_id, normalise

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("published", ["0015500001QdQWaAAN", "801D0000000G0ySIAS", "01254000001upcKAAQ"])
def test_the_checksum_is_that_of_published_ids(published: str) -> None:
    assert id18(published[:15]) == published


def test_both_forms_are_ids_and_mean_the_same() -> None:
    assert is_id("0015500001QdQWa")
    assert is_id("0015500001QdQWaAAN")
    assert normalise("0015500001QdQWa") == normalise("0015500001QdQWaAAN") == "0015500001QdQWaAAN"


@pytest.mark.parametrize(
    "text", ["", "abc", "0015500001QdQW", "0015500001QdQWaAAX", "0015500001qdqwaAAN", "001550000-QdQWa"]
)
def test_anything_else_is_refused(text: str) -> None:
    assert not is_id(text)
    with pytest.raises(ApiError) as caught:
        normalise(text)
    assert caught.value.code == "MALFORMED_ID"


@given(st.text(ALPHABET, min_size=15, max_size=15), st.data())
def test_changing_the_case_of_a_letter_breaks_the_checksum(short: str, data: st.DataObject) -> None:
    letters = [place for place, char in enumerate(short) if char.isalpha()]
    if letters:
        place = data.draw(st.sampled_from(letters))
        damaged = short[:place] + short[place].swapcase() + short[place + 1 :] + id18(short)[15:]

        assert not is_id(damaged)


def test_ids_of_one_object_rise_in_the_order_of_creation() -> None:
    ids = IdFactory()

    made = [ids.next("801") for _ in range(5000)]

    assert all(one < other for one, other in pairwise(made))
    assert all(is_id(one) and one.startswith("801") for one in made)


def test_objects_count_on_their_own() -> None:
    ids = IdFactory()
    ids.next("801")

    assert ids.next("802")[3:] == IdFactory().next("802")[3:]


def test_ids_go_on_after_the_last_one_of_a_stored_org() -> None:
    first, second = IdFactory(), IdFactory()
    last = [first.next("801") for _ in range(100)][-1]

    second.resume_after(last)

    assert second.next("801") == first.next("801")
