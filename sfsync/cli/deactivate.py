"""`sfsync orders deactivate`: the one way back to Draft, confirmed by whoever asks for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync.cli.options import AsJson, Org, Record, actor, opened
from sfsync.cli.render import show, show_json
from sfsync.errors import UsageError
from sfsync.store import wants
from sfsync.store.find import find_order

if TYPE_CHECKING:
    from sfsync.domain.facts import OrderFacts


def deactivate(
    record: Record,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the journal.")] = None,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Have an activated order go back to Draft by the next sync, so that it can be corrected; once, and told to others.

    Not of an order that is fulfilled, cancelled or reduced. If somebody changes its status in Salesforce before
    the request gets there, theirs stays.
    """
    with opened(org) as app:
        with app.db.read() as tx:
            order = find_order(tx, app.org_name, record)
        if not yes:
            _confirm(order)
        with app.db.begin() as tx:
            changed = wants.deactivate(tx, app.org_name, order.id, actor=actor(), reason=reason, now=app.clock())
    if as_json:
        show_json({"record": order.handle, "key": order.key, "sf_id": order.sf_id, "status": "Draft",
                   "org_status": order.org_status, "changed": changed})  # fmt: skip
        return
    already = "" if changed else " already"
    show(
        f"Order {order.handle} is to be deactivated{already}; in the org it is {order.org_status}.",
        f"`sfsync sync` or the daemon sends it; until then, `sfsync orders set-status {order.handle} Activated` "
        "takes it back.",
    )


def _confirm(order: OrderFacts) -> None:
    """Have the order's number typed.

    Raises:
        UsageError: if nobody is there to type, or something else is typed.
    """
    if not sys.stdin.isatty():
        raise UsageError("Deactivating an order has to be confirmed.", remedy="Give --yes.")
    typed = typer.prompt(f"What was started for order {order.handle} will wait. Type {order.handle} to deactivate it")
    if typed.strip() != order.handle:
        raise UsageError(f"“{typed}” is not {order.handle}: nothing was done.")
