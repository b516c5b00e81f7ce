"""The catalogue of faults: complete, readable, and strict about what may be said of each."""

from __future__ import annotations

import json

import pytest

from sfsync.emulator.faults import CATALOGUE, NAMES, FaultError, Faults
from sfsync.emulator.faults.catalogue import as_data, catalogue_text
from tests.emulator.api import Api, make_api

ASKED_FOR = [
    "timeout after commit",
    "connection reset before commit",
    "connection reset after commit",
    "500",
    "502",
    "503",
    '420 HTML "setting things up"',
    "406 without a body",
    "truncated JSON",
    "REQUEST_LIMIT_EXCEEDED",
    "QUERY_TIMEOUT",
    "UNABLE_TO_LOCK_ROW",
    "INVALID_SESSION_ID mid-page",
    "query locator expiry",
    "late-committed rows with older SystemModstamp",
    "equal timestamps across a page edge",
    "record changes between pages or column chunks",
    "204 instead of 201 on upsert",
    "partial success in a collection call",
    "bulk job stuck InProgress",
    "deletes past 15 days",
    "early purge of the delete log",
    "undelete",
    "merged records",
    "stream gap",
    "stream overflow",
    "expired replay id",
    "field removed",
    "type changed",
    "picklist value renamed",
    "permission withdrawn",
    "user frozen",
    "IP blocked",
    "clock skew",
    "disk full",
    "SQLITE_BUSY",
    "kill -9 between any two steps",
    "two workers with the same lease",
]
"""What the simulator is to do to a client, item by item [facts: peers 5.4]."""
ELSEWHERE = {
    "stream gap",
    "stream overflow",
    "expired replay id",
    "disk full",
    "SQLITE_BUSY",
    "kill -9 between any two steps",
    "two workers with the same lease",
}


@pytest.fixture(scope="module")
def api() -> Api:
    return make_api()


def test_every_fault_asked_for_has_a_row() -> None:
    listed = {item for entry in CATALOGUE for item in entry.lists}

    assert listed == set(ASKED_FOR)


def test_only_what_happens_elsewhere_cannot_be_made_here() -> None:
    made = {item for entry in CATALOGUE if entry.here for item in entry.lists}

    assert set(ASKED_FOR) - made == ELSEWHERE
    assert {entry.group for entry in CATALOGUE if not entry.here} == {"not here"}


def test_names_are_unique_and_every_row_says_what_it_does_and_why_it_is_known() -> None:
    names = [entry.name for entry in CATALOGUE]

    assert len(set(names)) == len(names)
    for entry in CATALOGUE:
        assert entry.what.endswith(".")
        assert entry.source.split()[0] in {"api", "orders", "peers"}


def test_what_the_emulator_cannot_make_is_refused_with_the_reason() -> None:
    with pytest.raises(FaultError, match="it happens on the client's machine"):
        Faults().add("disk_full")
    with pytest.raises(FaultError, match="no streaming resource"):
        Faults().add("stream_gap")


def test_the_catalogue_is_json_and_text() -> None:
    rows = {row["name"]: row for row in json.loads(json.dumps(as_data()))}
    text = catalogue_text()

    assert set(rows) == {entry.name for entry in CATALOGUE}
    assert rows["record_changes"]["strikes"] == "at once, or before or after calls of kind query_more"
    options = {one["name"]: one for one in rows["clock_skew"]["options"]}
    assert options["seconds"]["required"]
    assert options["of"]["choices"] == ["date", "clock"]
    assert options["moment"]["default"] == "before"
    assert "graph" in options["kind"]["choices"]
    assert rows["disk_full"]["options"] == []
    for entry in CATALOGUE:
        assert f"\n  {entry.name}\n" in text


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("nope", "unknown fault 'nope'; there are lost_answer, "),
        ("lock_rwo", "unknown fault 'lock_rwo'; did you mean lock_row?"),
        ("reset:nth=x", "fault reset: nth must be a whole number from 1, not 'x'"),
        ("reset:nth=0", "fault reset: nth must be a whole number from 1, not '0'"),
        ("reset:nth=1.5", "fault reset: nth must be a whole number from 1, not '1.5'"),
        ("reset:times=-1", "fault reset: times must be a whole number from 0, not '-1'"),
        ("reset:rate=2", "fault reset: rate must be a number from 0 to 1, not '2'"),
        ("reset:rate=nan", "fault reset: rate must be a number from 0 to 1, not 'nan'"),
        ("reset:colour=red", "fault reset: there is no option 'colour'; it takes kind, method, nth, path, rate, times"),
        ("reset:ms=5", "fault reset: there is no option 'ms'"),
        ("reset:nth", "fault reset: cannot read 'nth'; options are written name=value"),
        ("reset:path=(", "fault reset: path is no regular expression"),
        ("reset:kind=grpah", "fault reset: kind must be one of "),
        ("reset:method=POTS", "fault reset: method must be one of GET, HEAD, POST, PATCH, PUT, DELETE, not 'POTS'"),
        ("http_500:done=perhaps", "fault http_500: done must be true or false, not 'perhaps'"),
        ("request_limit:limit=none", "fault request_limit: limit must be one of total, concurrent, long, not 'none'"),
        ("refuse", "fault refuse: needs code, the errorCode"),
        ("refuse:code=X,status=200", "fault refuse: status must be a whole number from 400 to 599, not '200'"),
        ("clock_skew", "fault clock_skew: needs seconds"),
        ("same_stamp:object=Acount", "fault same_stamp: there is no sObject 'Acount'; did you mean Account?"),
        (
            "field_hidden:object=Order,field=Staus",
            "fault field_hidden: Order has no field 'Staus'; did you mean Status?",
        ),
        ("field_hidden:object=Order", "fault field_hidden: needs field, its field"),
    ],
)
def test_wrong_options_are_named(api: Api, spec: str, words: str) -> None:
    with pytest.raises(FaultError) as caught:
        api.org.faults.add_spec(f"reset;{spec}")

    assert str(caught.value).startswith(words)
    assert len(api.org.faults) == 0


def test_options_given_by_python_are_checked_as_well(api: Api) -> None:
    for wrong in ({"nth": True}, {"path": 5}, {"rate": "often"}, {"times": [1]}):
        with pytest.raises(FaultError, match="fault reset: "):
            api.org.faults.add("reset", **wrong)


def test_only_what_acts_in_the_org_can_happen_at_once(api: Api) -> None:
    with pytest.raises(FaultError, match="reset: strikes calls; it cannot happen by itself"):
        api.org.faults.now("reset")
    with pytest.raises(FaultError, match="cannot happen by itself"):
        Faults().now("recycle_bin_emptied")


def test_names_are_written_in_any_case_and_kept_as_they_are(api: Api) -> None:
    fault = api.org.faults.add("field_hidden", object="ORDER", field="status", path="never")

    assert (fault.options["object"], fault.options["field"]) == ("Order", "Status")
    assert api.org.faults.remove(fault.number)
    assert not api.org.faults.remove(fault.number)


def test_a_fault_with_a_kind_of_its_own_goes_where_it_is_sent(api: Api) -> None:
    faults = Faults(0, api.org)
    faults.add("query_timeout", path="composite")

    assert faults.choose("GET", "/query", "query") is None
    assert faults.choose("POST", "/composite", "composite") is not None


def test_no_fault_leaves_a_mark_on_calls_it_does_not_strike(api: Api) -> None:
    needed = {
        "object": "Account",
        "field": "Phone",
        "type": "string",
        "code": "X",
        "seconds": 1,
        "ms": 1,
        "permission": "activate_orders",
        "right": "edit",
        "old": "Hot",
        "new": "Cold",
        "message": "No",
    }
    plain = api.call("GET", f"sobjects/Account/{api.account}")
    for name in NAMES:
        options = {one.name for entry in CATALOGUE if entry.name == name for one in entry.options if one.required}
        api.org.faults.add(name, path="nowhere", **{option: needed[option] for option in options})

    again = api.call("GET", f"sobjects/Account/{api.account}")
    unstruck = [fault.struck for fault in api.org.faults]
    api.org.faults.clear()

    assert (again.status, again.body, again.delay, again.wire_fault) == (200, plain.body, 0.0, None)
    assert unstruck == [0] * len(NAMES)
    assert api.org.calls[-1].fault is None
