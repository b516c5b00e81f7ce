"""What of SOQL the emulator does, refuses, or does when told to: one row each, with a statement that shows it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["done", "switchable", "refused"]


@dataclass(frozen=True, slots=True)
class Row:
    """One feature. `example` works if the state is done, and is refused if it is refused.

    A switchable one is refused unless the setting named `switch` is on.
    """

    feature: str
    state: State
    note: str
    example: str
    switch: str | None = None


def _done(feature: str, example: str, note: str = "") -> Row:
    return Row(feature, "done", note, example)


def _refused(feature: str, example: str, note: str) -> Row:
    return Row(feature, "refused", note, example)


_SELECT = (
    _done("Fields, in any case", "SELECT id, NAME FROM account"),
    _done("Parents, up to 5 levels and 55 relationships", "SELECT Order.Account.Owner.Name FROM OrderItem"),
    _done(
        "Children, up to 5 levels and 20 in a query",
        "SELECT Id, (SELECT Id, (SELECT Id FROM OrderItems) FROM Orders) FROM Account",
    ),
    _done("Compound addresses", "SELECT BillingAddress FROM Account"),
    _done("Alias of the object", "SELECT a.Name FROM Account a WHERE a.Name != null"),
    _done("Parents named in FROM", "SELECT c.LastName, a.Name FROM Contact c, c.Account a"),
    _refused(
        "Children named in FROM", "SELECT Id FROM Account a, a.Contacts c", "The old comma form, for parents only"
    ),
    _done("TYPEOF", "SELECT TYPEOF Owner WHEN User THEN Username ELSE Name END FROM Order"),
    _done("Type of a polymorphic parent", "SELECT Id FROM Order WHERE Owner.Type = 'User'"),
    _done("FIELDS(STANDARD)", "SELECT FIELDS(STANDARD) FROM Order"),
    _done("FIELDS(ALL), FIELDS(CUSTOM)", "SELECT FIELDS(ALL) FROM Order LIMIT 200", "With a LIMIT of at most 200"),
    _done("toLabel()", "SELECT toLabel(Status) FROM Order WHERE toLabel(Status) = 'Draft'"),
    _done(
        "format()",
        "SELECT FORMAT(TotalAmount) f, TotalAmount FROM Order",
        "As en_US with US dollars, whatever the locale",
    ),
    Row(
        "convertCurrency()",
        "switchable",
        "Refused in an org with one currency; rates are those of CurrencyType",
        "SELECT convertCurrency(AnnualRevenue) FROM Account",
        "multicurrency",
    ),
    _refused(
        "DISTANCE() and GEOLOCATION()",
        "SELECT DISTANCE(BillingAddress, GEOLOCATION(1, 2), 'km') FROM Account",
        "No geography",
    ),
    _refused("Aliases of plain fields", "SELECT Name n FROM Account", "As the platform does"),
)
_WHERE = (
    _done("= != <> < <= > >=", "SELECT Id FROM Account WHERE Name >= 'a' AND AnnualRevenue <> 5"),
    _done(
        "AND, OR, NOT with parentheses", "SELECT Id FROM Account WHERE (NOT Name = 'a') AND (Site = 'b' OR Fax = 'c')"
    ),
    _refused(
        "AND beside OR or NOT without parentheses",
        "SELECT Id FROM Account WHERE Name = 'a' AND NOT Site = 'b'",
        "As the platform does",
    ),
    _done("LIKE with % and _", r"SELECT Id FROM Account WHERE Name LIKE 'A\_%'"),
    _done("IN, NOT IN", "SELECT Id FROM Account WHERE Name NOT IN ('a', null)"),
    _done("INCLUDES, EXCLUDES", "SELECT Id FROM Account WHERE Colours__c INCLUDES ('red;blue', 'green')"),
    _done(
        "Semi-joins and anti-joins",
        "SELECT Id FROM Account WHERE Id NOT IN (SELECT AccountId FROM Order)",
        "Two in a query, with all restrictions",
    ),
    _done(
        "Dates and datetimes",
        "SELECT Id FROM Order WHERE CreatedDate > 2026-01-01T00:00:00.000+01:00 AND EffectiveDate < 2030-01-01",
        "Compared by the second",
    ),
    _done(
        "Date literals",
        "SELECT Id FROM Order WHERE CreatedDate = LAST_N_DAYS:3 AND EffectiveDate != THIS_FISCAL_QUARTER",
        "Days of the user's time zone, weeks from Sunday, the org's fiscal year",
    ),
    _done("Date functions", "SELECT Id FROM Order WHERE CALENDAR_YEAR(convertTimezone(CreatedDate)) = 2026"),
    _refused(
        "A date function compared with a date literal",
        "SELECT Id FROM Order WHERE DAY_ONLY(CreatedDate) = TODAY",
        "As the platform documents",
    ),
    Row(
        "Amounts in a currency: USD5000",
        "switchable",
        "Refused in an org with one currency",
        "SELECT Id FROM Account WHERE AnnualRevenue > USD5000",
        "multicurrency",
    ),
    _refused(
        "Long text", "SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD, also for sorting and grouping"
    ),
    _refused("Bind variables", "SELECT Id FROM Account WHERE Name = :name", "Apex only"),
)
_GROUPS = (
    _done("COUNT()", "SELECT COUNT() FROM Account"),
    _done(
        "COUNT, COUNT_DISTINCT, SUM, AVG, MIN, MAX",
        "SELECT COUNT(Id), COUNT_DISTINCT(Name), SUM(AnnualRevenue), AVG(AnnualRevenue), MAX(Site) FROM Account",
    ),
    _done(
        "GROUP BY and HAVING",
        "SELECT Name, COUNT(Id) n FROM Account GROUP BY Name HAVING COUNT(Id) > 1 ORDER BY COUNT(Id)",
    ),
    _done(
        "GROUP BY date functions",
        "SELECT CALENDAR_YEAR(CreatedDate), COUNT(Id) FROM Order GROUP BY CALENDAR_YEAR(CreatedDate)",
    ),
    _done(
        "GROUP BY ROLLUP and CUBE, GROUPING()",
        "SELECT Name, Type, GROUPING(Type), COUNT(Id) FROM Account GROUP BY CUBE(Name, Type)",
    ),
    _refused("A grouped field aggregated", "SELECT COUNT(Name) FROM Account GROUP BY Name", "As the platform does"),
    _refused(
        "A date function that is not grouped",
        "SELECT CALENDAR_YEAR(CreatedDate), Name FROM Account",
        "As the platform documents",
    ),
)
_REST = (
    _done(
        "ORDER BY several, ASC, DESC, NULLS FIRST, NULLS LAST",
        "SELECT Id FROM Account ORDER BY Site DESC NULLS LAST, Parent.Name, Id",
    ),
    _refused(
        "ORDER BY a function without GROUP BY",
        "SELECT Id FROM Account ORDER BY CALENDAR_YEAR(CreatedDate)",
        "Undocumented",
    ),
    _done("LIMIT and OFFSET", "SELECT Id FROM Account LIMIT 5 OFFSET 2000", "OFFSET up to 2,000"),
    _done("USING SCOPE everything, mine", "SELECT Id FROM Order USING SCOPE mine"),
    _refused(
        "Other scopes",
        "SELECT Id FROM Account USING SCOPE team",
        "INVALID_QUERY_SCOPE: there are no teams, territories or queues",
    ),
    _done(
        "WITH SECURITY_ENFORCED, USER_MODE, SYSTEM_MODE",
        "SELECT Id FROM Account WITH USER_MODE",
        "Changes nothing: a user sees what it may see",
    ),
    _refused("WITH DATA CATEGORY", "SELECT Id FROM Account WITH DATA CATEGORY Geography__c AT Asia__c", "No articles"),
    _done(
        "FOR VIEW, FOR REFERENCE, FOR UPDATE",
        "SELECT Id FROM Account FOR VIEW FOR REFERENCE",
        "Changes nothing in REST",
    ),
    _refused("ALL ROWS", "SELECT Id FROM Account ALL ROWS", "Apex only: REST has queryAll"),
    _refused("UPDATE TRACKING, UPDATE VIEWSTAT", "SELECT Id FROM Account UPDATE TRACKING", "No articles"),
)

ROWS: tuple[Row, ...] = (*_SELECT, *_WHERE, *_GROUPS, *_REST)
"""The whole surface, in the order of a statement's clauses."""
