"""Order, its products and its statuses, built from the object reference [facts: orders 2 and 3]."""

from sfsync.emulator.objects.build import DELETED, SET_UP, SYSTEM, VIEWED, address, sobject
from sfsync.emulator.objects.contract import STATUS_TABLE, STATUS_TABLE_HAS

_ORDER = f"""
OwnerId | reference | CUD | Owner ID | to=Group,User rel=Owner
ContractId | reference | CUNPS | Contract ID | to=Contract rel=Contract children=Orders cascade restrict
AccountId | reference | CUNPS | Account ID | to=Account rel=Account children=Orders cascade restrict
Pricebook2Id | reference | CUNDPS | Price Book ID | to=Pricebook2 rel=Pricebook2 children=Orders
OriginalOrderId | reference | CNDPS | Order ID | to=Order rel=OriginalOrder children=Orders
OpportunityId | reference | CUNPS | Opportunity ID | to=Opportunity rel=Opportunity children=Orders
EffectiveDate | date | CU | Order Start Date
EndDate | date | CUNP | Order End Date
IsReductionOrder | boolean | CD | Reduction Order
Status | picklist 100 | CUR | Status
Description | textarea 32000 | CUNP | Description
CustomerAuthorizedById | reference | CUNPS | Customer Authorized By ID | \
to=Contact rel=CustomerAuthorizedBy restrict
CustomerAuthorizedDate | date | CUNP | Customer Authorized Date
CompanyAuthorizedById | reference | CUNPS | Company Authorized By ID | to=User rel=CompanyAuthorizedBy
CompanyAuthorizedDate | date | CUNP | Company Authorized Date
Type | picklist 255 | CUNP | Order Type
{address("Billing", "Billing")}
{address("Shipping", "Shipping")}
Name | string 80 | CUNP | Order Name
PoDate | date | CUNP | PO Date
PoNumber | string 80 | CUNP | PO Number
OrderReferenceNumber | string 80 | CUNP | Order Reference Number
BillToContactId | reference | CUNPS | Bill To Contact ID | to=Contact rel=BillToContact restrict
ShipToContactId | reference | CUNPS | Ship To Contact ID | to=Contact rel=ShipToContact restrict
ActivatedDate | datetime | UNP | Activated Date
ActivatedById | reference | UNPS | Activated By ID | to=User rel=ActivatedBy
StatusCode | picklist 40 | UR | Status Category
OrderNumber | string 30 | AF | Order Number | auto={{00000000}}
TotalAmount | currency 18,2 | P | Order Amount
{SYSTEM}
{DELETED}
{VIEWED}
"""

# Type ships without values; Superseded exists in Revenue Cloud only [facts: orders 2, 2.2].
_ORDER_VALUES = {"Status": ("Draft", "Activated"), "StatusCode": ("Draft", "Activated")}

_ITEM = f"""
Product2Id | reference | CNS | Product ID | to=Product2 rel=Product2
{DELETED}
OrderId | reference | C | Order ID | to=Order rel=Order children=OrderItems cascade
PricebookEntryId | reference | CS | Price Book Entry ID | to=PricebookEntry rel=PricebookEntry children=OrderItems
OriginalOrderItemId | reference | CNPS | Order Product ID | to=OrderItem rel=OriginalOrderItem children=ChildOrderItems
AvailableQuantity | double 18,2 | NP | Available Quantity
Quantity | double 18,2 | CU | Quantity
UnitPrice | currency 18,2 | CUN | Unit Price
ListPrice | currency 18,2 | CN | List Price
TotalPrice | currency 18,2 | NP | Total Price
ServiceDate | date | CUNP | Start Date
EndDate | date | CUNP | End Date
Description | string 255 | CUNP | Line Description
{SYSTEM}
OrderItemNumber | string 30 | AF | Order Product Number | auto={{0000000000}}
"""

ORDER = sobject(
    "Order",
    "801",
    _ORDER,
    _ORDER_VALUES,
    scopes=(("everything", "All orders"), ("mine", "My orders")),
)
# No undelete and no search on order products [facts: orders 1].
ORDER_ITEM = sobject(
    "OrderItem",
    "802",
    _ITEM,
    label="Order Product",
    undeletable=False,
    searchable=False,
    mru_enabled=False,
)
ORDER_STATUS = sobject(
    "OrderStatus",
    "8OS",
    STATUS_TABLE,
    {"StatusCode": _ORDER_VALUES["StatusCode"]},
    label="Order Status Value",
    label_plural="Order Status Value",
    more=STATUS_TABLE_HAS,
    **SET_UP,
)
