"""Organization and User: the org itself and who works in it."""

from sfsync.emulator.links import with_pages
from sfsync.emulator.objects.build import SET_UP, SYSTEM, address, sobject

_ADDRESS = address("", "").strip().replace("CUNP", "UN").replace("NP", "N")

_ORGANIZATION = f"""
Name | string 80 | UF | Name
Division | string 80 | UN | Division
{_ADDRESS}
Phone | phone 40 | UN | Phone
Fax | phone 40 | UN | Fax
PrimaryContact | string 80 | UN | Primary Contact
DefaultLocaleSidKey | picklist 40 | U | Locale
TimeZoneSidKey | picklist 40 | U | Time Zone
LanguageLocaleKey | picklist 40 | U | Language
ReceivesInfoEmails | boolean | U | Info Emails
ReceivesAdminInfoEmails | boolean | U | Info Emails Admin
PreferencesRequireOpportunityProducts | boolean | U | RequireOpportunityProducts
PreferencesTransactionSecurityPolicy | boolean | U | TransactionSecurityPolicy
PreferencesTerminateOldestSession | boolean | U | TerminateOldestSession
PreferencesConsentManagementEnabled | boolean | U | ConsentManagementEnabled
PreferencesAutoSelectIndividualOnMerge | boolean | U | AutoSelectIndividualOnMerge
PreferencesLightningLoginEnabled | boolean | U | LightningLoginEnabled
PreferencesOnlyLLPermUserAllowed | boolean | U | OnlyLLPermUserAllowed
FiscalYearStartMonth | int 9 | N | Fiscal Year Starts In
UsesStartDateAsFiscalYearName | boolean | | Fiscal Year Name by Start
DefaultAccountAccess | picklist 40 | N | Default Account Access
DefaultContactAccess | picklist 40 | N | Default Contact Access
DefaultOpportunityAccess | picklist 40 | N | Default Opportunity Access
DefaultLeadAccess | picklist 40 | N | Default Lead Access
DefaultCaseAccess | picklist 40 | N | Default Case Access
DefaultCalendarAccess | picklist 40 | N | Default Calendar Access
DefaultPricebookAccess | picklist 40 | N | Default Price Book Access
DefaultCampaignAccess | picklist 40 | N | Default Campaign Access
DelegatedAuthenticationServiceUrl | url 255 | N | Delegated Authentication URL
SystemModstamp | datetime | D | System Modstamp
ComplianceBccEmail | email 80 | N | Compliance BCC Email
UiSkin | picklist 40 | N | UI Skin
SignupCountryIsoCode | string 2 | N | Signup Country
TrialExpirationDate | datetime | N | Trial Expiration Date
NumKnowledgeService | int 9 | N | Knowledge Licenses
OrganizationType | picklist 40 | N | Edition
NamespacePrefix | string 15 | N | Namespace Prefix
InstanceName | string 5 | N | Instance Name
IsSandbox | boolean | D | Is Sandbox
WebToCaseDefaultOrigin | string 40 | N | Web to Cases Default Origin
MonthlyPageViewsUsed | int 9 | N | Monthly Page Views Used
MonthlyPageViewsEntitlement | int 9 | N | Monthly Page Views Allowed
IsReadOnly | boolean | D | Is Read Only
CreatedDate | datetime | D | Created Date
CreatedById | reference | D | Created By ID | to=User rel=CreatedBy
LastModifiedDate | datetime | D | Last Modified Date
LastModifiedById | reference | D | Last Modified By ID | to=User rel=LastModifiedBy
"""

_USER = f"""
Username | string 80 | CUL | Username
LastName | string 80 | CU | Last Name | in=Name info=personname
FirstName | string 40 | CUN | First Name | in=Name info=personname
Name | string 121 | F | Full Name | info=personname
CompanyName | string 80 | CUN | Company Name
Title | string 80 | CUN | Title
Email | email 128 | CUL | Email
Phone | phone 40 | CUN | Phone
Alias | string 8 | CU | Alias
CommunityNickname | string 40 | CU | Nickname
IsActive | boolean | CUD | Active
TimeZoneSidKey | picklist 40 | CU | Time Zone
LocaleSidKey | picklist 40 | CU | Locale
EmailEncodingKey | picklist 40 | CU | Email Encoding
LanguageLocaleKey | picklist 40 | CU | Language
ProfileId | reference | CU | Profile ID | to=Profile rel=Profile
UserType | picklist 40 | N | User Type
ManagerId | reference | CUNPS | Manager ID | to=User rel=Manager
{SYSTEM}
ContactId | reference | CN | Contact ID | to=Contact rel=Contact children=Users restrict
AccountId | reference | N | Account ID | to=Account rel=Account children=Users
"""

# No list views and no approvals, but passwords [facts: api 0.3].
_USER_LINKS = (
    *("compactLayouts", "rowTemplate", "namedLayouts", "passwordUtilities"),
    *("describe", "quickActions", "layouts", "sobject"),
)

ORGANIZATION = sobject(
    "Organization",
    "00D",
    _ORGANIZATION,
    **SET_UP | {"updateable": True, "replicateable": True},
)
USER = sobject("User", "005", _USER, deletable=False, undeletable=False, links=with_pages(_USER_LINKS))

# Queues and public groups: what may own records beside users [facts: orders 2]. Fields from the object reference, by
# memory.
_GROUP = f"""
Name | string 40 | CUF | Name
DeveloperName | string 80 | CUN | Developer Name
Type | picklist 40 | CR | Type
Email | email 255 | CUN | Email
DoesSendEmailToMembers | boolean | CU | Send Email to Members
DoesIncludeBosses | boolean | CU | Include Bosses
{SYSTEM}
"""

GROUP = sobject(
    "Group", "00G", _GROUP, {"Type": ("Regular", "Queue", "Organization", "Role")}, undeletable=False, layoutable=False
)
