"""Packs of writes, sent one after the other: one whose answer is lost is settled, and made smaller until it goes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from sfsync.errors import OrgUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")

TRIES_ALONE = 3
LOST_ANSWERS_IN_A_ROW = 12
"""More than it takes to come from a full pack to the one record that is not answered."""


@dataclass(frozen=True, slots=True)
class Lane(Generic[T]):
    """How one kind of write is sent.

    Attributes:
        send: Sends one pack and writes down what became of it; returns packs that are to follow it.
        settle: Reads what became of everything in doubt.
        left: Says which of a pack are still to be sent, as they are now.
        give_up: Lets one wait that is never answered, while others are.
        lost: Is told of each answer that got lost.
    """

    send: Callable[[Sequence[T]], Iterable[Sequence[T]]]
    settle: Callable[[], None]
    left: Callable[[Sequence[T]], Sequence[T]]
    give_up: Callable[[T], None]
    lost: Callable[[], None]


def send_packs(packs: Iterable[Sequence[T]], lane: Lane[T]) -> None:
    """Send packs. One whose answer is lost is settled by reading; the rest of it is sent again whole, then in halves.

    One lost answer after the other ends nothing for the others: a record that is not answered alone is given up.

    Raises:
        OrgUnavailable: the org answers to none of them; what was sent is settled, or in doubt until it is.
    """
    queue: deque[tuple[Sequence[T], int]] = deque((pack, 1) for pack in packs)
    in_a_row = 0
    answered = False
    given_up: list[T] = []
    last: OrgUnavailable | None = None
    while queue:
        pack, tries = queue.popleft()
        try:
            following = lane.send(pack)
        except OrgUnavailable as error:
            if not error.in_doubt:
                raise
            last = error
            in_a_row += 1
            lane.lost()
            lane.settle()
            if in_a_row >= LOST_ANSWERS_IN_A_ROW:
                raise
            left = lane.left(pack)
            if len(left) == 1 and tries >= TRIES_ALONE:
                given_up += left
            else:
                queue.extendleft(reversed(_again(left, tries)))
        else:
            in_a_row, answered = 0, True
            queue.extend((more, 1) for more in following)
    if given_up and last is not None and not answered:
        raise last
    for one in given_up:
        lane.give_up(one)


def _again(left: Sequence[T], tries: int) -> list[tuple[Sequence[T], int]]:
    """Say how what is left of a pack is sent again, whose answer got lost."""
    if len(left) <= 1 or tries == 1:
        return [(left, tries + 1)] if left else []
    middle = len(left) // 2
    return [(left[:middle], tries), (left[middle:], tries)]
