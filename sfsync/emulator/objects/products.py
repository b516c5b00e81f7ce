"""Products, price books and their entries: what can be sold and for how much."""

from sfsync.emulator.objects.build import DELETED, SYSTEM, VIEWED, sobject

_PRODUCT = f"""
Name | string 255 | CUF | Product Name
ProductCode | string 255 | CUNP | Product Code
Description | textarea 4000 | CUNP | Product Description
IsActive | boolean | CUDP | Active
{SYSTEM}
Family | picklist 255 | CUNP | Product Family
ExternalDataSourceId | reference | CUNPS | External Data Source ID | to=ExternalDataSource rel=ExternalDataSource
ExternalId | string 255 | CUNP | External ID
DisplayUrl | url 1000 | CUNP | Display URL
QuantityUnitOfMeasure | picklist 255 | CUNP | Quantity Unit Of Measure
{DELETED}
IsArchived | boolean | D | Archived
{VIEWED}
StockKeepingUnit | string 180 | CUNP | Product SKU
"""

_PRICE_BOOK = f"""
{DELETED}
Name | string 255 | CUF | Price Book Name
{SYSTEM}
{VIEWED}
IsActive | boolean | CUD | Active
IsArchived | boolean | D | Archived
Description | string 255 | CUNP | Description
IsStandard | boolean | D | Is Standard Price Book
"""

_ENTRY = f"""
Name | string 255 | NF | Product Name
Pricebook2Id | reference | C | Price Book ID | to=Pricebook2 rel=Pricebook2 children=PricebookEntries cascade
Product2Id | reference | C | Product ID | to=Product2 rel=Product2 children=PricebookEntries cascade
UnitPrice | currency 18,2 | CU | List Price
IsActive | boolean | CUD | Active
UseStandardPrice | boolean | CUD | Use Standard Price
{SYSTEM}
ProductCode | string 255 | N | Product Code
{DELETED}
IsArchived | boolean | D | Archived
"""

PRODUCT = sobject("Product2", "01t", _PRODUCT, {"Family": ("None",)}, label="Product")
PRICE_BOOK = sobject("Pricebook2", "01s", _PRICE_BOOK, label="Price Book")
PRICE_BOOK_ENTRY = sobject(
    "PricebookEntry",
    "01u",
    _ENTRY,
    label="Price Book Entry",
    label_plural="Price Book Entries",
    undeletable=False,
    mru_enabled=False,
    feed_enabled=False,
)
