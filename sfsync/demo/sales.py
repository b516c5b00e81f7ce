"""Making deals in the demo's org the way people do, and keeping count of what should become of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from sfsync.demo.past import at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from random import Random

    from sfsync.emulator.org import Org

WON, LOST = "Closed Won", "Closed Lost"
CENT = Decimal("0.01")
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the org: its price book entries (id, price) by price book id."""

    sf_id: str
    name: str
    family: str
    most: int
    entries: dict[str, tuple[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a deal, at the price of the deal's price book unless `price` or `total` says another."""

    product: Product
    quantity: Decimal
    discount: Decimal = Decimal(0)
    """Percent."""
    price: Decimal | None = None
    total: Decimal | None = None
    starts: int | None = None
    """Service date, in days after the closing."""
    description: str | None = None

    def total_in(self, book: str) -> Decimal:
        """Return what the line costs, to the cent."""
        if self.total is not None:
            return self.total
        full = self.quantity * self.price_in(book)
        return (full * (HUNDRED - self.discount) / HUNDRED).quantize(CENT, rounding=ROUND_HALF_UP)

    def price_in(self, book: str) -> Decimal:
        """Return the sales price of one unit before the discount."""
        return self.product.entries[book][1] if self.price is None else self.price

    def parts_in(self, book: str) -> int:
        """Return how many order products carry this line's total exactly: two if the cents do not divide."""
        if self.quantity != int(self.quantity):
            return 1  # the demo sells fractions only at prices that come out even
        return 1 if self.total_in(book) * HUNDRED % self.quantity == 0 else 2


@dataclass(frozen=True, slots=True)
class Made:
    """A deal that was made, and what should become of it."""

    sf_id: str
    is_won: bool
    reasons: tuple[str, ...]
    is_ordered_already: bool
    order_lines: int
    amount: Decimal


@dataclass
class Sales:
    """Makes deals in one org and remembers them."""

    org: Org
    rng: Random
    today: date
    owners: Sequence[str]
    made: dict[str, Made] = field(default_factory=dict)

    def day(self, ago: int) -> date:
        """Return the date of so many days ago."""
        return self.today - timedelta(days=ago)

    def moment(self, day: date) -> datetime:
        """Return some moment of that day's office hours."""
        return datetime.combine(day, time(8), UTC) + timedelta(seconds=self.rng.randrange(9 * 3600))

    def deal(
        self,
        account: str | None,
        name: str,
        lines: Sequence[Line],
        *,
        book: str,
        closed: date,
        stage: str = WON,
        contract: str | None = None,
        reasons: tuple[str, ...] = (),
        kind: str = "New Customer",
        amount: Decimal | None = None,
    ) -> str:
        """Make a deal of `lines` from price book `book` that reached `stage` on the day `closed`, and return its id.

        `reasons` are the codes of the problems for which it should get no order; `amount` is for deals
        without lines.
        """
        values: dict[str, Any] = {
            "Name": name,
            "AccountId": account,
            "StageName": "Prospecting",
            "CloseDate": closed.isoformat(),
            "Type": kind,
            "ContractId": contract,
            "OwnerId": self.rng.choice(self.owners),
            "LeadSource": self.rng.choice(("Web", "Phone Inquiry", "Partner Referral", "Other")),
        }
        if amount is not None:
            values["Amount"] = amount
        decided = self.moment(closed if stage in {WON, LOST} else self.day(self.rng.randrange(1, 30)))
        with at(self.org, decided - timedelta(days=self.rng.randrange(5, 75), seconds=self.rng.randrange(7200))):
            deal = self.org.insert("Opportunity", values)
        with at(self.org, decided - timedelta(hours=self.rng.randrange(2, 60))):
            self.add_lines(deal, lines, book, closed)
        with at(self.org, decided):
            if stage != "Prospecting":
                self.org.update("Opportunity", deal, {"StageName": stage})
        self.made[deal] = Made(
            sf_id=deal,
            is_won=stage == WON,
            reasons=reasons,
            is_ordered_already=False,
            order_lines=sum(line.parts_in(book) for line in lines),
            amount=sum((line.total_in(book) for line in lines), Decimal(0)),
        )
        return deal

    def add_lines(self, deal: str, lines: Sequence[Line], book: str, closed: date) -> list[str]:
        """Add products to a deal, one after another as a person does, and return the ids of the lines."""
        return self.org.insert_many("OpportunityLineItem", [self._line(deal, line, book, closed) for line in lines])

    def _line(self, deal: str, line: Line, book: str, closed: date) -> dict[str, Any]:
        values: dict[str, Any] = {
            "OpportunityId": deal,
            "PricebookEntryId": line.product.entries[book][0],
            "Quantity": line.quantity,
            "Description": line.description,
        }
        if line.starts is not None:
            values["ServiceDate"] = (closed + timedelta(days=line.starts)).isoformat()
        if line.total is not None or (line.discount and not self.has_discounts):
            return {**values, "TotalPrice": line.total_in(book)}
        if line.discount:
            values["Discount"] = line.discount
        return {**values, "UnitPrice": line.price_in(book)}

    @property
    def has_discounts(self) -> bool:
        """Whether lines of the org have the field Discount, which comes with Quotes."""
        lines = self.org.schema.get("OpportunityLineItem")
        return lines is not None and lines.field("Discount") is not None

    def some_lines(self, family: str, products: Sequence[Product]) -> list[Line]:
        """Choose 1 to 12 lines that a customer of `family` could buy."""
        own = [product for product in products if product.family == family]
        count = min(len(own), self.rng.choice((1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8, 12)))
        return [self.some_line(product) for product in self.rng.sample(own, count)]

    def some_line(self, product: Product) -> Line:
        """Choose quantity and terms for a line: most at list price, some discounted, some haggled to a round total."""
        quantity = Decimal(self.rng.randint(1, max(1, product.most // self.rng.choice((1, 2, 4)))))
        starts = self.rng.choice((None, 0, 0, 7, 14, 30))
        match self.rng.choices(("list price", "discount", "round total"), weights=(70, 22, 8))[0]:
            case "discount":
                percent = self.rng.choice(("5", "7.5", "10", "12.5", "15", "20", "33.33"))
                return Line(product, quantity, discount=Decimal(percent), starts=starts)
            case "round total":
                listed = quantity * max(price for _, price in product.entries.values())
                return Line(product, quantity, total=(listed / 50).quantize(Decimal(1)) * 50 or None, starts=starts)
            case _:
                return Line(product, quantity, starts=starts)
