"""Organization and User: the org itself and who works in it."""

from sfsync.emulator.objects.build import SET_UP, SYSTEM, sobject

_ORGANIZATION = f"""
Name | string 80 | UF | Name
Division | string 80 | UN | Division
Street | textarea 255 | UN | Street
City | string 40 | UN | City
State | string 80 | UN | State/Province
PostalCode | string 20 | UN | Zip/Postal Code
Country | string 80 | UN | Country
Phone | phone 40 | UN | Phone
PrimaryContact | string 80 | UN | Primary Contact
DefaultLocaleSidKey | picklist 40 | U | Locale
TimeZoneSidKey | picklist 40 | U | Time Zone
LanguageLocaleKey | picklist 40 | U | Language
FiscalYearStartMonth | int 9 | N | Fiscal Year Starts In
NamespacePrefix | string 15 | N | Namespace Prefix
InstanceName | string 5 | N | Instance Name
IsSandbox | boolean | D | Is Sandbox
OrganizationType | picklist 40 | N | Edition
TrialExpirationDate | datetime | N | Trial Expiration Date
IsReadOnly | boolean | D | Is Read Only
{SYSTEM}
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
"""

ORGANIZATION = sobject(
    "Organization",
    "00D",
    _ORGANIZATION,
    **SET_UP | {"updateable": True},
)
USER = sobject("User", "005", _USER, deletable=False, undeletable=False)
