"""Whether a won deal can become an Order: every rule is asked, so that a sales rep fixes all in one visit.

What the org does not show us (None) is not held against a deal, unless the order needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.domain.deal_rules import DEAL_RULES
from sfsync.domain.line_rules import LINE_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.domain.case import Case
    from sfsync.domain.model import Problem


def problems(case: Case) -> tuple[Problem, ...]:
    """Return everything that keeps the deal from becoming an Order; () if nothing does.

    First what is wrong with the deal, then what is wrong with its lines, in their order; the same
    problem of the same product is told once.
    """
    return tuple(dict.fromkeys(_found(case)))


def _found(case: Case) -> Iterator[Problem]:
    for deal_rule in DEAL_RULES:
        if problem := deal_rule(case):
            yield problem
    for line in case.deal.lines:
        for line_rule in LINE_RULES:
            if problem := line_rule(line, case):
                yield problem
