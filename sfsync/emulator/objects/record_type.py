"""RecordType: the variants of objects. A plain org has none; objects imported from another org bring theirs."""

from sfsync.emulator.objects.build import SET_UP, SYSTEM, sobject

_RECORD_TYPE = f"""
Name | string 80 | CUF | Record Type Name
DeveloperName | string 80 | CU | Record Type Name
NamespacePrefix | string 15 | N | Namespace Prefix
Description | string 255 | CUN | Description
BusinessProcessId | reference | CUN | Business Process ID | to=BusinessProcess rel=BusinessProcess
SobjectType | picklist 40 | C | SObject Type Name
IsActive | boolean | CUD | Active
{SYSTEM}
"""

RECORD_TYPE = sobject(
    "RecordType",
    "012",
    _RECORD_TYPE,
    label="Record Type",
    **SET_UP | {"createable": True, "updateable": True, "replicateable": True},
)
