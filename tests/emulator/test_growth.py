"""What an org keeps of its past: a server may run for days, and must not grow by what nobody can ask for."""

from __future__ import annotations

from sfsync.emulator.calls import CallLog
from tests.emulator.api import V, make_api

HOUR, DAY = 3_600, 86_400


def test_old_calls_are_only_counted() -> None:
    log = CallLog(kept=2)
    for kind in ("query", "record", "record", "graph"):
        log.add("GET", f"{V}/{kind}", kind).counted = kind != "graph"

    assert [(call.number, call.kind) for call in log] == [(3, "record"), (4, "graph")]
    assert (len(log), log.count()) == (2, 3)
    assert log.by_kind() == {"query": 1, "record": 2, "graph": 1}

    log.clear()

    assert (len(log), log.count(), log.by_kind()) == (0, 0, {})
    assert log.add("GET", V, "versions").number == 5


def test_a_user_has_no_more_than_200_recent_records() -> None:
    api = make_api()
    made = [api.create("Account", Name=f"A{number}") for number in range(205)]

    assert [one["Id"] for one in api.call("GET", "recent").json()] == made[:4:-1]
    assert [len(seen) for seen in api.org.recent.values()] == [200]


def test_sessions_that_have_ended_are_forgotten_and_those_in_use_are_not() -> None:
    org = make_api().org
    used, _ = org.login(), [org.login() for _ in range(1_500)]
    org.advance(HOUR)
    assert org.tokens.find(used, org.clock()) is not None
    org.tokens.bearer_of(f"Bearer {used}", org.clock())
    org.advance(HOUR + 1)

    for _ in range(1_500):
        org.login()

    assert org.tokens.find(used, org.clock()) is not None
    assert org.tokens.revoke_all() == 1_501


def test_cursors_are_forgotten_when_they_have_ended() -> None:
    api = make_api()
    api.org.insert_many("Contact", [{"LastName": f"L{place}"} for place in range(201)])
    for days in (1, 2, 1):
        api.token = api.org.login()
        answer = api.call("GET", "query?q=SELECT+Id+FROM+Contact", Sforce_Query_Options="batchSize=200").json()
        assert answer["nextRecordsUrl"].startswith(f"{V}/query/0r8")
        api.org.advance(days * DAY)

    assert len(api.org.cursors) == 2
