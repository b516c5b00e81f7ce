"""Every line is an event with an action and ids, in the chosen form, and shows no secret."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any, Literal

import pytest
import structlog

from sfsync.log import REDACTED, configure, get_logger

if TYPE_CHECKING:
    from collections.abc import Generator

Form = Literal["text", "json"]
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhcHAifQ.c2lnbmF0dXJl"
SESSION = "00D000000000062!AQ0AQJfZ8pzX.9_token"


@pytest.fixture(autouse=True)
def restored() -> Generator[None]:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    structlog.reset_defaults()


def lines(event: dict[str, Any] | None = None, *, level: str = "info", form: Form = "json") -> io.StringIO:
    out = io.StringIO()
    configure(level=level, form=form, stream=out)
    if event:
        get_logger("sfsync.sync.generate").info(**{"event": "Order created.", "action": "x"} | event)
    return out


def fail(message: str) -> None:
    raise RuntimeError(message)


def only(out: io.StringIO) -> dict[str, Any]:
    (line,) = out.getvalue().splitlines()
    return dict(json.loads(line))


def test_a_line_of_json_is_an_event_with_action_and_ids() -> None:
    event = only(lines({"action": "order.created", "order_key": "006-1"}))

    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "Order created.",
        "action": "order.created",
        "order_key": "006-1",
        "level": "info",
        "logger": "sfsync.sync.generate",
    }


def test_a_line_of_text_holds_the_same() -> None:
    text = lines({"action": "order.created", "order_key": "006-1"}, form="text").getvalue()

    assert "Order created." in text
    assert "action=order.created" in text
    assert "order_key=006-1" in text
    assert "\x1b" not in text


def test_events_below_the_level_are_not_written() -> None:
    out = lines({"action": "order.created"}, level="warning")
    get_logger("sfsync.cli").warning("Late.", action="run.late")

    assert only(out)["action"] == "run.late"


def test_libraries_are_heard_from_warnings_on_in_the_same_form() -> None:
    out = lines(level="debug")
    logging.getLogger("urllib3").info("connected")
    logging.getLogger("apscheduler").warning("missed %s", "by far")

    event = only(out)
    assert (event["event"], event["action"], event["level"]) == ("missed by far", "apscheduler", "warning")


def test_configuring_again_replaces_the_first_time() -> None:
    first = lines()
    second = lines({"action": "order.created"})

    assert first.getvalue() == ""
    assert only(second)["action"] == "order.created"


@pytest.mark.parametrize(
    "name",
    [
        "access_token",
        "client_secret",
        "Authorization",
        "assertion",
        "db_password",
        "private_key",
        "sessionId",
        "Cookie",
    ],
)
def test_values_with_the_name_of_a_secret_are_blotted_out(name: str) -> None:
    assert only(lines({name: "hunter2"}))[name] == REDACTED
    assert only(lines({"headers": {name: "hunter2"}}))["headers"] == {name: REDACTED}
    assert only(lines({name: ["hunter2"]}))[name] == REDACTED


def test_counting_tokens_is_no_secret() -> None:
    assert only(lines({"calls": {"token": 1, "query": 2}}))["calls"] == {"token": 1, "query": 2}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"sid {SESSION} end", f"sid {REDACTED} end"),
        (f"jwt {JWT} end", f"jwt {REDACTED} end"),
        ("Authorization: Bearer hunter2 end", f"Authorization: Bearer {REDACTED} end"),
        ("at postgresql+psycopg://me:hunter2@host/db", f"at postgresql+psycopg://me:{REDACTED}@host/db"),
        ("body client_secret=hunter2&grant_type=x", f"body client_secret={REDACTED}&grant_type=x"),
        ('{"access_token": "hunter2", "id": 1}', f'{{"access_token": "{REDACTED}", "id": 1}}'),
        ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY----- end", f"{REDACTED} end"),
        ("-----BEGIN PRIVATE KEY-----\nhunter2", REDACTED),
        ("Order 801000000000001AAA at https://acme.my.salesforce.com/x", None),
    ],
)
def test_texts_that_look_like_a_secret_are_blotted_out(text: str, shown: str | None) -> None:
    assert only(lines({"event": text}))["event"] == (shown or text)
    assert only(lines({"details": [text, (text,)]}))["details"] == [shown or text, [shown or text]]


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("logger", ["sfsync.sync", "requests"])
def test_tracebacks_are_written_plainly_and_without_secrets(form: Form, logger: str) -> None:
    out = lines(form=form)
    try:
        fail(f"sent Bearer {SESSION}")
    except RuntimeError:
        (get_logger(logger) if logger.startswith("sfsync") else logging.getLogger(logger)).exception("It broke.")

    text = out.getvalue()
    assert "RuntimeError: sent Bearer" in text
    assert REDACTED in text
    assert SESSION not in text


def test_ids_bound_to_the_run_are_on_every_line() -> None:
    with structlog.contextvars.bound_contextvars(run_id=7, org="eu"):
        out = lines({"action": "order.created"})

    assert (only(out)["run_id"], only(out)["org"]) == (7, "eu")


def test_values_that_json_does_not_know_are_written_as_text() -> None:
    assert only(lines({"day": pytest.approx}))["day"].startswith("<function approx")
