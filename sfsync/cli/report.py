"""What a run did, what a cycle would do, and what needs a person: as tables, and as JSON."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.text import Text

from sfsync.cli.render import count, money, plain, span, table, title
from sfsync.domain.fields import STATUS, api_name, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from sfsync.domain.fields import Value
    from sfsync.store.overview import Attention, Outlook
    from sfsync.sync.running import Report

SHOWN = 20
_NAME_WIDTH = 34


def report_lines(report: Report, org: str) -> list[RenderableType]:
    """Say in a few lines what a run did."""
    did = [
        line for line in (_read(report), _planned(report), _created(report), _pushed(report), _trouble(report)) if line
    ]
    run = f"; run {report.run_id}" if report.run_id is not None else ""
    head = f"{report.command.capitalize()} of {org} done: {_seconds(report.seconds)}, {_calls(report)}{run}"
    return [Text(head, style="bold"), *(f"  {line}" for line in did or ["Nothing had to be done."])]


def attention_lines(attention: Sequence[Attention], *, limit: int | None = SHOWN) -> list[RenderableType]:
    """List what needs a person, one record after the other, with all problems of each."""
    if not attention:
        return []
    groups = [(record, list(found)) for record, found in groupby(attention, key=lambda one: (one.kind, one.record))]
    rows = [_attention_row(found) for _, found in groups[:limit]]
    kinds = [kind for (kind, _), _ in groups]
    shown = table("Record", "What is wrong, and what to do", rows=rows)
    shown.columns[0].max_width = _NAME_WIDTH
    parts: list[RenderableType] = [title(f"Needs attention: {_kinds(kinds)}"), shown]
    if len(groups) > len(rows):
        parts.append(f"and {len(groups) - len(rows):,} more: `sfsync status --all` lists them all.")
    parts.append("")
    if "deal" in kinds:
        parts.append("Fix the deals in Salesforce: the next sync looks at them again and orders them by itself.")
    if "discrepancy" in kinds:
        parts.append("`sfsync orders amend RECORD` brings a deal's orders to the deal, or says what that takes.")
    if "order" in kinds:
        parts.append("`sfsync orders retry RECORD` has an order tried again by the next sync.")
    if "shipment" in kinds:
        parts.append("`sfsync shipments retry RECORD` has a shipment tried again by the next sync.")
    parts.append("`sfsync why RECORD` explains any deal or order.")
    return parts


def outlook_lines(outlook: Outlook, *, limit: int | None = SHOWN) -> list[RenderableType]:
    """Say what the next cycle would create and send."""
    parts: list[RenderableType] = []
    if outlook.create:
        total = count(len(outlook.create), "order")
        lines = count(sum(len(plan.lines) for plan in outlook.create), "line")
        parts += [
            title(f"Would create {total} with {lines}"),
            table(
                "Order key", "Deal", "Starts on", "Lines", "Total",
                rows=[
                    (p.key, p.name, str(p.effective_date), f"{len(p.lines):,}", money(p.total, p.currency))
                    for p in outlook.create[:limit]
                ],
                right=("Lines", "Total"),
            ),
            *_more(len(outlook.create), limit),
        ]  # fmt: skip
    if outlook.amend:
        parts.append(title(f"Would bring {count(outlook.amend, 'draft order')} to their changed deals"))
    if outlook.push:
        parts += [
            title(f"Would send changes of {count(len(outlook.push), 'order')}"),
            table(
                "Order", "In the org", "Wanted",
                rows=[
                    (w.order_number or w.key or w.sf_id, _values(w.seen), _values(w.fields))
                    for w in outlook.push[:limit]
                ],
            ),
            *_more(len(outlook.push), limit),
        ]  # fmt: skip
    if outlook.shipments:
        parts.append(title(f"Would send {count(outlook.shipments, 'shipment')}"))
    return parts or ["  A cycle would create and send nothing."]


def report_json(report: Report) -> dict[str, Any]:
    """Return a report as programs get it; `exit_code` is the command's."""
    return {
        "run": report.run_id,
        "command": report.command,
        "exit_code": report.exit_code,
        "seconds": round(report.seconds, 3),
        "counts": dict(report.counts),
        "calls": dict(report.calls),
        "attention": list(report.attention),
    }


def _values(values: Mapping[str, Value]) -> str:
    """A status speaks for itself; other fields are named."""
    return "\n".join(
        shown(value) if name == STATUS else f"{api_name(name)}: {shown(value)}" for name, value in values.items()
    )


def _more(found: int, limit: int | None) -> list[RenderableType]:
    return [f"and {found - limit:,} more: --json lists them all."] if limit is not None and found > limit else []


def _attention_row(found: Sequence[Attention]) -> tuple[RenderableType, RenderableType]:
    first = found[0]
    name = Text(plain(first.name or first.record), overflow="fold")
    if first.name:
        name.append(f"\n{plain(first.record)}", style="dim")
    what = Text("\n".join(plain(_with_retry(one)) for one in found))
    return name, what


def _with_retry(one: Attention) -> str:
    return f"{one.message} (Tried again at {one.retry_at:%Y-%m-%d %H:%M} UTC.)" if one.retry_at else one.message


_KINDS = {
    "deal": ("rejected deal", "rejected deals"),
    "order": ("order", "orders"),
    "doubt": ("write in doubt", "writes in doubt"),
    "conflict": ("conflict", "conflicts"),
    "discrepancy": ("deal that differs from its orders", "deals that differ from their orders"),
    "shipment": ("shipment", "shipments"),
    "over": ("over-shipped order", "over-shipped orders"),
}


def _kinds(kinds: Sequence[str]) -> str:
    found = {kind: kinds.count(kind) for kind in _KINDS}
    return ", ".join(f"{many:,} {_KINDS[kind][many > 1]}" for kind, many in found.items() if many)


def _read(report: Report) -> str:
    read = report.counts.get("rows_read", 0)
    return f"Read {count(read, 'record')} from the org." if read else ""


def _planned(report: Report) -> str:
    planned, rejected = report.counts.get("orders_planned", 0), report.counts.get("deals_rejected", 0)
    parts = [f"planned {count(planned, 'order')}"] if planned else []
    parts += [f"rejected {count(rejected, 'deal')}"] if rejected else []
    return (", ".join(parts) + ".").capitalize() if parts else ""


def _created(report: Report) -> str:
    counts = report.counts
    parts = []
    if created := counts.get("orders_created", 0):
        parts.append(f"created {count(created, 'order')} with {count(counts.get('lines_created', 0), 'line')}")
    elif lines := counts.get("lines_created", 0):
        parts.append(f"added {count(lines, 'missing line')}")
    if shipped := counts.get("shipments_created", 0):
        lines = counts.get("shipment_lines_created", 0)
        parts.append(f"created {count(shipped, 'shipment')} with {count(lines, 'line')}")
    elif lines := counts.get("shipment_lines_created", 0):
        parts.append(f"added {count(lines, 'line')} to shipments")
    if adopted := counts.get("orders_adopted", 0):
        parts.append(f"adopted {count(adopted, 'order')} that others had made")
    return (", ".join(parts) + ".").capitalize() if parts else ""


def _pushed(report: Report) -> str:
    statuses, fields = report.counts.get("statuses_pushed", 0), report.counts.get("fields_pushed", 0)
    parts = [f"pushed the status of {count(statuses, 'order')}"] if statuses else []
    parts += [f"pushed other fields of {count(fields, 'order')}"] if fields else []
    amended = report.counts.get("orders_amended", 0)
    parts += [f"brought {count(amended, 'draft order')} up to date"] if amended else []
    if shipments := report.counts.get("shipments_pushed", 0):
        parts.append(f"pushed changes of {count(shipments, 'shipment')}")
    return (", ".join(parts) + ".").capitalize() if parts else ""


def _trouble(report: Report) -> str:
    counts = report.counts
    settled = counts.get("orders_settled", 0) + counts.get("updates_settled", 0)
    parts = []
    if lost := counts.get("answers_lost", 0):
        parts.append(f"{count(lost, 'answer')} of the org got lost")
    if settled:
        parts.append(f"{count(settled, 'write')} in doubt settled by reading")
    if refused := counts.get("orders_refused", 0) + counts.get("lines_refused", 0) + counts.get("shipments_refused", 0):
        parts.append(f"the org refused {refused:,}")
    if held := counts.get("pushes_held", 0):
        parts.append(
            "1 change was not sent, or refused" if held == 1 else f"{held:,} changes were not sent, or refused"
        )
    return (", ".join(parts) + ".").capitalize() if parts else ""


def _calls(report: Report) -> str:
    kinds = ", ".join(f"{kind.replace('_', ' ')} {many:,}" for kind, many in sorted(report.calls.items()))
    total = count(sum(report.calls.values()), "call")
    return f"{total} to the org" + (f" ({kinds})" if kinds else "")


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else span(timedelta(seconds=seconds))  # noqa: PLR2004
