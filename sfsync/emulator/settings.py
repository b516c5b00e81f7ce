"""What differs from org to org: switches, users and clients. Every doubtful fact is a switch, with its section."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfsync.emulator.currencies import CURRENCIES, Currency
from sfsync.emulator.users import OAuthClient, User, integration_user, its_client


@dataclass(frozen=True, slots=True)
class StatusValue:
    """One value of Order.Status or Contract.Status, and the category (StatusCode) it belongs to."""

    api_name: str
    code: str
    label: str = ""
    default: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One opportunity stage and what it sets on the opportunity [facts: orders 6.1]."""

    api_name: str
    probability: int
    forecast: str = "Pipeline"
    forecast_name: str = "Pipeline"
    closed: bool = False
    won: bool = False


ORDER_STATUSES = (StatusValue("Draft", "Draft", default=True), StatusValue("Activated", "Activated"))
CONTRACT_STATUSES = (
    StatusValue("Draft", "Draft", default=True),
    StatusValue("In Approval Process", "InApproval"),
    StatusValue("Activated", "Activated"),
)
STAGES = (
    Stage("Prospecting", 10),
    Stage("Qualification", 10),
    Stage("Needs Analysis", 20),
    Stage("Value Proposition", 50),
    Stage("Id. Decision Makers", 60),
    Stage("Perception Analysis", 70),
    Stage("Proposal/Price Quote", 75),
    Stage("Negotiation/Review", 90),
    Stage("Closed Won", 100, "Closed", "Closed", closed=True, won=True),
    Stage("Closed Lost", 0, "Omitted", "Omitted", closed=True),
)


@dataclass(slots=True)
class Settings:
    """The switches of one org. May be changed while it runs, except users, clients and picklists."""

    # -- what the org is
    company: str = "Emulated Company"
    """Name of the Organization."""
    org_id: str = "00D5e0000000001EAA"
    """Id of the Organization, of 18 characters."""
    instance_url: str = "https://org.example"
    """Where answers say the org is; a server puts its own address there."""
    sandbox: bool = True
    """The Organization is a sandbox: logins come by test.salesforce.com."""
    time_zone: str = "UTC"
    """Time zone of the users, in which SOQL reads date literals [facts: api 8.2]."""
    date_skew_seconds: float = 0.0
    """How far the Date header is ahead of the clock that stamps rows [facts: peers 5.4]."""
    daily_limit: int = 100_000
    """Calls in 24 hours [facts: api 5.1]."""
    logins_per_hour: int = 3_600
    """Logins of one user in an hour [facts: api 5.1]."""
    session_seconds: int = 7_200
    """How long a session lives without use [facts: api 1.5]."""
    users: list[User] = field(default_factory=lambda: [integration_user()])
    """Who may log in; the first is the integration user."""
    clients: list[OAuthClient] = field(default_factory=lambda: [its_client()])
    """The connected apps."""
    order_statuses: tuple[StatusValue, ...] = ORDER_STATUSES
    """The values of Order.Status."""
    contract_statuses: tuple[StatusValue, ...] = CONTRACT_STATUSES
    """The values of Contract.Status."""
    stages: tuple[Stage, ...] = STAGES
    """The values of Opportunity.StageName [facts: orders 6.1]."""

    # -- currencies [facts: orders 2, 3, 6, 7]; fixed when the org is made
    multicurrency: bool = False
    """The org has several currencies: CurrencyIsoCode and CurrencyType exist, prices are per currency."""
    currencies: tuple[Currency, ...] = CURRENCIES
    """The currencies of such an org."""
    corporate_currency: str = "USD"
    """The only currency of a single-currency org; the one that rates refer to otherwise. Its own rate is 1."""
    user_currency: str | None = None
    """Default currency of the users, and so of what they create; None: the corporate one."""

    # -- order settings of the org [facts: orders 4.8]
    reduction_orders: bool = True
    """Reduction orders are enabled."""
    zero_quantity: bool = False
    """Order products may have the quantity 0."""
    negative_quantity: bool = False
    """Order products may have a negative quantity."""

    # -- permissions of the API user [facts: orders 4.7]; the Python door may do everything
    api_enabled: bool = True
    """The API user has "API Enabled"; off: 403 API_DISABLED_FOR_ORG [facts: api 1.5]."""
    activate_orders: bool = True
    """The API user may activate orders."""
    edit_activated_orders: bool = True
    """The API user may edit activated orders and their lines."""
    create_reduction_orders: bool = True
    """The API user may create reduction orders."""
    activate_contracts: bool = True
    """The API user may activate contracts."""
    view_all_data: bool = True
    """Needed to upsert by an external id that is not unique [facts: api 3.4]."""
    customize_application: bool = True
    """Customize Application, Modify Metadata, and managing permission sets [facts: api 10]."""
    external_ids_per_object: int = 25
    """So many external ids an object may have [facts: api 10, memory]."""

    # -- logins [facts: api 1]
    org_active: bool = True
    """Off: "organization is inactive/locked"."""
    trusted_addresses: bool = False
    """Clients come from trusted addresses: a password needs no security token behind it."""
    wrong_passwords_allowed: int = 10
    """So many wrong passwords lock a user out for 15 minutes [facts: api 1.2, numbers from memory]."""
    login_host_matters: bool = False
    """A sandbox knows its users only at test.salesforce.com, production only at login.salesforce.com."""
    refresh_tokens_rotate: bool = False
    """Each use of a refresh token yields a new one and ends the old one [facts: api 1.1]."""
    sessions_reach_rest: bool = True
    """Off: "This session is not valid for use with the REST API", which no new token cures [facts: api 1.5]."""
    soap_login: bool = True
    """login() of the SOAP API is switched on; newly created orgs have it off [facts: api 1.3]."""

    # -- doubtful facts
    account_from_contract: bool = True
    """An order without account takes its contract's [facts: orders 4.1, unknown for REST]."""
    inactive_entry_refused: bool = True
    """New order products need an active entry, product and book [facts: orders 4.2, memory]."""
    inactive_pricebook_refused: bool = True
    """An order cannot be created on an inactive price book [facts: orders 4.1, unknown]."""
    pricebook_change_without_items: bool = True
    """A draft order without lines may change its price book [facts: orders 4.4, doubt 2]."""
    strict_activation: bool = False
    """Refuse other standard fields beside Status on activation [facts: orders 4.3, doubt 9]."""
    contract_must_be_active: bool = True
    """Activating an order needs an activated contract [facts: orders 4.3]."""
    deactivation_clears_date: bool = True
    """ActivatedDate and ActivatedById are emptied on deactivation [facts: orders 4.5, doubt 6]."""
    draft_reductions_block_deactivation: bool = True
    """Draft reduction lines, too, keep the original activated [facts: orders 4.5, doubt 5]."""
    reduction_price_must_match: bool = True
    """Price and entry sent on a reduction line must equal the original's [facts: orders 5.2, doubt 4]."""
    reduced_lines_frozen: bool = True
    """No standard field of a reduced line can be edited; off: Quantity alone [facts: orders 4.4, text]."""
    delete_activated_contracts: bool = True
    """An activated contract can be deleted [facts: orders 7, docs and a sandbox disagree]."""
    missing_unit_price_code: str = "REQUIRED_FIELD_MISSING"
    """Code of "Order Products must have a Unit Price." [facts: orders 4.2, doubt 3]."""
    zero_quantity_code: str = "FIELD_INTEGRITY_EXCEPTION"
    """Code of the refusal of zero and negative quantities [facts: orders 4.2, doubt 3]."""
    item_delete_code: str = "ENTITY_IS_LOCKED"
    """Code when a line of an activated order is deleted [facts: orders 4.5, ENTITY_IS_LOCKED or DELETE_FAILED]."""
    same_activation_is_silent: bool = True
    """Activated to the same status by Status alone leaves the row untouched [facts: orders 4.3]."""
    reparent_code: str = "FIELD_INTEGRITY_EXCEPTION"
    """Code when account or contract of an activated order change [facts: orders 12, row 21, code free]."""
    readonly_status: int = 400
    """HTTP status of INSUFFICIENT_ACCESS_OR_READONLY, 400 or 403 [facts: api 12, doubt 7]."""
    round_unit_price: bool = True
    """Excess decimals are rounded half up to the field's scale; off: refused [facts: orders 6.3, doubt 10]."""
    keys_like_files: tuple[str, ...] = ("inc",)
    """Endings after a dot with which an external id in a URL is not found [facts: api 3.4, one example]."""
    precondition_code: str = "PRECONDITION_FAILED"
    """errorCode of a 412 [facts: api 12, doubt 4]."""
    row_last_modified: bool = True
    """GET of a row answers with Last-Modified [facts: api 12, doubt 6]."""
    conditional_delete: bool = True
    """DELETE of a row heeds If-Unmodified-Since [facts: api 12, doubt 5]."""
    soap_login_gone_code: str = "UNSUPPORTED_API_VERSION"
    """exceptionCode of login() in API 65.0 and later, where it is gone [facts: api 1.3, code unknown]."""
    wrong_secret_status: int = 400
    """HTTP status of a wrong client secret, 400 or 401 [facts: api 12, doubt 10]."""
    bad_userinfo_status: int = 403
    """HTTP status of userinfo with a bad token, 403 or 401 [facts: api 12, doubt 14]."""
    place_order_status: int = 201
    """HTTP status of a successful Place Order POST [facts: orders 8, memory]."""
    place_order_rolls_back: bool = True
    """A refused Place Order leaves nothing; off: what came before it stays [facts: orders 13, doubt 7]."""
    tree_status: int = 201
    """HTTP status of a tree that was created [facts: api 12, doubt 16]."""
    tree_reference_status: int = 400
    """HTTP status when a tree's record has no referenceId, 400 or 403 [facts: api 3.11 is silent; a client saw 403]."""
    describe_matches_etag: bool = True
    """Describe heeds If-None-Match; documented for Account rows only, yet it sends ETags [facts: api 3.2, 3.6]."""
    limits_stale_seconds: int = 0
    """How long /limits repeats old figures, on the platform up to 300 [facts: api 3.9]."""
    record_count_stale_seconds: int = 0
    """How long recordCount repeats old figures: they are cached and approximate [facts: api 3.7]."""
    order_currency_of: str = "user"
    """Whose currency an order takes that names none: "user" or "account" [facts: orders 9.3, memory]."""
    contract_currency_must_match: bool = True
    """An order has the currency of its contract [facts: orders 4.6]."""
    currency_decimals_kept: bool = True
    """Amounts are rounded to the decimals of their currency, none for JPY [facts: orders 6.3]; off: always two."""
    currency_change_converts: bool = True
    """A new CurrencyIsoCode converts amounts that are not sent with it [facts: none; observed on a forum]."""
    smallest_batch: int = 200
    """The smallest batchSize of Sforce-Query-Options that is honoured [facts: api 3.5]."""
    delete_log_days: int = 15
    """How far back deletes are known [facts: api 3.8]."""
    delete_log_capacity: int = 50_000
    """Rows of the log of deletions (5,000 per licence) above which those older than 2 h go [facts: api 3.8]."""
    most_replicated_ids: int = 600_000
    """The most ids that getUpdated and getDeleted list [facts: api 3.8]."""
    recycle_bin_days: int = 15
    """How long deleted rows stay in the recycle bin [facts: api 6.4]."""
    recycle_bin_capacity: int = 25_600
    """Rows in the bin (25 per MB of storage) above which the oldest, after 2 h at least, go [facts: api 6.4]."""
    lock_wait_seconds: float = 0.0
    """How long, in real seconds, a write waits for a locked row; an org about 10 [facts: api 5.5, memory]."""
    rollups_lock_parents: bool = False
    """A roll-up into a row also locks that row's parents, as saving it does [facts: api 5.5, orders 4.9, unclear]."""
    rollups_are_validated: bool = True
    """A roll-up into a row fires that object's validation rules [facts: orders 4.9, inference]."""
    price_lists_are_locked: bool = False
    """Lookups to price books, entries and products lock these, too [facts: api 5.5, "Pricebook2?" memory]."""
    custom_lookups_lock: bool = True
    """Custom lookups lock like standard ones [facts: api 5.5; orders 10 hints that they do not]."""
    long_request_seconds: int = 20
    """From when on a running call counts as long [facts: api 5.1]."""
    concurrent_long_requests: int = 25
    """So many long calls may run at once: 25, in Developer Edition and trials 5 [facts: api 5.1]."""
    bulk_one: bool = True
    """Bulk API 1.0 is there; off: FeatureNotEnabled, at which some clients turn to REST [facts: api 4.3]."""
    hard_delete: bool = True
    """The API user has the permission "Bulk API Hard Delete" [facts: api 4.2]."""
    bulk_polls: int = 0
    """How many status polls find a bulk job unfinished, each a step further; 0: it is done at the first poll."""
    bulk_csv_zulu: bool = True
    """Datetimes in Bulk CSV end in .000Z; off: in .000+0000 [facts: api 12, doubt 1]."""
    bulk_json_dates_in_ms: bool = False
    """Bulk 1.0 JSON writes dates, too, as milliseconds, not only datetimes [facts: api 4.3, silent on dates]."""
    bulk_early_results_status: int = 400
    """HTTP status of results asked before the job is complete, 400 or 404 [facts: api 12, doubt 2]."""
    bulk_page_rows: int = 50_000
    """Rows on a page of query results where the client names no number [facts: api 4.1]."""
    bulk_upload_bytes: int = 100 * 1024 * 1024
    """The most data of an ingest job, before base64 makes 150 MB of it [facts: api 4.2]."""
    daily_bulk_queries: int = 10_000
    """Query jobs in 24 hours [facts: api 4.1]."""
    daily_bulk_batches: int = 15_000
    """Batches of Bulk API 1.0, and of 10,000 ingested records, in 24 hours [facts: api 4.2]."""
    per_app_usage: str | None = None
    """Name of an app for the long form of Sforce-Limit-Info [facts: api 5.1]."""
