"""Which Order of a deal is the one: ours, or one that somebody else made before us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

_CALLED_OFF = frozenset({"Canceled", "Cancelled", "Expired"})


class ExistingOrder(Protocol):
    """What choosing needs to know of an order; `OrgOrder` and rows of the mirror both have it."""

    @property
    def sf_id(self) -> str: ...  # noqa: D102
    @property
    def key(self) -> str | None: ...  # noqa: D102
    @property
    def number(self) -> str | None: ...  # noqa: D102
    @property
    def status_code(self) -> str: ...  # noqa: D102
    @property
    def is_reduction(self) -> bool: ...  # noqa: D102
    @property
    def is_deleted(self) -> bool: ...  # noqa: D102


Candidate = TypeVar("Candidate", bound=ExistingOrder)


def choose(orders: Iterable[Candidate], key: str) -> Candidate | None:
    """Choose the order that answers for `key` among all `orders` of its deal; None if there is none.

    The order that carries the key comes first. Otherwise the oldest that carries no key of ours,
    preferably one that is not cancelled: a Flow or a person made it, and it is adopted, not doubled.
    An order with another key of ours is another order of the deal. Reductions and deleted orders
    never answer.
    """
    standing = [order for order in orders if not order.is_reduction and not order.is_deleted]
    ours = [order for order in standing if order.key == key]
    return min(ours or [order for order in standing if order.key is None], key=_age, default=None)


def _age(order: ExistingOrder) -> tuple[bool, bool, int, str, str]:
    # Order numbers are autonumbers, usually zero padded; ids break the tie.
    number = order.number or ""
    return order.status_code in _CALLED_OFF, not number, len(number), number, order.sf_id
