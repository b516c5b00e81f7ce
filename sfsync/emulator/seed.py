"""What a fresh org holds before anybody has worked in it: itself, its users, price book, statuses and stages."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.emulator.customising.definitions import restore
from sfsync.emulator.fields import Field, PicklistValue
from sfsync.emulator.objects.currency import CODE, add_currencies, fill_currencies
from sfsync.emulator.permissions import PROFILE_ID, fill_permissions, grant_new_fields

if TYPE_CHECKING:
    from sfsync.emulator.schema import Schema
    from sfsync.emulator.settings import Settings, StatusValue
    from sfsync.emulator.world import Row, World

EXTERNAL_ID = "SFSync_Key__c"
ADMIN = "admin@emulator.test"
# As a Developer Edition org that was recorded has them [facts: api 0.3].
_DEVELOPER_EDITION: dict[str, str | bool | int] = {
    "Country": "US",
    "PrimaryContact": "Admin User",
    "DefaultLocaleSidKey": "en_US",
    "ReceivesInfoEmails": True,
    "ReceivesAdminInfoEmails": True,
    "PreferencesConsentManagementEnabled": True,
    "PreferencesLightningLoginEnabled": True,
    "FiscalYearStartMonth": 1,
    "DefaultAccountAccess": "Edit",
    "DefaultContactAccess": "ControlledByParent",
    "DefaultOpportunityAccess": "Edit",
    "DefaultLeadAccess": "ReadEditTransfer",
    "DefaultCaseAccess": "ReadEditTransfer",
    "DefaultCalendarAccess": "HideDetailsInsert",
    "DefaultPricebookAccess": "ReadSelect",
    "DefaultCampaignAccess": "All",
    "UiSkin": "Theme3",
    "SignupCountryIsoCode": "US",
    "NumKnowledgeService": 2,
    "OrganizationType": "Developer Edition",
    "InstanceName": "EMU1",
    "WebToCaseDefaultOrigin": "Web",
    "MonthlyPageViewsUsed": 0,
    "MonthlyPageViewsEntitlement": 0,
}


def external_id_field(name: str = EXTERNAL_ID, label: str = "sfsync Key") -> Field:
    """A text external id: 64 characters, unique, case-sensitive [facts: api A.2]."""
    return Field(
        name,
        "string",
        label,
        length=64,
        custom=True,
        unique=True,
        case_sensitive=True,
        external_id=True,
        id_lookup=True,
        permissionable=True,
    )


def shape(schema: Schema, settings: Settings, *, external_ids: bool) -> None:
    """Fit the schema to the settings: the status picklists, the stages, and the external ids."""
    _set_statuses(schema, "Order", settings.order_statuses)
    _set_statuses(schema, "Contract", settings.contract_statuses)
    opportunity = schema.get("Opportunity")
    stage_name = opportunity.field("StageName") if opportunity else None
    if stage_name is not None:
        values = tuple(PicklistValue(one.api_name, one.api_name) for one in settings.stages)
        schema.replace_field("Opportunity", replace(stage_name, picklist=values))
    if external_ids:
        for sobject in ("Order", "OrderItem"):
            schema.add_custom_field(sobject, external_id_field())
    if settings.multicurrency:
        add_currencies(schema, settings)


def _set_statuses(schema: Schema, sobject: str, statuses: tuple[StatusValue, ...]) -> None:
    known = schema.get(sobject)
    status = known.field("Status") if known else None
    if status is None:
        return
    values = tuple(PicklistValue(one.api_name, one.label or one.api_name, default=one.default) for one in statuses)
    schema.replace_field(sobject, replace(status, picklist=values))


def fill(world: World) -> None:
    """Put in the rows that every org has."""
    settings, now = world.settings, world.now()
    admin = world.ids.next("005")
    stamps: Row = {
        "CreatedDate": now,
        "LastModifiedDate": now,
        "SystemModstamp": now,
        "CreatedById": admin,
        "LastModifiedById": admin,
    }
    locale: Row = {"TimeZoneSidKey": settings.time_zone, "LanguageLocaleKey": "en_US"}
    world.db.insert_row(
        "Organization",
        {
            "Id": settings.org_id,
            "Name": settings.company,
            "IsSandbox": settings.sandbox,
            **_DEVELOPER_EDITION,
            **locale,
            **stamps,
        },
    )
    people = [(admin, ADMIN, "Admin", "User", ADMIN)]
    for one in settings.users:
        people.append((world.ids.next("005"), one.username, one.first_name, one.last_name, one.email))  # noqa: PERF401
    for record_id, username, first, last, email in people:
        person: Row = {"FirstName": first, "LastName": last, "Name": f"{first} {last}", "Email": email}
        person |= {"Username": username, "Alias": first[:8].lower(), "CommunityNickname": first, "IsActive": True}
        person |= {"LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "ProfileId": PROFILE_ID}
        world.db.insert_row("User", {"Id": record_id, "UserType": "Standard", **person, **locale, **stamps})
    fill_permissions(world, stamps)
    _fill_values(world, stamps)
    _fill_record_types(world, stamps)
    book: Row = {"Name": "Standard Price Book", "IsActive": True, "IsStandard": True, "IsDeleted": False}
    if settings.multicurrency:
        fill_currencies(world, stamps)
        book[CODE] = settings.corporate_currency
    world.db.insert_row("Pricebook2", {"Id": world.ids.next("01s"), **book, **stamps})


def _fill_values(world: World, stamps: Row) -> None:
    for sobject, statuses in (
        ("OrderStatus", world.settings.order_statuses),
        ("ContractStatus", world.settings.contract_statuses),
    ):
        prefix = _prefix(world, sobject)
        for place, one in enumerate(statuses, 1):
            row: Row = {"Id": world.ids.next(prefix), "MasterLabel": one.label or one.api_name, "SortOrder": place}
            row |= {"ApiName": one.api_name, "IsDefault": one.default, "StatusCode": one.code}
            world.db.insert_row(sobject, {**row, **stamps})
    prefix = _prefix(world, "OpportunityStage")
    for place, stage in enumerate(world.settings.stages, 1):
        row = {"Id": world.ids.next(prefix), "MasterLabel": stage.api_name, "ApiName": stage.api_name}
        row |= {"IsActive": True, "SortOrder": place, "IsClosed": stage.closed, "IsWon": stage.won}
        row |= {"ForecastCategory": stage.forecast, "ForecastCategoryName": stage.forecast_name}
        row |= {"DefaultProbability": Decimal(stage.probability)}
        world.db.insert_row("OpportunityStage", {**row, **stamps})


def _fill_record_types(world: World, stamps: Row) -> None:
    for sobject in world.schema.all_objects():
        for one in sobject.record_types or ():
            if one["master"]:
                continue
            row: Row = {"Id": one["recordTypeId"], "Name": one["name"], "DeveloperName": one["developerName"]}
            world.db.insert_row("RecordType", {**row, "SobjectType": sobject.name, "IsActive": one["active"], **stamps})


def _prefix(world: World, sobject: str) -> str:
    known = world.schema.get(sobject)
    return (known.key_prefix if known else None) or "000"


def resume(world: World) -> None:
    """Continue an org that was kept in a file: ids and numbers go on after the last ones."""
    restore(world)
    for sobject in world.schema.all_objects():
        last = world.db.connection.execute(f'SELECT max("Id") FROM "{sobject.name}"').fetchone()[0]
        if last is not None and sobject.name != "Organization":
            world.ids.resume_after(last)
        for auto in (one for one in sobject.fields.values() if one.auto_number):
            before, _, rest = str(auto.auto_number).partition("{")
            _, _, after = rest.partition("}")
            length = f'length("{auto.name}")'
            number = f'substr("{auto.name}", {len(before) + 1}, {length} - {len(before) + len(after)})'
            sql = f'SELECT max(CAST({number} AS INTEGER)) FROM "{sobject.name}"'
            highest = world.db.connection.execute(sql).fetchone()[0]
            world.numbers[f"{sobject.name}.{auto.name}"] = int(highest or 0)
    if world.db.count("Profile"):
        grant_new_fields(world)
    else:
        stamps: Row = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), world.now())
        fill_permissions(world, stamps)
