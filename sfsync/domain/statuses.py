"""The life of an order in our words, the legal moves, and how the org spells them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sfsync.domain.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sfsync.domain.model import StatusChoice

DRAFT_CODE = "Draft"
ACTIVATED_CODE = "Activated"


class Status(StrEnum):
    """Where an order stands, in the words that the mirror stores."""

    DRAFT = "Draft"
    """Made from the deal and waiting for review; its lines can still change."""
    ACTIVATED = "Activated"
    """Approved and binding; provisioning, warehouse and billing may act on it."""
    FULFILLED = "Fulfilled"
    """Delivered in full; billing may close it."""
    CANCELLED = "Cancelled"
    """Called off; nothing more will be delivered."""


_D, _A, _F, _C = Status.DRAFT, Status.ACTIVATED, Status.FULFILLED, Status.CANCELLED
_CORRECT_IN_ORG = "If it was set by mistake, correct it in Salesforce: sfsync follows."

MOVES: dict[tuple[Status, Status], str | None] = {
    (_D, _D): None,
    (_D, _A): None,
    (_D, _F): "A draft order cannot be fulfilled: activate it first.",
    (_D, _C): None,
    (_A, _D): "Going back to Draft deactivates the order, which only a command of its own does: "
    "`sfsync orders deactivate`.",
    (_A, _A): None,
    (_A, _F): None,
    (_A, _C): None,
    (_F, _D): f"A fulfilled order cannot become a draft again. {_CORRECT_IN_ORG}",
    (_F, _A): f"A fulfilled order has been reported complete and cannot be reopened. {_CORRECT_IN_ORG}",
    (_F, _F): None,
    (_F, _C): "A fulfilled order cannot be cancelled: take back what was delivered with a reduction order.",
    (_C, _D): f"A cancelled order stays cancelled. {_CORRECT_IN_ORG}",
    (_C, _A): f"A cancelled order cannot be activated. {_CORRECT_IN_ORG}",
    (_C, _F): f"A cancelled order cannot be fulfilled. {_CORRECT_IN_ORG}",
    (_C, _C): None,
}
"""Every ordered pair of statuses: None where the move is legal, otherwise why it is not."""

DEACTIVATION = (_A, _D)
"""The one move that is legal for those only who ask for it by the command that its reason names."""

HAS_REDUCTIONS = (
    "The order has reduction orders, and Salesforce lets no such order go back to Draft: "
    "deactivate and delete its reduction orders first."
)

_CATEGORY: dict[Status, str | None] = {_D: DRAFT_CODE, _A: ACTIVATED_CODE, _F: ACTIVATED_CODE, _C: None}
"""The category (OrderStatus.StatusCode) that each status must have in the org; None for any."""

_UNKNOWN_LABELS = {
    DRAFT_CODE: _D,
    ACTIVATED_CODE: _A,
    "Canceled": _C,
    "Cancelled": _C,
    "Expired": _C,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a move is not sent to the org: a stable code and words for people."""

    code: str
    message: str


JUDGED = (
    *("illegal_move", "status_missing", "status_wrong_category", "would_deactivate", "would_activate"),
    *("no_items", "contract_not_activated", "has_reductions", "not_writable", "bad_value", "deal_not_won"),
    "over_reduced",
)
"""Codes of refusals of `judge_move` and `judge_value`. What they rest on may change without a trace on the order."""


@dataclass(frozen=True, slots=True)
class StatusMap:
    """How the org's Order.Status picklist spells our statuses (API names)."""

    labels: Mapping[Status, str]
    """The value that is sent for each status."""
    also: Mapping[Status, tuple[str, ...]] = field(default_factory=dict)
    """Other values that are read as a status, and never sent."""

    def check(self, choices: Iterable[StatusChoice]) -> list[Problem]:
        """Return what is wrong with the mapping for an org that offers `choices`; empty when it fits."""
        offered = {choice.api_name: choice for choice in choices}
        found = [problem for status in Status if (problem := _misfit(status, self.labels[status], offered))]
        others = [(status, label) for status, labels in self.also.items() for label in labels]
        found += [problem for status, label in others if (problem := _misread(status, label, offered))]
        return found + self._ambiguous()

    def unsafe(self, choices: Iterable[StatusChoice]) -> list[Problem]:
        """Return what of `check` must stop all work: an order could be taken for what it is not, or none be made.

        A value that is missing for another status than Draft holds back only the orders that are to get it.
        """
        offered = tuple(choices)
        no_draft = _misfit(_D, self.labels[_D], {choice.api_name: choice for choice in offered})
        found = [problem for problem in self.check(offered) if problem.code != "status_missing"]
        return list(dict.fromkeys([*([no_draft] if no_draft else []), *found]))

    def to_local(self, label: str, status_code: str) -> Status:
        """Return our status for the org's `label`; by `status_code` for one that is not mapped, or of another category.

        The category is what Salesforce itself goes by: a draft is never taken for an activated order, nor the other
        way round. An unknown category is not a draft: it counts as Activated, unless it is one of cancellation.
        """
        for status in Status:
            if label in self._read_as(status) and (status is _C or (status is _D) == (status_code == DRAFT_CODE)):
                return status
        return _UNKNOWN_LABELS.get(status_code, _A)

    def to_org(self, status: Status) -> str:
        """Return the org's API name for `status`."""
        return self.labels[status]

    def _read_as(self, status: Status) -> tuple[str, ...]:
        return (self.labels[status], *self.also.get(status, ()))

    def _ambiguous(self) -> list[Problem]:
        users: dict[str, list[Status]] = {}
        for status in Status:
            for label in dict.fromkeys(self._read_as(status)):
                users.setdefault(label, []).append(status)
        return [
            Problem(
                "status_ambiguous",
                f"The Order Status “{label}” stands for {' and '.join(sharing)} (settings under [statuses]): "
                "give each its own.",
            )
            for label, sharing in users.items()
            if len(sharing) > 1
        ]


def _misfit(status: Status, label: str, offered: Mapping[str, StatusChoice]) -> Problem | None:
    """Say why `label` cannot be sent for `status`; None where it can."""
    setting = f"statuses.{status.name.lower()}"
    choice = offered.get(label)
    if choice is None:
        return _missing(status, label, setting, offered)
    category = _CATEGORY[status]
    if category is not None and choice.status_code != category:
        return Problem(
            "status_wrong_category",
            f"The Order Status “{label}” for {status} (setting {setting}) is of category {choice.status_code}, "
            f"and must be of category {category}: name another value in the settings.",
        )
    return None


def _misread(status: Status, label: str, offered: Mapping[str, StatusChoice]) -> Problem | None:
    """Say why `label` cannot be read as `status`; None where it can."""
    setting = f"statuses.also_{status.name.lower()}"
    choice = offered.get(label)
    if choice is None:
        return _missing(status, label, setting, offered)
    if status is not _C and (status is _D) != (choice.status_code == DRAFT_CODE):
        return Problem(
            "status_wrong_category",
            f"The Order Status “{label}” cannot be read as {status} (setting {setting}): "
            f"it is of category {choice.status_code}. Take it out of the settings.",
        )
    return None


def _missing(status: Status, label: str, setting: str, offered: Mapping[str, StatusChoice]) -> Problem:
    names = ", ".join(f"“{name}”" for name in offered) or "none"
    return Problem(
        "status_missing",
        f"The org's Order Status has no active value “{label}” for {status} (setting {setting}); "
        f"it has {names}. Add the value in Setup, or name another one in the settings.",
    )


def judge_move(
    org: Status,
    want: Status,
    *,
    status_code: str,
    statuses: StatusMap,
    choices: Iterable[StatusChoice],
    item_count: int,
    contract_status_code: str | None,
    deactivation: bool = False,
    reduced: bool = False,
) -> Refusal | None:
    """Return why an order must not be moved from `org` to `want`; None when the move may be sent.

    Never lets a Draft-category value go to an order that is not a draft: Salesforce would deactivate
    it (or answer with a lock), and takes no second look. Only who asked for just that may. Nor the other
    way round, unless activation is what is wanted.

    Args:
        org: The status that the org shows now.
        want: The status that is wanted.
        status_code: The category that the org shows now (Order.StatusCode).
        statuses: How the org spells our statuses.
        choices: The values that the org offers, with their categories (OrderStatus).
        item_count: How many lines the order has in the org.
        contract_status_code: The category of the order's contract; None without a contract.
        deactivation: Whether somebody asked by command for the order to be deactivated.
        reduced: Whether there are reduction orders of the order, drafts included.
    """
    if org is want:
        return None
    deactivates = deactivation and (org, want) == DEACTIVATION and status_code == ACTIVATED_CODE
    if (reason := MOVES[org, want]) and not deactivates:
        return Refusal("illegal_move", reason)
    offered = {choice.api_name: choice for choice in choices}
    label = statuses.to_org(want)
    if problem := _misfit(want, label, offered):
        return Refusal(problem.code, problem.message)
    if deactivates:
        return Refusal("has_reductions", HAS_REDUCTIONS) if reduced else None
    return _judge_category(want, label, offered[label].status_code, status_code) or (
        _judge_activation(item_count, contract_status_code) if want is _A and status_code == DRAFT_CODE else None
    )


def _judge_category(want: Status, label: str, goes_to: str, is_in: str) -> Refusal | None:
    if goes_to == DRAFT_CODE and is_in != DRAFT_CODE:
        return Refusal(
            "would_deactivate",
            f"“{label}” is a Draft-category status: sending it to an order of category {is_in} would deactivate it. "
            "Deactivate the order (`sfsync orders deactivate`), or reduce it.",
        )
    if goes_to != DRAFT_CODE and is_in == DRAFT_CODE and want is not _A:
        return Refusal(
            "would_activate",
            f"“{label}” is a status of category {goes_to}: sending it to a draft order would activate it. "
            f"Map {want} to a Draft-category value, or delete the draft in Salesforce.",
        )
    return None


def _judge_activation(item_count: int, contract_status_code: str | None) -> Refusal | None:
    if item_count == 0:
        return Refusal("no_items", "An order without products cannot be activated: add an order product first.")
    if contract_status_code not in (None, ACTIVATED_CODE):
        return Refusal(
            "contract_not_activated",
            f"The order's contract is not activated (it is {contract_status_code}): activate the contract first.",
        )
    return None
