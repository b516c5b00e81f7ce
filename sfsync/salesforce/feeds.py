"""The feeds of changes that sfsync reads: one object each, what is asked of it and what a row becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.salesforce import deals as deal_rows
from sfsync.salesforce import order_fields, shipment_fields
from sfsync.salesforce import orders as order_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sfsync.salesforce.schema import OrgSchema
    from sfsync.salesforce.shipment_fields import ShipmentNames

    Row = Mapping[str, Any]
    Parse = Callable[[Row, Sequence[Row] | None], Any]


@dataclass(frozen=True, slots=True)
class Child:
    """The list of children that comes with each row of a feed."""

    relationship: str
    sobject: str
    parent_field: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """One object's changes, in the order (SystemModstamp, Id).

    Attributes:
        name: Stable name.
        sobject: The object.
        fields: The SELECT list; always has Id and SystemModstamp.
        parse: Makes a domain value of a row and the rows of its children (None without `child`).
        where: A SOQL condition on what is read; "" for all. Reading by id, and comparing ids, ignore it.
        child: The children read along.
        skip_writer: A user id; rows that this user changed last are never read.
        from_now: What is there already is read in another way: start where the org's time is now.
        keeps_cursor: It is read on from where it was left; False for what is read whole each time.
        cursor: Under which name its cursor is kept; by default its own.
        tracks_deletes: Rows may vanish without a trace but in the org's delete log.
    """

    name: str
    sobject: str
    fields: tuple[str, ...]
    parse: Parse
    where: str = ""
    child: Child | None = None
    skip_writer: str | None = None
    from_now: bool = False
    tracks_deletes: bool = False
    keeps_cursor: bool = True
    cursor: str = ""

    @property
    def cursor_name(self) -> str:
        """Under which name its cursor is kept."""
        return self.cursor or self.name

    @property
    def select_list(self) -> tuple[str, ...]:
        """The SELECT list with the subquery for the children."""
        if self.child is None:
            return self.fields
        return (*self.fields, f"(SELECT {', '.join(self.child.fields)} FROM {self.child.relationship})")


def deals(schema: OrgSchema) -> Feed:
    """Won Opportunities with their lines, as Deal. By id, others than won ones are read too."""
    lines = (*deal_rows.line_fields(schema), *schema.pick("OpportunityLineItem", "OpportunityId"))
    return Feed(
        "deals",
        "Opportunity",
        tuple(deal_rows.deal_fields(schema)),
        deal_rows.parse_deal,
        where="IsWon = true",
        child=Child(deal_rows.CHILD, "OpportunityLineItem", "OpportunityId", lines),
        tracks_deletes=True,
    )


def reopened_deals(schema: OrgSchema) -> Feed:
    """Opportunities that are not won, or no longer, as Deal without lines. Most were never won: they are not ours."""
    return Feed(
        "reopened_deals",
        "Opportunity",
        tuple(deal_rows.deal_fields(schema)),
        deal_rows.parse_deal,
        where="IsWon = false",
        from_now=True,
    )


def deal_lines(schema: OrgSchema) -> Feed:
    """Lines of won Opportunities, as LineOfDeal: edits that leave the Opportunity's own stamp alone.

    Deleted ones, which the lines of a deleted Opportunity are, are told by the delete log.
    """
    fields = (*deal_rows.line_fields(schema), *schema.pick("OpportunityLineItem", "OpportunityId"))
    return Feed(
        "deal_lines",
        "OpportunityLineItem",
        fields,
        lambda row, _: deal_rows.parse_line_of_deal(row),
        where="Opportunity.IsWon = true AND IsDeleted = false",
        from_now=True,
        tracks_deletes=True,
    )


def orders(schema: OrgSchema) -> Feed:
    """All Orders with their items, as OrgOrder."""
    return Feed(
        "orders",
        "Order",
        tuple(order_rows.order_fields(schema)),
        order_rows.order_parser(schema),
        child=Child(order_rows.CHILD, "OrderItem", "OrderId", tuple(order_rows.item_fields(schema))),
        tracks_deletes=True,
        cursor=order_fields.cursor(schema),
    )


def order_items(schema: OrgSchema, me: str | None) -> Feed:
    """OrderItems that others than we (`me`, a user id) changed, as OrgOrderItem.

    An edit of an item need not touch its Order. What we created comes with the Order itself, so it is
    not read twice.
    """
    parse = order_rows.item_parser(schema.names)
    return Feed(
        "order_items",
        "OrderItem",
        tuple(order_rows.item_fields(schema)),
        lambda row, _: parse(row),
        skip_writer=me,
        from_now=True,
        tracks_deletes=True,
    )


def accounts(schema: OrgSchema) -> Feed:
    """Accounts that orders refer to, as Account."""
    return Feed(
        "accounts",
        "Account",
        tuple(order_rows.account_fields(schema)),
        lambda row, _: order_rows.parse_account(row),
        where="Id IN (SELECT AccountId FROM Order)",
        from_now=True,
    )


def contracts(schema: OrgSchema) -> Feed:
    """Contracts that orders refer to, as Contract."""
    return Feed(
        "contracts",
        "Contract",
        tuple(order_rows.contract_fields(schema)),
        lambda row, _: order_rows.parse_contract(row),
        where="Id IN (SELECT ContractId FROM Order)",
        from_now=True,
    )


def products(schema: OrgSchema) -> Feed:
    """Products that order items refer to, as Product."""
    return Feed(
        "products",
        "Product2",
        tuple(order_rows.product_fields(schema)),
        order_rows.product_parser(schema),
        where="Id IN (SELECT Product2Id FROM OrderItem)",
        from_now=True,
    )


def shipments(names: ShipmentNames) -> Feed:
    """All shipments, as OrgShipment."""
    parse = shipment_fields.shipment_parser(names)
    select = names.shipment_select()
    return Feed("shipments", names.shipment, select, lambda row, _: parse(row), tracks_deletes=True)


def shipment_lines(names: ShipmentNames) -> Feed:
    """All shipment lines, as OrgShipmentLine: a line that is changed leaves its shipment's own stamp alone."""
    parse = shipment_fields.line_parser(names)
    return Feed("shipment_lines", names.line, names.line_select(), lambda row, _: parse(row), tracks_deletes=True)
