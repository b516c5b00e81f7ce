"""rule: drafts that need nobody's review are wanted activated; the push after it sends that like any other wish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.domain.activation import why_not
from sfsync.store import activation

if TYPE_CHECKING:
    from sfsync.sync.work import Work

BATCH = 1000


def activate_by_rule(work: Work) -> None:
    """Want those drafts activated that the settings say need no review, each once; costs one query where there is none.

    Does nothing, and asks the database nothing, where the rule is off.
    """
    rule = work.app.activation_rule
    if rule is None:
        return
    now = work.client.now()  # the orders' times are the org's
    after, more = 0, True
    while more:
        with work.db.read() as tx:
            found = activation.candidates(tx, work.org, now - rule.after, after=after, limit=BATCH, only=work.only)
        wanted = [one for one in found if why_not(one.draft, rule, now) is None]
        if wanted:
            with work.db.begin() as tx:
                work.counts["rule_activations"] += activation.activate(tx, work.org, work.run_id, wanted, work.now())
        more = len(found) == BATCH
        after = found[-1].id if found else after
