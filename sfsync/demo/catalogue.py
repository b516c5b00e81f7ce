"""Who buys and what is sold in the demo's org: names, prices, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Article:
    """A product with its list price; `most` is the largest usual quantity on one line."""

    family: str
    code: str
    name: str
    price: Decimal
    most: int


@dataclass(frozen=True, slots=True)
class Customer:
    """An account; `family` is what it mostly buys."""

    name: str
    family: str
    industry: str
    city: str
    country: str


SUBSCRIPTIONS, GOODS, LICENCES = "Subscriptions", "Goods", "Licences"

_ARTICLES = """
Subscriptions | SUB-PLAT-S | Platform Starter, monthly | 49.00 | 24
Subscriptions | SUB-PLAT-T | Platform Team, yearly | 1188.00 | 40
Subscriptions | SUB-PLAT-E | Platform Enterprise, yearly | 18900.00 | 3
Subscriptions | SUB-SEAT | Additional seat, yearly | 199.00 | 250
Subscriptions | SUB-ANLT | Analytics add-on, yearly | 2400.00 | 6
Subscriptions | SUB-STOR | Storage pack 1 TB, yearly | 359.99 | 20
Subscriptions | SUB-API | API access, 1 million calls | 750.00 | 12
Subscriptions | SUB-SLA-G | Gold support, yearly | 4990.00 | 1
Subscriptions | SUB-SLA-P | Platinum support, yearly | 11900.00 | 1
Subscriptions | SUB-TRN | Online training seat | 89.50 | 30
Subscriptions | SUB-ONB | Onboarding package | 3500.00 | 1
Subscriptions | SUB-CONS | Consulting, per hour | 165.00 | 40
Subscriptions | SUB-SBX | Sandbox environment, yearly | 0.00 | 2
Goods | APX-CNV-2 | Belt conveyor, 2 m | 1845.00 | 12
Goods | APX-CNV-6 | Belt conveyor, 6 m | 4310.00 | 8
Goods | APX-ROL-50 | Steel roller, 50 mm | 12.35 | 900
Goods | APX-MOT-15 | Geared motor, 1.5 kW | 389.90 | 24
Goods | APX-PLC | Line controller | 1290.00 | 10
Goods | APX-SNS | Proximity sensor | 27.45 | 300
Goods | APX-CAB-10 | Shielded cable, 10 m | 18.20 | 200
Goods | APX-PAL | Pallet shuttle | 22750.00 | 4
Goods | APX-GPS | GPS Tracker | 74.99 | 150
Goods | APX-SCN | Handheld scanner | 629.00 | 45
Goods | APX-PRT | Label printer | 845.00 | 15
Goods | APX-SPR | Spare parts kit | 310.00 | 30
Goods | APX-INS | Installation, per day | 980.00 | 10
Goods | APX-FRT | Freight | 145.00 | 6
Licences | NVT-DEV | Developer licence | 100.00 | 200
Licences | NVT-PRO | Professional licence | 260.00 | 120
Licences | NVT-ENT | Enterprise licence | 540.00 | 400
Licences | NVT-SRV | Server licence, 16 cores | 6800.00 | 8
Licences | NVT-CAL | Client access licence | 38.00 | 1000
Licences | NVT-BLD | Build agent | 1250.00 | 25
Licences | NVT-MNT | Maintenance, yearly | 1999.00 | 5
Licences | NVT-MOB | Mobile runtime | 14.99 | 2000
Licences | NVT-SEC | Security scanner | 3333.33 | 3
Licences | NVT-EDU | Classroom licence | 7.50 | 600
Licences | NVT-WKS | Workshop, per day | 1480.00 | 5
"""

LEGACY_PRODUCT = Article(LICENCES, "NVT-LGC", "Legacy Connector", Decimal("420.00"), 10)
LEGACY_ENTRY = Article(GOODS, "APX-GPS1", "GPS Tracker, first edition", Decimal("59.90"), 80)
"""Sold for a while; the product, or its entry in the enterprise price book, is inactive by now."""

_CUSTOMERS = """
Harborview Hospitals | Subscriptions | Healthcare | Seattle | United States
Brightwater Utilities | Subscriptions | Utilities | Portland | United States
Larkspur Insurance Group | Subscriptions | Insurance | Hartford | United States
Meridian Credit Union | Subscriptions | Banking | Toronto | Canada
Tidewater Media | Subscriptions | Media | Charleston | United States
Fjordlys Energi AS | Subscriptions | Energy | Bergen | Norway
Kestrel & Finch Consulting | Subscriptions | Consulting | London | United Kingdom
O'Malley Foods | Subscriptions | Food & Beverage | Cork | Ireland
Quantia Biotech | Subscriptions | Biotechnology | Basel | Switzerland
Sunvale School District | Subscriptions | Education | Phoenix | United States
Lumen City Council | Subscriptions | Government | Birmingham | United Kingdom
Nordhavn Shipping A/S | Subscriptions | Shipping | Copenhagen | Denmark
Atelier Beauséjour | Subscriptions | Apparel | Lyon | France
Redwood Robotics | Subscriptions | Technology | San Jose | United States
Pacific Crest Telecom | Subscriptions | Telecommunications | San Diego | United States
Bluefin Hospitality | Subscriptions | Hospitality | Lisbon | Portugal
Evergreen Environmental | Subscriptions | Environmental | Vancouver | Canada
Castellan Legal Services | Subscriptions | Consulting | Edinburgh | United Kingdom
Silverline Rail | Subscriptions | Transportation | Utrecht | Netherlands
Mosaic Nonprofit Network | Subscriptions | Not For Profit | Chicago | United States
Ironbridge Steelworks | Goods | Manufacturing | Pittsburgh | United States
Müller Maschinenbau GmbH | Goods | Machinery | Stuttgart | Germany
Great Lakes Bottling | Goods | Food & Beverage | Milwaukee | United States
Oakhurst Furniture | Goods | Retail | Grand Rapids | United States
Cascade Timber Products | Goods | Manufacturing | Eugene | United States
Solaris Solar Fields | Goods | Energy | Seville | Spain
Prairie Grain Cooperative | Goods | Agriculture | Regina | Canada
Delta Freight Lines | Goods | Transportation | Memphis | United States
Hanseatic Port Logistics | Goods | Shipping | Hamburg | Germany
Sakura Precision K.K. | Goods | Electronics | Nagoya | Japan
Vulcan Foundry | Goods | Manufacturing | Sheffield | United Kingdom
Northwind Paper | Goods | Manufacturing | Tampere | Finland
Coppermine Construction | Goods | Construction | Tucson | United States
Bergström Pumpar AB | Goods | Machinery | Gothenburg | Sweden
Highland Distillers | Goods | Food & Beverage | Inverness | United Kingdom
Gulfstream Packaging | Goods | Manufacturing | Houston | United States
Alpine Cold Storage | Goods | Food & Beverage | Innsbruck | Austria
Magnolia Home Centers | Goods | Retail | Atlanta | United States
Terranova Mining | Goods | Engineering | Perth | Australia
Zephyr Aerostructures | Goods | Engineering | Toulouse | France
Bytewise Software | Licences | Technology | Austin | United States
Cloudberry Games | Licences | Entertainment | Helsinki | Finland
Polaris Bank | Licences | Banking | Warsaw | Poland
University of Westmere | Licences | Education | Leeds | United Kingdom
Sterling & Hart Finance | Licences | Finance | New York | United States
Nimbus Airlines | Licences | Transportation | Dublin | Ireland
Helix Genomics | Licences | Biotechnology | Cambridge | United Kingdom
Vector Defence Systems | Licences | Engineering | Huntsville | United States
Café Central Franchise | Licences | Hospitality | Vienna | Austria
Orchid Pharma | Licences | Healthcare | Hyderabad | India
Keystone Title Company | Licences | Finance | Philadelphia | United States
Lighthouse Learning | Licences | Education | Boston | United States
Tangent Analytics | Licences | Technology | Denver | United States
Saffron Telecom | Licences | Telecommunications | Mumbai | India
Granite State Insurance | Licences | Insurance | Concord | United States
Aurora Public Broadcasting | Licences | Media | Oslo | Norway
Pinnacle Engineering | Licences | Engineering | Calgary | Canada
Maple Ridge Clinics | Licences | Healthcare | Ottawa | Canada
Obsidian Security | Licences | Technology | Tallinn | Estonia
Riverbend County | Licences | Government | Des Moines | United States
"""

COBALT = Customer("Cobalt Ventures", SUBSCRIPTIONS, "Technology", "San Francisco", "United States")
APEX = Customer("Apex Manufacturing", GOODS, "Manufacturing", "Detroit", "United States")
NOVATECH = Customer("NovaTech Software", LICENCES, "Technology", "Boston", "United States")

REPS = ("Priya Raman", "Marcus Webb", "Elena Novak", "Tom Okafor", "Sofia Lindqvist", "Daniel Reyes")

SUBJECTS = {
    SUBSCRIPTIONS: ("Platform subscription", "Additional seats", "Renewal", "Analytics roll-out", "Support upgrade"),
    GOODS: ("Conveyor line", "Spare parts", "Warehouse expansion", "Scanner replacement", "Line automation"),
    LICENCES: ("Licence agreement", "Developer licences", "Licence true-up", "Build farm", "Campus licences"),
}

PRICE_BOOKS = {"enterprise": "Enterprise Agreement", "channel": "Channel Partners", "retired": "Launch Offer"}
PRICE_FACTORS = {"enterprise": Decimal("0.92"), "channel": Decimal("0.80"), "retired": Decimal("0.75")}
"""Price books beside the standard one, and what their prices are of the list prices."""


def articles() -> list[Article]:
    """Return all products but the legacy ones."""
    rows = [[cell.strip() for cell in line.split("|")] for line in _ARTICLES.strip().splitlines()]
    return [Article(family, code, name, Decimal(price), int(most)) for family, code, name, price, most in rows]


def customers() -> list[Customer]:
    """Return the customer accounts, the three main ones not among them."""
    return [Customer(*(cell.strip() for cell in line.split("|"))) for line in _CUSTOMERS.strip().splitlines()]
