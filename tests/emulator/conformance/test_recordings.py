from pathlib import Path

import pytest

from tests.emulator.conformance import cassettes, replay
from tests.emulator.conformance.differences import MISSING, NOT_REPLAYED, REPLAYED, TOLERATED, Tolerated


@pytest.mark.parametrize("cassette", REPLAYED)
def test_the_emulator_answers_as_the_recorded_org(cassette: str) -> None:
    found = replay.played(cassette)

    assert tuple(found) == REPLAYED[cassette]
    not_tolerated = [
        (number, difference)
        for number, differences in found.items()
        for difference in differences
        if not any(one.covers(f"{cassette} #{number}", difference) for one in TOLERATED)
    ]
    assert not_tolerated == []


def test_every_recorded_interaction_has_one_fate() -> None:
    recorded = {(name, one.number) for name in cassettes.names() for one in cassettes.load(name).interactions}

    replayed = [(name, number) for name, numbers in REPLAYED.items() for number in numbers]
    others = [(name, number) for name, reasons in NOT_REPLAYED.items() for number in reasons]
    assert sorted(replayed + others) == sorted(recorded)


def test_what_cassettes_repeat_is_replayed_where_it_is_recorded() -> None:
    repeated = {include for name in cassettes.names() for include in cassettes.load(name).includes}

    assert repeated - set(REPLAYED) == set(MISSING)


def test_no_tolerance_is_stale() -> None:
    met: set[Tolerated] = set()
    for cassette in REPLAYED:
        for number, differences in replay.played(cassette).items():
            for difference in differences:
                met.update(one for one in TOLERATED if one.covers(f"{cassette} #{number}", difference))

    assert [one for one in TOLERATED if one not in met] == []


def test_without_recordings_the_tests_say_where_they_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cassettes.VARIABLE, str(tmp_path))

    with pytest.raises(pytest.skip.Exception, match=r"SFSYNC_RECORDINGS.*\.\./shared/recorded"):
        cassettes.recordings()


def test_recordings_are_found_by_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cci").mkdir()
    monkeypatch.setenv(cassettes.VARIABLE, str(tmp_path))

    assert cassettes.recordings() == tmp_path / "cci"
