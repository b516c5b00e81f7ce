"""Setting an org up: what is missing of what sfsync needs, and making it on command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sfsync.errors import EXIT_ATTENTION, EXIT_DONE, OrgRefused, OrgUnavailable
from sfsync.salesforce.setup import StepKind, plan, read_present
from sfsync.salesforce.setup_apply import perform
from sfsync.salesforce.wanted import wanted_fields, wanted_objects
from sfsync.store import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.app import App
    from sfsync.salesforce.setup import Step

LOOKS = 3
"""How often the org is looked at again after an answer that got lost."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a step."""

    step: Step
    outcome: Literal["done", "failed", "by hand"]
    reason: str = ""

    @property
    def exit_code(self) -> int:
        """1 if somebody has to do something."""
        return EXIT_DONE if self.outcome == "done" else EXIT_ATTENTION


def missing(app: App) -> list[Step]:
    """Compare what sfsync needs with what the org has; nothing is written.

    Raises:
        OrgUnavailable, OrgRefused: the org cannot be read.
    """
    names = app.field_names
    shipments = app.settings.shipments
    objects = wanted_objects(names)
    fields = wanted_fields(
        names,
        percent=shipments.percent_field if shipments.enabled else None,
        statuses=list(app.ship_labels.labels.values()),
    )
    sobjects = list(dict.fromkeys([*(one.sobject for one in fields), *(one.name for one in objects)]))
    return plan(objects, fields, read_present(app.client, sobjects))


def apply(app: App) -> Iterator[Result]:
    """Make what is missing, one step after the other, and yield what became of each.

    A step whose answer is lost is not repeated blindly: the org is looked at again. One that the org refuses holds up
    only what needs it.

    Raises:
        OrgUnavailable: the org cannot be used, or loses one answer after the other.
    """
    settled: set[tuple[StepKind, str]] = set()
    for look in range(LOOKS):
        try:
            for result in _pass(app, settled):
                settled.add((result.step.kind, result.step.name))
                yield result
            break
        except OrgUnavailable as error:
            if not error.in_doubt or look == LOOKS - 1:
                raise
    with app.db.begin() as tx:
        schemas.forget(tx, app.org_name)


def _pass(app: App, settled: set[tuple[StepKind, str]]) -> Iterator[Result]:
    refused: set[str] = set()
    for step in missing(app):
        if (step.kind, step.name) in settled:
            continue
        owner = step.needs or (step.name.partition(".")[0] if step.kind is not StepKind.OBJECT else None)
        if step.kind is StepKind.BY_HAND:
            yield Result(step, "by hand", step.words)
        elif owner in refused:
            yield Result(step, "failed", f"{owner} could not be made.")
        else:
            yield _done(app, step, refused)


def _done(app: App, step: Step, refused: set[str]) -> Result:
    try:
        perform(app.client, step)
    except OrgRefused as refusal:
        if step.kind in (StepKind.OBJECT, StepKind.PERMISSION_SET):
            refused.add(step.name)
        return Result(step, "failed", refusal.message)
    return Result(step, "done")
