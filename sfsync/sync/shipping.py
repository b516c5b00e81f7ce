"""What follows from shipments: events, the alarm of what was shipped too much, the percentage, a fulfilled order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.domain.events import Event, EventType
from sfsync.domain.fields import same
from sfsync.domain.shipping import Shipping, standing
from sfsync.domain.statuses import Status
from sfsync.store import shipping, wants
from sfsync.store.journal import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from sfsync.domain.fields import Value
    from sfsync.domain.shipping import LineProgress, Standing
    from sfsync.store.engine import Tx
    from sfsync.store.shipping import OrderToReview
    from sfsync.sync.work import Work

RULE = "rule"
"""Who wants what a setting decides, in the journal."""
_TOLD = {Shipping.PARTIAL: EventType.ORDER_PARTIALLY_SHIPPED, Shipping.SHIPPED: EventType.ORDER_SHIPPED}


def review(work: Work, tx: Tx, ids: Iterable[int], *, told: bool = True, whole: bool = True) -> None:
    """Look again at how far the shipping of orders has come by what the org confirmed, in the change's transaction.

    Args:
        work: The run.
        tx: The transaction of the change.
        ids: The orders that it concerns, by row; those without shipments are left alone.
        told: Whether others hear of it. What was there before sfsync looked is history, and told to nobody.
        whole: Whether new shipments have their lines; those that were just read get them next, and are told then.
    """
    announced = _created(work, tx) if whole else []
    states: dict[int, tuple[str, str | None]] = {}
    events: list[Event] = []
    for order in shipping.to_review(tx, work.org, ids):
        now = standing(order.lines)
        alarm = now.alarm
        if (order.state, order.over) != (now.state, alarm):
            states[order.id] = (now.state.value, alarm)
        if bool(alarm) != bool(order.over):
            work.write(tx, _alarm(order, alarm))
        if order.state != now.state and now.state in _TOLD and told:
            events.append(_event(order, now))
            if now.state is Shipping.SHIPPED and alarm is None:
                _fulfil(work, tx, order)
        _percent(work, tx, order, now)
    if states:
        shipping.put_states(tx, work.org, states, work.now())
    if announced or events:
        work.announce(tx, *announced, *events)


def _created(work: Work, tx: Tx) -> list[Event]:
    rows = shipping.unannounced(tx, work.org)
    if not rows:
        return []
    lines = shipping.lines_of(tx, [row.id for row in rows])
    shipping.mark_announced(tx, [row.id for row in rows])
    return [
        Event(
            EventType.SHIPMENT_CREATED,
            row.order_key or row.owner or row.key or row.sf_id,
            {
                "shipment": {
                    "key": row.key,
                    "sf_id": row.sf_id,
                    "number": row.number,
                    "reference": row.reference,
                    "status": row.org_status,
                    "carrier": row.org_carrier,
                    "tracking_number": row.org_tracking_number,
                    "tracking_url": row.org_tracking_url,
                    "shipped_on": row.org_shipped_on and row.org_shipped_on.isoformat(),
                    "delivered_on": row.org_delivered_on and row.org_delivered_on.isoformat(),
                    "lines": [
                        {
                            "key": line.key,
                            "sf_id": line.sf_id,
                            "order_item_key": line.item_key,
                            "order_item_id": line.item,
                            "product_id": line.product_id,
                            "quantity": _text(line.quantity),
                        }
                        for line in lines[row.id]
                    ],
                },
                "order": {"key": row.order_key, "sf_id": row.owner, "order_number": row.order_number},
            },
            row.opportunity_id,
            row.order_key,
            row.sf_id,
        )
        for row in rows
    ]


def _event(order: OrderToReview, now: Standing) -> Event:
    data = {
        "order": {
            "key": order.key,
            "sf_id": order.sf_id,
            "order_number": order.number,
            "opportunity_id": order.opportunity_id,
            "account_id": order.account_id,
            "status": order.org_status,
            "percent_shipped": None if now.percent is None else _text(now.percent),
            "lines": [_line(line) for line in order.lines],
        }
    }
    return Event(_TOLD[now.state], order.key or order.sf_id, data, order.opportunity_id, order.key, order.sf_id)


def _line(line: LineProgress) -> dict[str, Any]:
    return {
        "product": line.name,
        "ordered": _text(line.ordered),
        "reduced": _text(line.reduced),
        "shipped": _text(line.shipped),
    }


def _alarm(order: OrderToReview, alarm: str | None) -> Entry:
    if alarm:
        action, level = "order.over_shipped", "warning"
        message = f"More was shipped than is ordered and not reduced. {alarm}."
    else:
        action, level = "order.over_shipment_settled", "info"
        message = f"No more was shipped than is ordered any longer. It was: {order.over}."
    return Entry(
        action=action,
        message=message,
        level="warning" if level == "warning" else "info",
        opportunity_id=order.opportunity_id,
        order_key=order.key,
        sf_id=order.sf_id,
    )


def _fulfil(work: Work, tx: Tx, order: OrderToReview) -> None:
    activated = Status.ACTIVATED.value
    if work.app.settings.shipments.fulfil_when_shipped and order.status == order.org_status == activated:
        wants.want(tx, work.org, order.id, Status.FULFILLED, actor=RULE, now=work.now())


def _percent(work: Work, tx: Tx, order: OrderToReview, now: Standing) -> None:
    """Want the percentage in the Order's field where one is set up; an empty field stays so until something ships."""
    field = work.app.settings.shipments.percent_field
    if field is None:
        return
    known: Value = order.custom.get(field)
    value = None if now.percent is None else _number(now.percent)
    if not same(value, known) and (value or known is not None):
        wants.want_fields(tx, work.org, order.id, {field: value}, actor=RULE, now=work.now())


def _number(percent: Decimal) -> int | float:
    return int(percent) if percent == int(percent) else float(percent)


def _text(value: Decimal) -> str:
    return format(value, "f")
