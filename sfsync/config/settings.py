"""Every setting there is: its name, type, default and one sentence. The documents are made from this."""

from __future__ import annotations

import re
from datetime import date  # noqa: TC003 - pydantic reads the annotations
from decimal import Decimal  # noqa: TC003
from pathlib import Path  # noqa: TC003
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

from sfsync.config.orgs import DEFAULT_ORG, OrgSettings, SalesforceSettings, complete, overridden
from sfsync.config.section import Section, did_you_mean
from sfsync.config.shipments import ShipmentsSettings
from sfsync.config.sinks import CompleteSink, SinkSettings, complete_sink
from sfsync.domain.fields import Policy
from sfsync.domain.planning import DatePolicy  # noqa: TC001
from sfsync.errors import SettingsError, UsageError


def _as_list(value: Any) -> Any:
    """Let a variable hold several values, divided by commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _as_word(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


_NAME = r"[a-z][a-z0-9_-]{0,39}"
_CUSTOM = r"[A-Za-z]\w{0,76}__c"
_NAME_RULE = "of up to 40 small letters, digits, - and _, that start with a letter"
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_as_list)]
Label = Annotated[str, Field(min_length=1)]


class OrdersSettings(Section):
    """Which deals become orders, and how."""

    since: date | None = Field(
        default=None,
        description="Only deals with a close date on or after this day become orders.",
        examples=["2026-01-01"],
    )
    opportunity_types: Words = Field(
        default=(), description="Only deals of these Opportunity types become orders; empty for all (divide by commas)."
    )
    effective_date: DatePolicy = Field(
        default="close_date",
        description="The day an order starts: close_date (of the deal), today (of planning) or contract_start.",
    )
    zero_quantity: bool = Field(
        default=False, description="Order lines of quantity 0; only where the org's order settings allow them."
    )
    negative_quantity: bool = Field(
        default=False, description="Order lines of negative quantity; only where the org's order settings allow them."
    )
    writable_fields: Words = Field(
        default=(),
        description="Custom fields of Order (API names, ending in __c) to be written from here (divide by commas).",
    )

    @field_validator("writable_fields")
    @classmethod
    def _custom_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not re.fullmatch(_CUSTOM, name):
                raise ValueError(f"should be API names of custom fields, ending in __c; “{name}” is none")
        return tuple(dict.fromkeys(names))


class StatusesSettings(Section):
    """How the org's Order Status picklist spells our statuses (API names)."""

    draft: Label = Field(default="Draft", description="Order Status that new orders get; of category Draft.")
    activated: Label = Field(
        default="Activated", description="Order Status of an activated order; of category Activated."
    )
    fulfilled: Label = Field(
        default="Fulfilled", description="Order Status of a fulfilled order; of category Activated."
    )
    cancelled: Label = Field(default="Cancelled", description="Order Status of a cancelled order; of either category.")
    also_draft: Words = Field(
        default=(), description="Other Order Statuses that are read as Draft; of category Draft (divide by commas)."
    )
    also_activated: Words = Field(
        default=(), description="Other Order Statuses that are read as Activated; of another category than Draft."
    )
    also_fulfilled: Words = Field(
        default=(), description="Other Order Statuses that are read as Fulfilled; of another category than Draft."
    )
    also_cancelled: Words = Field(
        default=(), description="Other Order Statuses that are read as Cancelled; of either category."
    )


class ActivationSettings(Section):
    """Which new orders are activated without a person: none, unless auto is on; those that fit the deal to the cent."""

    auto: bool = Field(
        default=False,
        description="Have new orders activated by rule, each once; what a person sets afterwards stays.",
    )
    after_hours: float = Field(
        default=0.0, ge=0, allow_inf_nan=False, description="Only orders that have stood in the org for so many hours."
    )
    max_amount: Decimal | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="No order over more than this, in its own currency.",
        examples=["25000.00"],
    )
    types: Words = Field(
        default=(), description="Only orders of these Opportunity types; empty for all (divide by commas)."
    )


class SyncSettings(Section):
    """How a cycle works."""

    lookback_seconds: int = Field(
        default=600,
        ge=0,
        description="How far each reading looks back for records that were committed late, in seconds.",
    )
    lease_wait_seconds: int = Field(
        default=30, ge=0, description="How long to wait for another sfsync that works on the same org, in seconds."
    )
    strict: bool = Field(
        default=False,
        description="Let the org itself refuse an update of what was changed since it was read; 25 a call, not 200.",
    )


class ConflictsSettings(Section):
    """Who decides when a field was changed here and in the org at the same time: org_wins, local_wins or ask."""

    status: Policy = Field(default=Policy.ASK, description="The order's status: org_wins, local_wins or ask.")
    description: Policy = Field(default=Policy.ASK, description="The order's description: org_wins, local_wins or ask.")
    po_number: Policy = Field(default=Policy.ASK, description="The order's PO number: org_wins, local_wins or ask.")
    end_date: Policy = Field(default=Policy.ASK, description="The order's end date: org_wins, local_wins or ask.")
    custom: Policy = Field(default=Policy.ASK, description="All custom fields: org_wins, local_wins or ask.")


class EventsSettings(Section):
    """How long it is kept what other systems were told of."""

    keep_days: int = Field(
        default=90,
        ge=1,
        description="The daemon removes events that reached everybody after so many days; others stay.",
    )


class DaemonSettings(Section):
    """How the daemon works."""

    interval_seconds: int = Field(
        default=60, ge=1, description="From the start of one cycle to the start of the next, in seconds."
    )


class LogSettings(Section):
    """What is logged to stderr, and in which form."""

    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_as_word)] = Field(
        default="info", description="The least serious events to log: debug, info, warning or error."
    )
    format: Annotated[Literal["text", "json"], BeforeValidator(_as_word)] = Field(
        default="text", description="How each event is written: text, or json (one object a line)."
    )


class Settings(Section):
    """All settings. Made directly they come from nowhere else; `load_settings` reads files and environment."""

    database_url: str = Field(
        default="sqlite:///sfsync.db",
        repr=False,
        min_length=1,
        description="The mirror: an SQLite file, or a PostgreSQL database as postgresql+psycopg://user:password@host/name.",
    )
    database_url_file: Path | None = Field(
        default=None,
        description="File that holds the database URL instead.",
        examples=["/run/secrets/sfsync-database-url"],
    )
    salesforce: SalesforceSettings = SalesforceSettings()
    orders: OrdersSettings = OrdersSettings()
    statuses: StatusesSettings = StatusesSettings()
    activation: ActivationSettings = ActivationSettings()
    conflicts: ConflictsSettings = ConflictsSettings()
    shipments: ShipmentsSettings = ShipmentsSettings()
    sync: SyncSettings = SyncSettings()
    events: EventsSettings = EventsSettings()
    daemon: DaemonSettings = DaemonSettings()
    log: LogSettings = LogSettings()
    orgs: dict[str, SalesforceSettings] = Field(
        default_factory=dict, description="More orgs by name, each overriding [salesforce]."
    )

    sinks: dict[str, SinkSettings] = Field(default_factory=dict, description="Receivers of events (webhooks) by name.")

    @field_validator("sinks")
    @classmethod
    def _sink_names(cls, sinks: dict[str, SinkSettings]) -> dict[str, SinkSettings]:
        for name in sinks:
            if not re.fullmatch(_NAME, name):
                raise ValueError(f"should have names {_NAME_RULE}")
        return sinks

    @field_validator("orgs")
    @classmethod
    def _org_names(cls, orgs: dict[str, SalesforceSettings]) -> dict[str, SalesforceSettings]:
        for name in orgs:
            if name == DEFAULT_ORG or not re.fullmatch(_NAME, name):
                raise ValueError(f"should have names {_NAME_RULE} (“{DEFAULT_ORG}” is the name of [salesforce])")
        return orgs

    def complete_sinks(self) -> list[CompleteSink]:
        """Return who is told of events, secrets read.

        Raises:
            SettingsError: if something of a sink is missing or contradictory.
        """
        return [complete_sink(settings, name) for name, settings in self.sinks.items()]

    @property
    def org_names(self) -> tuple[str, ...]:
        """The orgs that are configured, by their names in the mirror; `default` where none is."""
        if self.orgs and self.salesforce.login_url is None:
            return tuple(self.orgs)
        return (DEFAULT_ORG, *self.orgs)

    def chosen(self, name: str | None) -> str:
        """Return the name of the org to work with: the one named, else the default one, else the only one.

        Raises:
            SettingsError: if there is no org of that name.
            UsageError: if none is named, there are several, and none of them is the default.
        """
        names = self.org_names
        if name is None and len(names) > 1 and DEFAULT_ORG not in names:
            raise UsageError(
                "Several orgs are configured, and none of them is the default.",
                remedy=f"Name one with --org: {', '.join(names)}.",
            )
        if name is not None and name not in names:
            raise SettingsError(
                f"There is no org “{name}” in the settings; there {_are(names)}.", remedy=did_you_mean(name, names)
            )
        return names[0] if name is None else name

    def org(self, name: str | None = None) -> OrgSettings:
        """Return what is needed to work with one org, secrets read and credentials complete.

        Args:
            name: The org of [orgs.NAME], or `default` for [salesforce] itself; None as for `chosen`.

        Raises:
            SettingsError: if there is no such org, or something of it is missing or contradictory.
            UsageError: if none is named, and there is no telling which is meant.
        """
        name = self.chosen(name)
        if name == DEFAULT_ORG:
            return complete(self.salesforce, "salesforce", DEFAULT_ORG)
        return complete(overridden(self.salesforce, self.orgs[name]), f"orgs.{name}", name)


def _are(names: tuple[str, ...]) -> str:
    return ("is " if len(names) == 1 else "are ") + ", ".join(names)
