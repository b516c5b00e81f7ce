"""Updates that the org refuses when the record was changed since it was read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.errors import OrgRefused, OrgUnavailable
from sfsync.salesforce.outcomes import InDoubt, Locked, Refused, Stale, Updated
from sfsync.salesforce.strict import update_unchanged
from tests.salesforce.conftest import DATA
from tests.world import START

if TYPE_CHECKING:
    import responses

    from sfsync.salesforce.client import OrgClient
    from tests.world import World

ID = "801000000000001AAA"
OTHER = "801000000000002AAA"


def test_only_what_was_not_changed_since_is_updated(world: World, org_client: OrgClient) -> None:
    same, changed = world.order(), world.order()
    world.org.advance(60)
    world.org.update("Order", changed, {"Name": "another"})

    outcomes = update_unchanged(org_client, [(one, {"PoNumber": "x"}, START) for one in (same, changed)])

    assert outcomes == [Updated(same), Stale(changed)]
    assert (world.org.get("Order", same)["PoNumber"], world.org.get("Order", changed)["PoNumber"]) == ("x", None)
    assert org_client.calls["composite"] == 1


def test_what_the_org_refuses_is_told_for_each(world: World, org_client: OrgClient) -> None:
    order = world.order()

    [outcome] = update_unchanged(org_client, [(order, {"PoNumber": "x" * 81}, START + timedelta(hours=1))])

    assert isinstance(outcome, Refused)
    assert outcome.code == "STRING_TOO_LONG"


@pytest.mark.parametrize(
    ("element", "outcome"),
    [
        ({"httpStatusCode": 204, "body": None, "referenceId": "r0"}, Updated(ID)),
        ({"httpStatusCode": 412, "body": [{"errorCode": "X", "message": ""}], "referenceId": "r0"}, Stale(ID)),
        (
            {"httpStatusCode": 400, "body": [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "l"}], "referenceId": "r0"},
            Locked(ID, "UNABLE_TO_LOCK_ROW", "l"),
        ),
        (
            {
                "httpStatusCode": 403,
                "body": [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "l"}],
                "referenceId": "r0",
            },
            Locked(ID, "REQUEST_LIMIT_EXCEEDED", "l"),
        ),
        ({"httpStatusCode": 500, "body": [{"errorCode": "X", "message": ""}], "referenceId": "r0"}, InDoubt(ID)),
        ({"httpStatusCode": 400, "body": "?", "referenceId": "r0"}, InDoubt(ID)),
        ({"referenceId": "r0"}, InDoubt(ID)),
        ("?", InDoubt(ID)),
    ],
)
def test_each_element_of_the_answer_is_read(
    client: OrgClient, http: responses.RequestsMock, element: Any, outcome: object
) -> None:
    http.post(f"{DATA}/composite", json={"compositeResponse": [element]})

    assert update_unchanged(client, [(ID, {"PoNumber": "x"}, START)]) == [outcome]


@pytest.mark.parametrize("answer", [[], {}, {"compositeResponse": None}])
def test_an_answer_that_cannot_be_read_leaves_them_in_doubt(
    client: OrgClient, http: responses.RequestsMock, answer: Any
) -> None:
    http.post(f"{DATA}/composite", json=answer)

    with pytest.raises(OrgUnavailable) as raised:
        update_unchanged(client, [(ID, {}, START)])

    assert raised.value.in_doubt


def test_a_call_that_is_refused_as_a_whole_is_an_error(client: OrgClient, http: responses.RequestsMock) -> None:
    body = [{"errorCode": "LIMIT_EXCEEDED", "message": "no more than 25"}]
    http.post(
        f"{DATA}/composite", json={"compositeResponse": [{"httpStatusCode": 400, "body": body, "referenceId": None}]}
    )

    with pytest.raises(OrgRefused):
        update_unchanged(client, [(ID, {}, START)])


def test_no_more_than_fit_and_only_ids_are_sent(client: OrgClient) -> None:
    with pytest.raises(ValueError, match="26 updates"):
        update_unchanged(client, [(ID, {}, START)] * 26)
    with pytest.raises(ValueError, match="no Salesforce record id"):
        update_unchanged(client, [(OTHER, {}, START), ("k-1", {}, START)])
