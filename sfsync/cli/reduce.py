"""`sfsync orders reduce` and `withdraw`: take back of what was ordered, by reduction orders."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.options import AsJson, Org, Record, actor, opened
from sfsync.cli.render import bullets, count, money, number, show, show_json, table, title
from sfsync.domain.holdings import Demand, SpreadPolicy
from sfsync.errors import ReductionRefused, UsageError
from sfsync.store import reductions
from sfsync.store.find import find_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from sfsync.domain.holdings import Cut
    from sfsync.sync.reduce import Preview

Quantities = list[str] | None


def reduce(
    record: Annotated[
        str | None,
        typer.Argument(metavar="[RECORD]", help="The order, by any of its names.", show_default=False),
    ] = None,
    *,
    line: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="LINE", help="A line's number, or a product; repeatable.", show_default=False),
    ] = None,
    by: Annotated[Quantities, typer.Option("--by", metavar="N", help="How much goes.", show_default=False)] = None,
    to: Annotated[Quantities, typer.Option("--to", metavar="N", help="How much stays.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is left of the order goes.")] = False,
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="Of all orders of this account, with --product.")
    ] = None,
    product: Annotated[
        str | None, typer.Option("--product", metavar="NAME", help="The product, with --account.")
    ] = None,
    policy: Annotated[SpreadPolicy, typer.Option("--policy", help="Which orders give first.")] = SpreadPolicy.NEWEST,
    effective: Annotated[
        str | None, typer.Option("--effective", metavar="DATE", help="From which day on; today by default.")
    ] = None,
    activate: Annotated[bool, typer.Option("--activate", help="Activate the reductions, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, and do nothing.")] = False,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Take back part of an order, or all of it, by a reduction order; the order itself stays as it is.

    The plan is shown first. What is planned is reserved at once; the next sync creates the reduction orders in
    Salesforce, as drafts to be looked at, or activated with --activate.

    With --json the plan is carried out only with --yes.
    """
    from sfsync.sync.reduce import Request, preview  # noqa: PLC0415 - looking at orders needs none of it
    from sfsync.sync.reduce import reduce as carry_out  # noqa: PLC0415 - as above

    demands = _demands(record, line or [], by or [], to or [], account, product, everything=everything)
    asked = Request(demands, record, account, _day(effective), policy, activate)
    with opened(org) as app:
        try:
            plan = preview(app, asked)
            if not as_json:
                show(*plan_parts(plan, activate=activate))
            written = not dry_run and _confirmed(yes=yes, as_json=as_json)
            if written:
                plan = carry_out(app, asked, actor=actor(), expected=plan)
        except ReductionRefused as refused:
            if not as_json:
                raise
            problems = [{"code": code, "message": words} for code, words in refused.problems]
            show_json({"error": {"code": "reduction_refused", "message": refused.message, "problems": problems}})
            raise typer.Exit(refused.exit_code) from None
    if as_json:
        show_json(_document(plan, written=written, activate=activate))
    elif written:
        show("\nPlanned and reserved. `sfsync sync` or the daemon creates the reduction orders in Salesforce;")
        show("until then, `sfsync orders withdraw KEY` takes one back.")


def withdraw(record: Record, *, org: Org = None, as_json: AsJson = False) -> None:
    """Take back a planned reduction that was not sent yet; what it reserved is free again."""
    with opened(org) as app, app.db.begin() as tx:
        order = find_order(tx, app.org_name, record)
        reductions.withdraw(tx, app.org_name, order, actor=actor(), now=app.clock())
    if as_json:
        show_json({"key": order.key, "withdrawn": True})
    else:
        show(f"The reduction {order.key} is taken back; what it reserved is free again.")


def plan_parts(plan: Preview, *, activate: bool) -> list[RenderableType]:
    """Return a plan of reductions as a table, with what is worth knowing of it."""
    rows = [_row(cut) for cut in plan.cuts]
    columns = ("Order", "Line", "Has", "By", "Left", "Price", "Money")
    orders, then = count(len(plan.plans), "reduction order"), "to be activated" if activate else "to stay a draft"
    head = f"{orders}, effective {plan.effective}, {then}" + ("" if len(plan.plans) == 1 or activate else "s")
    known: list[RenderableType] = [title("Mind"), bullets(*plan.notes)] if plan.notes else []
    return [title(head), table(*columns, rows=rows, right=columns[2:]), *known]


def _row(cut: Cut) -> tuple[str | None, ...]:
    line, currency = cut.line, cut.original.currency
    of = f"{line.place} {line.name}"
    quantities = (number(line.left), number(cut.by), number(cut.left))
    return (cut.original.handle, of, *quantities, money(line.unit_price), money(cut.amount, currency))


def _document(plan: Preview, *, written: bool, activate: bool) -> dict[str, Any]:
    return {
        "written": written,
        "effective_date": plan.effective,
        "activate": activate,
        "cuts": [
            {
                "order": cut.original.handle,
                "order_id": cut.original.sf_id,
                "line_id": cut.line.sf_id,
                "product_id": cut.line.product_id,
                "product": cut.line.name,
                "has": cut.line.left,
                "by": cut.by,
                "left": cut.left,
                "unit_price": cut.line.unit_price,
                "amount": cut.amount,
            }
            for cut in plan.cuts
        ],
        "reductions": [
            {"key": one.key, "original_order_id": one.original_order_id, "lines": len(one.lines), "total": one.total}
            for one in plan.plans
        ],
        "notes": list(plan.notes),
    }


def _confirmed(*, yes: bool, as_json: bool) -> bool:
    if yes or as_json:
        return yes
    if not sys.stdin.isatty():
        raise UsageError("Nobody is there to confirm the plan: nothing was done.", remedy="Give --yes to carry it out.")
    return typer.confirm("\nReserve this, and have the next sync create it?")


def _demands(
    record: str | None,
    lines: Sequence[str],
    by: Sequence[str],
    to: Sequence[str],
    account: str | None,
    product: str | None,
    *,
    everything: bool,
) -> tuple[Demand, ...]:
    """Read what is to go of what.

    Raises:
        UsageError: if the options do not go together, or a quantity is no number.
    """
    if (record is None) == (account is None and product is None) or (account is None) != (product is None):
        raise UsageError("Name an order, or an account and a product.", remedy="sfsync orders reduce --help")
    if everything:
        if by or to or lines:
            raise UsageError("--all takes everything: it goes with no --line, --by or --to.")
        return (Demand(product),)
    if bool(by) == bool(to):
        raise UsageError(
            "Say how much: --by for what goes, or --to for what stays, in one call the same for all lines."
        )
    given = [_quantity(text) for text in by or to]
    named = [product] if product is not None else list(lines)
    if not named or len(given) not in (1, len(named)):
        raise UsageError(
            f"There are {len(named)} lines and {len(given)} quantities, which do not match.",
            remedy="Give one quantity for each --line, in the same order, or one for all.",
        )
    amounts = given * len(named) if len(given) == 1 else given
    return tuple(Demand(name, by=one) if by else Demand(name, to=one) for name, one in zip(named, amounts, strict=True))


def _quantity(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise UsageError(f"“{text}” is no quantity.", remedy="Write it as 25 or 7.5.") from None


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"“{text}” is no date.", remedy="Write it as 2026-12-31.") from None
