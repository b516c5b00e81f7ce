"""What the org lets our user see and write, read once by describe; the rest of the package asks here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sfsync.domain.model import StatusChoice
from sfsync.errors import OrgRefused, OrgUnavailable
from sfsync.salesforce import soql, wire
from sfsync.salesforce.composite import Sub
from sfsync.salesforce.shipment_fields import ShipmentNames

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.composite import SubAnswer

OBJECTS = (
    "Opportunity",
    "OpportunityLineItem",
    "Order",
    "OrderItem",
    "Account",
    "Contract",
    "Product2",
    "PricebookEntry",
)
_STATUSES = "SELECT ApiName, MasterLabel, StatusCode, IsDefault FROM OrderStatus ORDER BY SortOrder"
_ORGANIZATION = "SELECT Id, Name FROM Organization LIMIT 1"


@dataclass(frozen=True, slots=True)
class FieldNames:
    """The API names that an org's administrator chose."""

    order_key: str = "SFSync_Key__c"
    item_key: str = "SFSync_Key__c"
    opportunity_lookup: str = "OpportunityId"
    writable: tuple[str, ...] = ()
    """Custom fields of Order that may be written from here."""
    physical_flag: str | None = None
    """The checkbox of Product2 that says whether a product is shipped."""
    shipments: ShipmentNames | None = None
    """None where shipments are not enabled."""

    @property
    def objects(self) -> tuple[str, ...]:
        """All objects that are described."""
        return (*OBJECTS, *(self.shipments.objects if self.shipments else ()))

    @property
    def custom(self) -> set[str]:
        """All custom fields that are looked at; of the org's own fields no others are kept."""
        own = {self.order_key, self.item_key, self.opportunity_lookup, *self.writable}
        if self.physical_flag:
            own.add(self.physical_flag)
        if self.shipments:
            own |= {*self.shipments.of_shipment.values(), *self.shipments.of_line.values()}
        return own

    def to_json(self) -> dict[str, Any]:
        """Write as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> FieldNames:
        """Read what `to_json` wrote; fails as `OrgSchema.from_json`."""
        shipments = ShipmentNames(**content["shipments"]) if content["shipments"] else None
        return cls(**{**content, "writable": tuple(content["writable"]), "shipments": shipments})


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field that our user can read. A field that is missing or hidden has none."""

    createable: bool = False
    updateable: bool = False
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    length: int = 0
    type: str = ""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object that our user can see, with its readable fields by name: the standard ones, and ours."""

    createable: bool
    updateable: bool
    replicateable: bool
    fields: Mapping[str, FieldInfo]


@dataclass(frozen=True, slots=True)
class OrgSchema:
    """The part of the org's schema that sfsync works with."""

    org_id: str
    org_name: str
    names: FieldNames
    objects: Mapping[str, ObjectInfo]
    statuses: tuple[StatusChoice, ...] = field(default=())

    @property
    def multicurrency(self) -> bool:
        """Whether records carry a currency: the field exists only in such orgs (object reference, CurrencyIsoCode)."""
        return self.has("Order", "CurrencyIsoCode")

    @property
    def draft_status(self) -> str | None:
        """The Order.Status to create with: the default among those of category Draft, or the first of them."""
        drafts = [choice for choice in self.statuses if choice.status_code == "Draft"]
        return next((choice.api_name for choice in drafts if choice.is_default), drafts[0].api_name if drafts else None)

    def info(self, sobject: str, field_name: str) -> FieldInfo | None:
        """What is known of a field; None if it does not exist or our user may not read it."""
        found = self.objects.get(sobject)
        return found.fields.get(field_name) if found else None

    def has(self, sobject: str, field_name: str) -> bool:
        """Whether our user can read the field."""
        return self.info(sobject, field_name) is not None

    def createable(self, sobject: str, field_name: str) -> bool:
        """Whether our user can set the field on a new record."""
        found = self.info(sobject, field_name)
        return found is not None and found.createable

    def pick(self, sobject: str, *fields: str) -> list[str]:
        """Those of the fields that our user can read, in the order given."""
        return [name for name in fields if self.has(sobject, name)]

    def to_json(self) -> dict[str, Any]:
        """Write as JSON values; `from_json` reads it back to an equal schema."""
        # Not asdict, which copies every value of a thousand fields: 13 ms instead of 1.
        return {
            "org_id": self.org_id,
            "org_name": self.org_name,
            "names": self.names.to_json(),
            "objects": {
                name: {
                    "createable": info.createable,
                    "updateable": info.updateable,
                    "replicateable": info.replicateable,
                    "fields": {key: _flags(one) for key, one in info.fields.items()},
                }
                for name, info in self.objects.items()
            },
            "statuses": [asdict(choice) for choice in self.statuses],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> OrgSchema:
        """Read what `to_json` wrote.

        Raises:
            KeyError, TypeError: if another version of sfsync wrote it in another form: read the org again.
        """
        return cls(
            org_id=content["org_id"],
            org_name=content["org_name"],
            names=FieldNames.from_json(content["names"]),
            objects={
                name: ObjectInfo(
                    **{**info, "fields": {key: FieldInfo(**flags) for key, flags in info["fields"].items()}}
                )
                for name, info in content["objects"].items()
            },
            statuses=tuple(StatusChoice(**choice) for choice in content["statuses"]),
        )


@lru_cache(maxsize=16)
def schema_from_text(text: str) -> OrgSchema:
    """Read what `to_json` wrote, as JSON text; the same text is taken apart once: every run begins with it.

    Raises:
        KeyError, TypeError: as `OrgSchema.from_json`.
    """
    return OrgSchema.from_json(json.loads(text))


def _flags(one: FieldInfo) -> dict[str, Any]:
    return {name: getattr(one, name) for name in FieldInfo.__slots__}


def read_schema(client: OrgClient, names: FieldNames) -> OrgSchema:
    """Read the schema in ONE composite call: up to ten describes, the order statuses and the organization.

    An object that is missing or hidden is left out; `problems` says so.

    Raises:
        OrgUnavailable, OrgRefused: the call, or an element of it, failed for another reason.
    """
    subs = [Sub(f"sobjects/{name}/describe") for name in names.objects]
    subs += [Sub("query", {"q": _STATUSES}), Sub("query", {"q": _ORGANIZATION})]
    *describes, statuses, organization = client.read_many(subs)
    try:
        found = zip(names.objects, describes, strict=True)
        objects = {name: info for name, answer in found if (info := _object(answer, names.custom))}
        orgs = _records(organization)
        return OrgSchema(
            org_id=str(orgs[0]["Id"]) if orgs else client.org_id or "",
            org_name=str(orgs[0]["Name"]) if orgs else "",
            names=names,
            objects=objects,
            statuses=tuple(
                StatusChoice(
                    api_name=wire.required(wire.text(row["ApiName"], "OrderStatus.ApiName"), "OrderStatus.ApiName"),
                    label=wire.text(row["MasterLabel"], "OrderStatus.MasterLabel") or "",
                    status_code=wire.text(row["StatusCode"], "OrderStatus.StatusCode") or "",
                    is_default=wire.boolean(row["IsDefault"], "OrderStatus.IsDefault"),
                )
                for row in _records(statuses)
            ),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise OrgUnavailable(
            "The org described itself in a form that is not known.", remedy="Check api_version; try again later."
        ) from exc


def _object(answer: SubAnswer, wanted: set[str]) -> ObjectInfo | None:
    """Read a describe; of the org's own fields only those wanted are kept: there may be hundreds."""
    if _is_hidden(answer):
        return None
    body = answer.body
    return ObjectInfo(
        createable=bool(body["createable"]),
        updateable=bool(body["updateable"]),
        replicateable=bool(body["replicateable"]),
        fields={
            entry["name"]: FieldInfo(
                createable=bool(entry["createable"]),
                updateable=bool(entry["updateable"]),
                unique=bool(entry["unique"]),
                external_id=bool(entry["externalId"]),
                case_sensitive=bool(entry["caseSensitive"]),
                length=int(entry["length"]),
                type=str(entry["type"]),
            )
            for entry in body["fields"]
            if not entry["custom"] or entry["name"] in wanted
        },
    )


def _records(answer: SubAnswer) -> list[dict[str, Any]]:
    return [] if _is_hidden(answer) else list(answer.body["records"])


def _is_hidden(answer: SubAnswer) -> bool:
    """Whether the org does not know the object or hides it; any other failure is raised."""
    failure = answer.failure
    if failure is None:
        return False
    if isinstance(failure, OrgRefused) and failure.code in {"NOT_FOUND", "INVALID_TYPE", "INVALID_FIELD"}:
        return True
    raise failure


def select_list(schema: OrgSchema, sobject: str, fields: tuple[str, ...], *, prefix: str = "") -> list[str]:
    """The readable ones of the fields as a SELECT list; `prefix` is a parent path such as `Account.`."""
    return [soql.name(prefix + name) for name in schema.pick(sobject, *fields)]
