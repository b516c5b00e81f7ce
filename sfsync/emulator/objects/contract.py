"""Contract and its statuses [facts: orders 7]."""

from sfsync.emulator.objects.build import DELETED, SET_UP, SYSTEM, VIEWED, address, sobject

_CONTRACT = f"""
AccountId | reference | CUPS | Account ID | to=Account rel=Account children=Contracts cascade restrict
Pricebook2Id | reference | CUNPS | Price Book ID | to=Pricebook2 rel=Pricebook2 children=Contracts
OwnerExpirationNotice | picklist 40 | CUNPR | Owner Expiration Notice
StartDate | date | CUNP | Contract Start Date
EndDate | date | N | Contract End Date
{address("Billing", "Billing")}
ContractTerm | int 9 | CUNP | Contract Term
OwnerId | reference | CUD | Owner ID | to=User rel=Owner
Status | picklist 40 | CUDR | Status
CompanySignedId | reference | CUNPS | Company Signed By ID | to=User rel=CompanySigned
CompanySignedDate | date | CUNP | Company Signed Date
CustomerSignedId | reference | CUNPS | Customer Signed By ID | to=Contact rel=CustomerSigned children=ContractsSigned \
restrict
CustomerSignedTitle | string 40 | CUNP | Customer Signed Title
CustomerSignedDate | date | CUNP | Customer Signed Date
SpecialTerms | textarea 4000 | CUNP | Special Terms
ActivatedById | reference | N | Activated By ID | to=User rel=ActivatedBy
ActivatedDate | datetime | N | Activated Date
StatusCode | picklist 40 | R | Status Category
Description | textarea 32000 | CUNP | Description
{DELETED}
ContractNumber | string 30 | AF | Contract Number | auto={{00000000}}
LastApprovedDate | datetime | N | Last Approved Date
{SYSTEM}
LastActivityDate | date | N | Last Activity
{VIEWED}
"""

_CONTRACT_VALUES = {
    "OwnerExpirationNotice": ("15=15 Days", "30=30 Days", "45=45 Days", "60=60 Days", "90=90 Days", "120=120 Days"),
    "Status": ("*Draft", "In Approval Process", "Activated"),
    "StatusCode": ("Draft", "InApproval=In Approval Process", "Activated", "Terminated", "Expired"),
}

STATUS_TABLE = f"""
MasterLabel | string 255 | NF | Master Label
ApiName | string 255 | N | API Name
SortOrder | int 9 | N | Sort Order
IsDefault | boolean | D | Is Default
StatusCode | picklist 40 | R | Status Category
{SYSTEM}
"""

# What the recorded status table of work orders is like [facts: api 0.3].
STATUS_TABLE_HAS = {"keyPrefix": None}

CONTRACT = sobject("Contract", "800", _CONTRACT, _CONTRACT_VALUES)
CONTRACT_STATUS = sobject(
    "ContractStatus",
    "811",
    STATUS_TABLE,
    {"StatusCode": _CONTRACT_VALUES["StatusCode"]},
    label="Contract Status Value",
    label_plural="Contract Status Value",
    more=STATUS_TABLE_HAS,
    **SET_UP,
)
