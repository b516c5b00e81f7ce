"""Account and Contact: who buys. Their fields carry the attributes of recorded describes [facts: api 0.3]."""

from sfsync.emulator.objects.build import DELETED, SYSTEM, VIEWED, address, sobject

_ACCOUNT = f"""
{DELETED}
MasterRecordId | reference | N | Master Record ID | to=Account rel=MasterRecord
Name | string 255 | CUF | Account Name | in=Name info=switchablepersonname
Type | picklist 40 | CUNP | Account Type
RecordTypeId | reference | CUN | Record Type ID | to=RecordType rel=RecordType
ParentId | reference | CUNPS | Parent Account ID | to=Account rel=Parent children=ChildAccounts
{address("Billing", "Billing")}
{address("Shipping", "Shipping")}
Phone | phone 40 | CUNP | Account Phone
Fax | phone 40 | CUNP | Account Fax
AccountNumber | string 40 | CUNP | Account Number
Website | url 255 | CUNP | Website
PhotoUrl | url 255 | N | Photo URL | info=imageurl
Sic | string 20 | CUNP | SIC Code
Industry | picklist 40 | CUNP | Industry
AnnualRevenue | currency 18,0 | CUNP | Annual Revenue
NumberOfEmployees | int 8 | CUNP | Employees
Ownership | picklist 40 | CUNP | Ownership
TickerSymbol | string 20 | CUNP | Ticker Symbol
Description | textarea 32000 | CUNP | Account Description
Rating | picklist 40 | CUNP | Account Rating
Site | string 80 | CUNP | Account Site
OwnerId | reference | CUD | Owner ID | to=User rel=Owner
{SYSTEM}
LastActivityDate | date | N | Last Activity
{VIEWED}
IsPartner | boolean | UD | Partner Account
IsCustomerPortal | boolean | UD | Customer Portal Account
ChannelProgramName | string 255 | Nfs | Channel Program Name
ChannelProgramLevelName | string 255 | Nfs | Channel Program Level Name
Jigsaw | string 20 | CUNP | Data.com Key
JigsawCompanyId | string 20 | N | Jigsaw Company ID | rel=JigsawCompany
CleanStatus | picklist 40 | CUNRP | Clean Status
AccountSource | picklist 40 | CUNP | Account Source
DunsNumber | string 9 | CUNP | D-U-N-S Number
Tradestyle | string 255 | CUNP | Tradestyle
NaicsCode | string 8 | CUNP | NAICS Code
NaicsDesc | string 120 | CUNP | NAICS Description
YearStarted | string 4 | CUNP | Year Started
SicDesc | string 80 | CUNP | SIC Description
DandbCompanyId | reference | CUNPS | D&B Company ID | to=DandBCompany rel=DandbCompany
OperatingHoursId | reference | CUNPS | Operating Hour ID | to=OperatingHours rel=OperatingHours
"""

_ACCOUNT_VALUES = {
    "Type": (
        *("Prospect", "Customer - Direct", "Customer - Channel", "Channel Partner / Reseller"),
        *("Installation Partner", "Technology Partner", "Other"),
    ),
    "Industry": (
        *("Agriculture", "Apparel", "Banking", "Biotechnology", "Chemicals", "Communications", "Construction"),
        *("Consulting", "Education", "Electronics", "Energy", "Engineering", "Entertainment", "Environmental"),
        *("Finance", "Food & Beverage", "Government", "Healthcare", "Hospitality", "Insurance", "Machinery"),
        *("Manufacturing", "Media", "Not For Profit", "Recreation", "Retail", "Shipping", "Technology"),
        *("Telecommunications", "Transportation", "Utilities", "Other"),
    ),
    "Ownership": ("Public", "Private", "Subsidiary", "Other"),
    "Rating": ("Hot", "Warm", "Cold"),
    "CleanStatus": (
        *("Matched=In Sync", "Different", "Acknowledged=Reviewed", "NotFound=Not Found", "Inactive"),
        *("Pending=Not Compared", "SelectMatch=Select Match", "Skipped"),
    ),
    "AccountSource": ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"),
}

_CONTACT = f"""
{DELETED}
MasterRecordId | reference | N | Master Record ID | to=Contact rel=MasterRecord
AccountId | reference | CUNPS | Account ID | to=Account rel=Account children=Contacts cascade
LastName | string 80 | CU | Last Name | in=Name info=personname
FirstName | string 40 | CUN | First Name | in=Name info=personname
Salutation | picklist 40 | CUN | Salutation | in=Name info=personname
Name | string 121 | F | Full Name | info=personname
{address("Other", "Other")}
{address("Mailing", "Mailing")}
Phone | phone 40 | CUNP | Business Phone
Fax | phone 40 | CUNP | Business Fax
MobilePhone | phone 40 | CUNP | Mobile Phone
HomePhone | phone 40 | CUNP | Home Phone
OtherPhone | phone 40 | CUNP | Other Phone
AssistantPhone | phone 40 | CUNP | Asst. Phone
ReportsToId | reference | CUNPS | Reports To ID | to=Contact rel=ReportsTo
Email | email 80 | CUNLP | Email
Title | string 128 | CUNP | Title
Department | string 80 | CUNP | Department
AssistantName | string 40 | CUNP | Assistant's Name
LeadSource | picklist 255 | CUNP | Lead Source
Birthdate | date | CUNP | Birthdate
Description | textarea 32000 | CUNP | Contact Description
OwnerId | reference | CUD | Owner ID | to=User rel=Owner
{SYSTEM}
LastActivityDate | date | N | Last Activity
LastCURequestDate | datetime | N | Last Stay-in-Touch Request Date
LastCUUpdateDate | datetime | N | Last Stay-in-Touch Save Date
{VIEWED}
EmailBouncedReason | string 255 | CUN | Email Bounced Reason
EmailBouncedDate | datetime | CUN | Email Bounced Date
IsEmailBounced | boolean | D | Is Email Bounced
PhotoUrl | url 255 | N | Photo URL | info=imageurl
Jigsaw | string 20 | CUNP | Data.com Key
JigsawContactId | string 20 | N | Jigsaw Contact ID | rel=JigsawContact
CleanStatus | picklist 40 | CUNRP | Clean Status
IndividualId | reference | CUNS | Individual ID | to=Individual rel=Individual
"""

_CONTACT_VALUES = {
    "Salutation": ("Mr.", "Ms.", "Mrs.", "Dr.", "Prof."),
    "LeadSource": ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"),
    "CleanStatus": _ACCOUNT_VALUES["CleanStatus"],
}


def _scopes(plural: str) -> tuple[tuple[str, str], ...]:
    return (
        ("everything", f"All {plural}"),
        ("mine", f"My {plural}"),
        ("scopingRule", "Filter by scope"),
        ("team", f"My team's {plural}"),
    )


ACCOUNT = sobject(
    "Account",
    "001",
    _ACCOUNT,
    _ACCOUNT_VALUES,
    mergeable=True,
    scopes=_scopes("accounts"),
)
CONTACT = sobject(
    "Contact",
    "003",
    _CONTACT,
    _CONTACT_VALUES,
    mergeable=True,
    scopes=_scopes("contacts"),
)
