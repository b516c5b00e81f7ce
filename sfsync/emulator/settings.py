"""What differs from org to org: switches, users and clients. Every doubtful fact is a switch, with its section."""

from __future__ import annotations

from dataclasses import dataclass, field


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


@dataclass(slots=True)
class User:
    """A user who may hold a session; the integration user of the org is the first."""

    username: str
    first_name: str
    last_name: str
    email: str
    active: bool = True


@dataclass(slots=True)
class OAuthClient:
    """A connected app. `run_as` is the user of client credentials; `public_key` (PEM) checks JWT assertions."""

    client_id: str
    client_secret: str
    run_as: str | None = None
    public_key: str | None = None
    approved_users: frozenset[str] | None = None


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
    org_id: str = "00D5e0000000001EAA"
    instance_url: str = "https://org.example"
    sandbox: bool = True
    time_zone: str = "UTC"
    daily_limit: int = 100_000
    logins_per_hour: int = 3_600
    session_seconds: int = 7_200  # sliding inactivity [facts: api 1.5]
    users: list[User] = field(
        default_factory=lambda: [User("integration@emulator.test", "Integration", "User", "integration@emulator.test")]
    )
    clients: list[OAuthClient] = field(
        default_factory=lambda: [
            OAuthClient("3MVG9sfsyncEMULATOR", "emulator-secret", run_as="integration@emulator.test")
        ]
    )
    order_statuses: tuple[StatusValue, ...] = ORDER_STATUSES
    contract_statuses: tuple[StatusValue, ...] = CONTRACT_STATUSES
    stages: tuple[Stage, ...] = STAGES

    # -- order settings of the org [facts: orders 4.8]
    reduction_orders: bool = True
    zero_quantity: bool = False
    negative_quantity: bool = False

    # -- permissions of the API user [facts: orders 4.7]; the Python door may do everything
    api_enabled: bool = True
    activate_orders: bool = True
    edit_activated_orders: bool = True
    create_reduction_orders: bool = True
    activate_contracts: bool = True

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
    precondition_code: str = "PRECONDITION_FAILED"
    """errorCode of a 412 [facts: api 12, doubt 4]."""
    row_last_modified: bool = True
    """GET of a row answers with Last-Modified [facts: api 12, doubt 6]."""
    conditional_delete: bool = True
    """DELETE of a row heeds If-Unmodified-Since [facts: api 12, doubt 5]."""
    wrong_secret_status: int = 400
    """HTTP status of a wrong client secret, 400 or 401 [facts: api 12, doubt 10]."""
    bad_userinfo_status: int = 403
    """HTTP status of userinfo with a bad token, 403 or 401 [facts: api 12, doubt 14]."""
    place_order_status: int = 201
    """HTTP status of a successful Place Order POST [facts: orders 8, memory]."""
    smallest_batch: int = 200
    """The smallest batchSize of Sforce-Query-Options that is honoured [facts: api 3.5]."""
    delete_log_days: int = 15
    """How far back deletes are known [facts: api 3.8]."""
    per_app_usage: str | None = None
    """Name of an app for the long form of Sforce-Limit-Info [facts: api 5.1]."""
