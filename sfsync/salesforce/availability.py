"""How much of order items can still be reduced, by the org's own reckoning at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.salesforce import failures, soql, wire
from sfsync.salesforce.composite import QUERIES, Sub
from sfsync.salesforce.push import read_states, state_fields, states_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.composite import SubAnswer
    from sfsync.salesforce.order_fields import Readers
    from sfsync.salesforce.push import OrderState
    from sfsync.salesforce.schema import FieldNames

IDS_AT_ONCE = 200
"""So many ids keep a query's address short (URLs are limited to 16,384 bytes)."""


def read_with_available(
    client: OrgClient, ids: Sequence[str], lines: Sequence[str], names: FieldNames, readers: Readers
) -> tuple[dict[str, OrderState | None], dict[str, Decimal]]:
    """Read orders as `read_states` and AvailableQuantity of order items; both in ONE call where they fit.

    Raises:
        OrgUnavailable, OrgRefused: the org cannot be read.
        ValueError: one is no id.
    """
    queries = list(_queries(lines))
    if len(ids) > IDS_AT_ONCE or 1 + len(queries) > QUERIES:
        return read_states(client, ids, names, readers), read_available(client, lines)
    for sf_id in ids:
        soql.quoted_id(sf_id)
    fields = ",".join(state_fields(names, readers))
    orders, *items = client.read_many(
        [Sub("composite/sobjects/Order", {"ids": ",".join(ids), "fields": fields}), *queries]
    )
    return states_of(ids, _body(orders), names, readers), _available(items)


def read_available(client: OrgClient, lines: Sequence[str]) -> dict[str, Decimal]:
    """Read AvailableQuantity of order items by Id, 1,000 a call; those that are gone are left out.

    Raises:
        OrgUnavailable, OrgRefused: the org cannot be read.
        ValueError: one is no id.
    """
    queries = list(_queries(lines))
    answers: list[SubAnswer] = []
    for start in range(0, len(queries), QUERIES):
        answers += client.read_many(queries[start : start + QUERIES])
    return _available(answers)


def _queries(lines: Sequence[str]) -> Iterator[Sub]:
    for start in range(0, len(lines), IDS_AT_ONCE):
        where = soql.ids_in(lines[start : start + IDS_AT_ONCE])
        yield Sub("query", {"q": f"SELECT Id, AvailableQuantity FROM OrderItem WHERE {where}"})


def _available(answers: Sequence[SubAnswer]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for answer in answers:
        try:
            for row in _body(answer)["records"]:
                left = wire.decimal(row["AvailableQuantity"], "OrderItem.AvailableQuantity")
                if left is not None:
                    found[row["Id"]] = left
        except (KeyError, TypeError, ValueError) as exc:
            raise failures.unreadable(write=False) from exc
    return found


def _body(answer: SubAnswer) -> Any:
    failure = answer.failure
    if failure is not None:
        raise failure
    return answer.body
