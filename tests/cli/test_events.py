"""`sfsync events` and `sfsync deliver`: what other systems were told, and seeing to it that they hear it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from standardwebhooks import Webhook

from tests.receiver import SECRET, Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.cli.conftest import Ended
    from tests.world import World

    Program = Callable[..., Ended]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Generator[Receiver]:
    """The sink billing."""
    with receiving() as running:
        values = {"URL": running.url, "SECRET": SECRET, "ALLOW_PRIVATE": "true", "TIMEOUT_SECONDS": "5"}
        for name, value in values.items():
            monkeypatch.setenv(f"SFSYNC_SINKS__BILLING__{name}", value)
        yield running


def test_a_sync_also_delivers(org: World, sfsync: Program, receiver: Receiver) -> None:
    org.deal()

    assert sfsync("sync").code == 0

    assert receiver.types == ["order.created"]


def test_a_sink_that_takes_nothing_is_no_failure_of_the_sync_and_deliver_says_so(
    org: World, sfsync: Program, receiver: Receiver
) -> None:
    org.deal()
    receiver.will(500)

    assert sfsync("sync").code == 0
    listed = sfsync("events", "--json").json["events"]
    [delivery] = listed[0]["deliveries"]
    assert (delivery["state"], delivery["attempts"]) == ("pending", 1)
    assert delivery["last_error"] == "It answered HTTP 500."


def test_deliver_sends_what_is_due_and_ends_with_1_if_it_was_not_taken(
    org: World, sfsync: Program, receiver: Receiver
) -> None:
    org.deal()
    sfsync("sync")
    assert sfsync("events", "replay", "--since", "1h").code == 0
    receiver.will(500)

    refused = sfsync("deliver")
    idle = sfsync("deliver", "--json")

    assert refused.code == 1
    assert "billing" in refused.out
    assert (idle.code, idle.json["sinks"][0]["delivered"]) == (0, 0)


def test_deliver_without_a_sink_is_wrong_use(org: World, sfsync: Program) -> None:
    ended = sfsync("deliver")

    assert ended.code == 2
    assert "[sinks.NAME]" in ended.err


def test_events_are_listed_and_shown_with_what_became_of_them(org: World, sfsync: Program, receiver: Receiver) -> None:
    deal = org.deal()
    sfsync("sync")
    other = org.deal(name="Other")
    sfsync("sync")

    listed = sfsync("events", "list")
    only = sfsync("events", "list", "--order", deal, "--json").json["events"]
    shown = sfsync("events", "show", only[0]["id"])

    assert f"{deal}-1" in listed.text
    assert f"{other}-1" in listed.text
    assert "billing: delivered" in listed.text
    assert [event["record"] for event in only] == [f"{deal}-1"]
    assert "order.created" in shown.text
    assert "HTTP 204" in shown.text
    assert all(len(line) <= 100 for line in (listed.out + shown.out).splitlines())
    assert sfsync("events", "list", "--type", "order.fulfilled").text == "There is no such event."


def test_an_event_is_shown_whole_as_json(org: World, sfsync: Program, receiver: Receiver) -> None:
    org.deal()
    sfsync("sync")
    [event] = sfsync("events", "list", "--json").json["events"]

    shown = sfsync("events", "show", event["id"], "--json").json["event"]

    assert shown == event
    assert shown["data"] == receiver.got[0].event["data"]


def test_one_event_is_sent_again_on_request(org: World, sfsync: Program, receiver: Receiver) -> None:
    org.deal()
    sfsync("sync")

    again = sfsync("events", "replay", "--id", receiver.got[0].id, "--json")
    sfsync("deliver")

    assert again.json == {"deliveries": 1}
    assert [got.id for got in receiver.got] == [receiver.got[0].id] * 2


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("replay",), "--since"),
        (("replay", "--id", "evt_x", "--since", "1h"), "--since"),
        (("replay", "--id", "evt_x"), "evt_x"),
        (("replay", "--since", "1h", "--sink", "biling"), "billing"),
        (("show", "evt_x"), "evt_x"),
        (("pause", "biling"), "billing"),
        (("list", "--type", "order.nothing"), "order.created"),
    ],
)
def test_wrong_use_is_answered_with_the_remedy(
    org: World, sfsync: Program, receiver: Receiver, arguments: tuple[str, ...], word: str
) -> None:
    ended = sfsync("events", *arguments)

    assert ended.code == 2
    assert word in " ".join(ended.err.split())


def test_a_sink_is_paused_with_a_reason_and_resumed(org: World, sfsync: Program, receiver: Receiver) -> None:
    org.deal()
    assert sfsync("events", "sinks").code == 0
    assert sfsync("events", "pause", "billing", "--reason", "they move house").code == 0
    sfsync("sync")

    paused = sfsync("events", "sinks")
    assert paused.code == 1
    assert "they move house" in paused.text
    assert receiver.got == []

    assert "served again" in sfsync("events", "resume", "billing").text
    assert "was not paused" in sfsync("events", "resume", "billing").text
    sfsync("deliver")
    assert receiver.types == ["order.created"]
    logs = sfsync("logs", "--json").json["entries"]
    assert {"sink.paused", "sink.resumed"} <= {entry["action"] for entry in logs}


def test_without_sinks_events_are_kept_all_the_same(org: World, sfsync: Program) -> None:
    org.deal()
    sfsync("sync")

    assert "to no sink" in sfsync("events").text
    assert "[sinks.NAME]" in sfsync("events", "sinks").text


def test_a_new_secret_is_one_that_can_be_used(sfsync: Program) -> None:
    first, second = sfsync("events", "new-secret").out.strip(), sfsync("events", "new-secret").out.strip()

    assert first != second
    assert first.startswith("whsec_")
    assert Webhook(first)


def test_the_secret_is_in_no_output(org: World, sfsync: Program, receiver: Receiver) -> None:
    org.deal()
    receiver.will(500)
    said = [
        sfsync(*words) for words in (("sync",), ("deliver",), ("events",), ("events", "sinks"), ("logs",), ("status",))
    ]

    assert all(SECRET[6:] not in ended.out + ended.err for ended in said)


def test_status_and_doctor_speak_of_sinks(org: World, sfsync: Program, receiver: Receiver) -> None:
    org.deal()
    receiver.will(410)
    sfsync("sync")

    status, doctor = sfsync("status"), sfsync("doctor")

    assert "Events to be delivered 1" in status.text
    assert "sfsync events sinks" in status.text
    assert "billing is paused, and 1 events wait for it" in doctor.text


def test_the_doctor_names_what_a_sink_lacks_and_that_the_rest_works(
    org: World, sfsync: Program, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_SINKS__AUDIT__URL", "https://audit.example/hook")

    ended = sfsync("doctor")

    assert ended.code == 1
    assert "sinks.audit.secret is not set" in ended.text
    assert "sfsync events new-secret" in ended.text


def test_settings_of_sinks_are_checked_when_they_are_read(
    org: World, sfsync: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("URLL", "x"), ("EVENTS", "order.creatd"), ("URL", "ftp://x")):
        with monkeypatch.context() as only:
            only.setenv(f"SFSYNC_SINKS__AUDIT__{name}", value)

            ended = sfsync("status")

        assert (ended.code, "SINKS__AUDIT" in ended.err) == (2, True)


def test_old_events_are_removed_by_command_and_those_that_stay_are_named(
    org: World, sfsync: Program, receiver: Receiver
) -> None:
    org.deal()
    sfsync("sync")
    receiver.will(500)
    org.deal(name="Not heard of")
    sfsync("sync")

    young = sfsync("events", "prune", "--json").json
    ended = sfsync("events", "prune", "--before", "0s")

    assert (young["removed"], young["pending"]) == (0, 0)
    assert (ended.code, "1 event from before" in ended.text) == (0, True)
    assert "Kept: 1 event that a sink has still to hear of" in ended.text
    assert "--given-up" not in ended.text
    assert len(sfsync("events", "--json").json["events"]) == 1
