"""`sfsync entitlements`: what customers have of which product, on any day, and the orders behind each number."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from sfsync.cli.options import AsJson, Org, opened
from sfsync.cli.render import money, number, plain, show, show_json, table
from sfsync.errors import UsageError
from sfsync.store import lookups
from sfsync.store.entitlements import Scope, as_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sfsync.domain.entitlement import Entitlement, HeldLine


def command(
    *,
    account: Annotated[str | None, typer.Option("--account", metavar="NAME", help="Only this account's.")] = None,
    product: Annotated[str | None, typer.Option("--product", metavar="NAME", help="Only of this product.")] = None,
    contract: Annotated[
        str | None, typer.Option("--contract", metavar="NUMBER", help="Only under this contract.")
    ] = None,
    day: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="On this day; today by default.")] = None,
    orders: Annotated[
        bool, typer.Option("--orders", help="Show the orders and reductions behind each number.")
    ] = False,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Show what customers have: ordered, reduced and net, by account, product and contract, with the money.

    Only what Salesforce shows as activated counts, from its start to its end. Names, codes and Ids will do.
    """
    with opened(org) as app, app.db.read() as tx:
        asked = _day(day) if day is not None else app.clock().date()
        scope = Scope(
            account_id=lookups.account_of(tx, app.org_name, account)[0] if account else None,
            contract_id=lookups.contract_of(tx, app.org_name, contract) if contract else None,
            product_ids=tuple(lookups.products_of(tx, app.org_name, product)) if product else (),
        )
        found = as_of(tx, app.org_name, asked, scope)
    if as_json:
        show_json({"as_of": asked, "entitlements": found})
    elif not found:
        show(f"Nothing counts on {asked}.")
    else:
        columns = ("Account and product", "Contract", "Ordered", "Reduced", "Net", "Net money")
        show(f"On {asked}", table(*columns, rows=[_row(one, orders=orders) for one in found], right=columns[2:]))


def _row(one: Entitlement, *, orders: bool) -> tuple[RenderableType | None, ...]:
    who = Text(plain(one.account_name or one.account_id or "-"))
    who.append(f"\n{plain(one.product_name or one.product_id or '-')}", style="dim")
    for line in one.lines if orders else ():
        who.append(f"\n{plain(_behind(line))}", style="dim")
    quantities = (number(one.ordered), number(one.reduced), number(one.net))
    return (who, one.contract_number, *quantities, money(one.net_amount, one.currency))


def _behind(line: HeldLine) -> str:
    until = f" to {line.ends_on}" if line.ends_on else ""
    said = [f"{number(line.quantity)} by {line.order} from {line.starts_on}{until}"]
    said += [f"  -{number(one.quantity)} by {one.order} from {one.starts_on}" for one in line.reductions]
    return "\n".join(said)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"“{text}” is no date.", remedy="Write it as 2026-12-31.") from None
