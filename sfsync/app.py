"""The one place that builds things: settings, database, clock and the connection to one org."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from sfsync.config import load_settings
from sfsync.domain.activation import Rule
from sfsync.domain.events import Sink
from sfsync.domain.fields import Policies
from sfsync.domain.planning import PlanPolicy
from sfsync.domain.shipments import PhysicalRule, ShipLabels, ShipStatus
from sfsync.domain.statuses import Status, StatusMap
from sfsync.salesforce.endpoint import Endpoint
from sfsync.store.engine import open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from requests.adapters import BaseAdapter

    from sfsync.config import OrgSettings, Settings
    from sfsync.config.shipments import ShipmentsSettings
    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.schema import FieldNames
    from sfsync.salesforce.shipment_fields import ShipmentNames
    from sfsync.store.engine import Database


def utc_now() -> datetime:
    """Return the present time; the only clock of the service."""
    return datetime.now(UTC)


@dataclass
class App:
    """Everything a command needs, for one org.

    `adapter` mounts something else than the network (tests). `sleep` is how to wait, in seconds, before the org
    is tried again; what it raises ends the wait, and the try.
    """

    settings: Settings
    org_name: str
    db: Database
    clock: Callable[[], datetime] = utc_now
    adapter: BaseAdapter | None = None
    sleep: Callable[[float], None] = time.sleep

    @cached_property
    def org_settings(self) -> OrgSettings:
        """The settings of this org, with credentials that are complete.

        Raises:
            SettingsError: if they are not.
        """
        return self.settings.org(self.org_name)

    @cached_property
    def client(self) -> OrgClient:
        """The connection to the org; made, and the settings for it checked, when it is first used."""
        # Here, not on top: commands that only look into the mirror need no simple-salesforce, which takes its time.
        from sfsync.salesforce.client import OrgClient  # noqa: PLC0415

        endpoint = endpoint_of(self.org_settings)
        return OrgClient(endpoint, clock=self.clock, adapter=self.adapter, sleep=self.sleep)

    @cached_property
    def field_names(self) -> FieldNames:
        """The API names of the fields in the org that carry our keys."""
        from sfsync.salesforce.schema import FieldNames  # noqa: PLC0415 - as for the client

        org, shipments = self.org_settings, self.settings.shipments
        percent = (shipments.percent_field,) if shipments.enabled and shipments.percent_field else ()
        return FieldNames(
            order_key=org.order_key_field,
            item_key=org.order_item_key_field,
            opportunity_lookup=org.order_opportunity_field,
            writable=tuple(dict.fromkeys((*self.settings.orders.writable_fields, *percent))),
            physical_flag=shipments.physical_field if shipments.enabled else None,
            shipments=shipment_names(shipments) if shipments.enabled else None,
        )

    @cached_property
    def ship_labels(self) -> ShipLabels:
        """How the org spells the statuses of shipments."""
        given = self.settings.shipments
        return ShipLabels(
            {status: getattr(given, f"status_{status.value.lower().replace(' ', '_')}") for status in ShipStatus}
        )

    @cached_property
    def physical_rule(self) -> PhysicalRule:
        """Which products are shipped at all."""
        given = self.settings.shipments
        return PhysicalRule(
            given.physical_field is not None, tuple(given.physical_families), tuple(given.not_physical_families)
        )

    @cached_property
    def policies(self) -> Policies:
        """Who decides when a field was changed here and in the org at the same time."""
        return Policies(**dict(self.settings.conflicts))

    @cached_property
    def plan_policy(self) -> PlanPolicy:
        """What the settings decide about planning."""
        orders = self.settings.orders
        return PlanPolicy(
            effective_date=orders.effective_date,
            zero_quantity=orders.zero_quantity,
            negative_quantity=orders.negative_quantity,
        )

    @cached_property
    def status_map(self) -> StatusMap:
        """How the org spells our statuses."""
        labels = self.settings.statuses
        return StatusMap(
            {
                Status.DRAFT: labels.draft,
                Status.ACTIVATED: labels.activated,
                Status.FULFILLED: labels.fulfilled,
                Status.CANCELLED: labels.cancelled,
            },
            {
                Status.DRAFT: labels.also_draft,
                Status.ACTIVATED: labels.also_activated,
                Status.FULFILLED: labels.also_fulfilled,
                Status.CANCELLED: labels.also_cancelled,
            },
        )

    @cached_property
    def activation_rule(self) -> Rule | None:
        """Which orders are activated without a person; None where none is."""
        given = self.settings.activation
        if not given.auto:
            return None
        return Rule(timedelta(hours=given.after_hours), given.max_amount, frozenset(given.types))

    @cached_property
    def sinks(self) -> tuple[Sink, ...]:
        """Who is told of events."""
        return tuple(Sink(name, frozenset(sink.events)) for name, sink in self.settings.sinks.items())

    @property
    def draft_label(self) -> str:
        """The status that new orders are made with."""
        return self.status_map.to_org(Status.DRAFT)


def shipment_names(given: ShipmentsSettings) -> ShipmentNames:
    """Return what the org calls the objects of shipments and their fields."""
    from sfsync.salesforce.shipment_fields import ShipmentNames  # noqa: PLC0415 - as for the client

    return ShipmentNames(
        shipment=given.shipment_object,
        key=given.key_field,
        order=given.order_field,
        status=given.status_field,
        carrier=given.carrier_field,
        tracking_number=given.tracking_number_field,
        tracking_url=given.tracking_url_field,
        shipped_on=given.shipped_on_field,
        delivered_on=given.delivered_on_field,
        line=given.line_object,
        line_key=given.line_key_field,
        line_shipment=given.line_shipment_field,
        line_item=given.line_order_item_field,
        line_quantity=given.line_quantity_field,
    )


def endpoint_of(org: OrgSettings) -> Endpoint:
    """Say where the org is and how to get in, secrets unwrapped."""
    return Endpoint(
        login_url=org.login_url,
        client_id=org.client_id,
        client_secret=org.client_secret.get_secret_value() if org.client_secret else None,
        username=org.username,
        private_key=org.private_key.get_secret_value() if org.private_key else None,
        api_version=org.api_version,
        ca_file=str(org.ca_file) if org.ca_file else None,
        connect_timeout=org.connect_timeout_seconds,
        read_timeout=org.read_timeout_seconds,
    )


@contextmanager
def open_app(org_name: str = "default", *, settings: Settings | None = None, migrate: bool = True) -> Generator[App]:
    """Load the settings, open the database, and close it at the end. The org is not asked before it is needed.

    Raises:
        SettingsError: if a setting is missing, misspelt or wrong.
        DatabaseRefused: if the database cannot be used.
        DatabaseUnavailable: if it does not answer.
    """
    settings = settings or load_settings()
    db = open_database(settings.database_url, migrate=migrate)
    try:
        yield App(settings, org_name, db)
    finally:
        db.close()
