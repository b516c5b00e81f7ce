"""Opportunity, its products and its stages: what was sold [facts: orders 6]."""

from sfsync.emulator.fields import Field
from sfsync.emulator.objects.build import DELETED, SET_UP, SYSTEM, VIEWED, sobject

_OPPORTUNITY = f"""
{DELETED}
AccountId | reference | CUNPS | Account ID | to=Account rel=Account children=Opportunities cascade
IsPrivate | boolean | CUDP | Private
Name | string 120 | CULF | Name
Description | textarea 32000 | CUNP | Description
StageName | picklist 255 | CU | Stage
Amount | currency 18,2 | CUNP | Amount
Probability | percent 3,0 | CUNDP | Probability (%)
ExpectedRevenue | currency 18,2 | NP | Expected Amount
TotalOpportunityQuantity | double 18,2 | CUNP | Quantity
CloseDate | date | CU | Close Date
Type | picklist 255 | CUNP | Opportunity Type
NextStep | string 255 | CUNP | Next Step
LeadSource | picklist 255 | CUNP | Lead Source
IsClosed | boolean | D | Closed
IsWon | boolean | D | Won
ForecastCategory | picklist 40 | R | Forecast Category
ForecastCategoryName | picklist 255 | CUNDR | Forecast Category
CampaignId | reference | CUNPS | Campaign ID | to=Campaign rel=Campaign
HasOpportunityLineItem | boolean | D | Has Line Item
Pricebook2Id | reference | CUNDS | Price Book ID | to=Pricebook2 rel=Pricebook2 children=Opportunities
ContractId | reference | CUNPS | Contract ID | to=Contract rel=Contract
OwnerId | reference | CUD | Owner ID | to=User rel=Owner
{SYSTEM}
LastActivityDate | date | N | Last Activity
LastStageChangeDate | datetime | N | Last Stage Change Date
FiscalQuarter | int 8 | N | Fiscal Quarter | in=Fiscal
FiscalYear | int 8 | N | Fiscal Year | in=Fiscal
Fiscal | string 6 | N | Fiscal Period | bytes=6
ContactId | reference | CN | Contact ID | to=Contact children=Opportunities
{VIEWED}
HasOpenActivity | boolean | Dfs | Has Open Activity
HasOverdueTask | boolean | Dfs | Has Overdue Task
LastAmountChangedHistoryId | reference | NS | Opportunity History ID | \
to=OpportunityHistory rel=LastAmountChangedHistory
LastCloseDateChangedHistoryId | reference | NS | Opportunity History ID | \
to=OpportunityHistory rel=LastCloseDateChangedHistory
"""

_OPPORTUNITY_VALUES = {
    "StageName": (
        *("Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Id. Decision Makers"),
        *("Perception Analysis", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost"),
    ),
    "Type": (
        *("Existing Customer - Upgrade", "Existing Customer - Replacement", "Existing Customer - Downgrade"),
        "New Customer",
    ),
    "LeadSource": ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"),
    "ForecastCategory": (
        *("Omitted", "Pipeline", "BestCase=Best Case", "MostLikely=Most Likely", "Forecast=Commit", "Closed"),
    ),
    "ForecastCategoryName": ("Omitted", "Pipeline", "Best Case", "Commit", "Closed"),
}

_LINE = f"""
OpportunityId | reference | C | Opportunity ID | to=Opportunity rel=Opportunity children=OpportunityLineItems cascade
SortOrder | int 9 | N | Sort Order
PricebookEntryId | reference | CNS | Price Book Entry ID | to=PricebookEntry rel=PricebookEntry \
children=OpportunityLineItems
Product2Id | reference | CNS | Product ID | to=Product2 rel=Product2 children=OpportunityLineItems
ProductCode | string 255 | N | Product Code
Name | string 376 | NF | Opportunity Product Name
Quantity | double 12,2 | CU | Quantity
TotalPrice | currency 18,2 | CUN | Total Price
UnitPrice | currency 18,2 | CUN | Sales Price
ListPrice | currency 18,2 | N | List Price
ServiceDate | date | CUNP | Date
Description | string 255 | CUNP | Line Description
{SYSTEM}
{DELETED}
"""

_STAGE = f"""
MasterLabel | string 255 | NF | Master Label
ApiName | string 255 | N | API Name
IsActive | boolean | D | Is Active
SortOrder | int 9 | N | Sort Order
IsClosed | boolean | D | Closed
IsWon | boolean | D | Won
ForecastCategory | picklist 40 | R | Forecast Category
ForecastCategoryName | picklist 255 | R | Forecast Category Name
DefaultProbability | percent 3,0 | N | Default Probability (%)
Description | string 255 | N | Description
{SYSTEM}
"""

OPPORTUNITY = sobject(
    "Opportunity",
    "006",
    _OPPORTUNITY,
    _OPPORTUNITY_VALUES,
    label_plural="Opportunities",
    deep_cloneable=True,
    scopes=(
        ("everything", "All opportunities"),
        ("mine", "My opportunities"),
        ("scopingRule", "Filter by scope"),
        ("team", "My team's opportunities"),
    ),
)
OPPORTUNITY_LINE_ITEM = sobject(
    "OpportunityLineItem",
    "00k",
    _LINE,
    label="Opportunity Product",
    label_plural="Opportunity Product",
    undeletable=False,
    mru_enabled=False,
    feed_enabled=False,
    searchable=False,
)
OPPORTUNITY_STAGE = sobject(
    "OpportunityStage",
    "01J",
    _STAGE,
    {name: _OPPORTUNITY_VALUES[name] for name in ("ForecastCategory", "ForecastCategoryName")},
    label="Opportunity Stage",
    **SET_UP,
)

# Discounts on lines come with Quotes: plain describes do not have them [facts: orders 6.2].
LINE_DISCOUNT_FIELDS = (
    Field("Discount", "percent", "Discount", precision=5, scale=2),
    Field("Subtotal", "currency", "Subtotal", precision=18, scale=2, createable=False, updateable=False),
)
