"""One event, one receiver, one try."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sfsync.webhooks.post import Client, Message, NotTaken, Taken
from sfsync.webhooks.post import Receiver as Target
from tests.receiver import HANG_UP, SECRET, Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Generator

NOW = datetime(2026, 3, 1, 12, 0, 30, 250_000, tzinfo=UTC)
OTHER = "whsec_" + "YW5vdGhlci1zZWNyZXQtb2YtMzItYnl0ZXMtISEhISE="
MESSAGE = Message("evt_1", "order.activated", NOW - timedelta(hours=1), {"order": {"key": "K-1", "name": "Zoë"}})


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def target(receiver: Receiver) -> Target:
    return Target(receiver.url, (SECRET,), timeout_seconds=5, allow_private=True)


def post(target: Target) -> Taken | NotTaken:
    with Client(target) as client:
        return client.post(MESSAGE, NOW)


def test_an_event_that_is_answered_with_2xx_is_taken(receiver: Receiver, target: Target) -> None:
    assert post(target) == Taken(204)

    [got] = receiver.got
    assert got.event == {
        "type": "order.activated",
        "timestamp": "2026-03-01T11:00:30.250000+00:00",
        "data": {"order": {"key": "K-1", "name": "Zoë"}},
    }
    assert (got.id, got.headers["webhook-timestamp"]) == ("evt_1", str(int(NOW.timestamp())))
    assert got.headers["content-type"] == "application/json"


def test_every_secret_signs_so_that_a_receiver_may_change_its_own_in_peace(receiver: Receiver, target: Target) -> None:
    post(replace(target, secrets=(OTHER, SECRET)))

    [got] = receiver.got
    assert got.signed_by(SECRET)
    assert got.signed_by(OTHER)
    assert not got.signed_by("whsec_" + "bmVpdGhlci1vZi10aGUtdHdvLXNlY3JldHMtaGVyZSE=")


def test_the_same_event_has_the_same_body_at_every_try(receiver: Receiver, target: Target) -> None:
    receiver.will(500)
    with Client(target) as client:
        client.post(MESSAGE, NOW)
        client.post(MESSAGE, NOW + timedelta(hours=2))

    first, second = receiver.got
    assert (first.body, first.id) == (second.body, second.id)
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


@pytest.mark.parametrize("status", [400, 401, 404, 422, 500, 502])
def test_any_other_answer_is_not_taken(receiver: Receiver, target: Target, status: int) -> None:
    receiver.will(status)

    assert post(target) == NotTaken(f"It answered HTTP {status}.", status)


def test_a_redirect_is_not_followed(receiver: Receiver, target: Target) -> None:
    receiver.will(307, Location=receiver.url)

    outcome = post(target)

    assert isinstance(outcome, NotTaken)
    assert "redirects" in outcome.error
    assert len(receiver.got) == 1


def test_gone_means_never_again(receiver: Receiver, target: Target) -> None:
    receiver.will(410)

    outcome = post(target)

    assert isinstance(outcome, NotTaken)
    assert outcome.gone


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("Sun, 01 Mar 2026 12:10:30 GMT", timedelta(minutes=9, seconds=59, milliseconds=750)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta(0)),
        ("soon", None),
    ],
)
def test_a_receiver_may_ask_to_be_left_alone(
    receiver: Receiver, target: Target, asked: str, wait: timedelta | None
) -> None:
    receiver.will(429, Retry_After=asked)

    outcome = post(target)

    assert isinstance(outcome, NotTaken)
    assert outcome.wait == wait


def test_a_connection_that_breaks_is_silence(receiver: Receiver, target: Target) -> None:
    receiver.will(HANG_UP)

    outcome = post(target)

    assert isinstance(outcome, NotTaken)
    assert outcome.silent


def test_a_receiver_that_is_not_there_is_silence() -> None:
    outcome = post(Target("http://127.0.0.1:9/hook", (SECRET,), timeout_seconds=5, allow_private=True))

    assert isinstance(outcome, NotTaken)
    assert outcome.silent
    assert outcome.error == "It cannot be reached, or broke the connection."


def test_private_addresses_are_refused_before_a_byte_is_sent(receiver: Receiver, target: Target) -> None:
    outcome = post(replace(target, allow_private=False))

    assert isinstance(outcome, NotTaken)
    assert "private address" in outcome.error
    assert receiver.got == []


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
def test_no_proxy_of_the_environment_sees_the_events(
    receiver: Receiver, target: Target, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")

    assert post(target) == Taken(204)
    assert len(receiver.got) == 1
