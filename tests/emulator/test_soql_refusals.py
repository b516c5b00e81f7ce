"""What is no SOQL, or names what is not there, is refused in Salesforce's own words."""

import pytest

from tests.emulator.rows import Rows


@pytest.fixture
def rows() -> Rows:
    return Rows()


def test_an_unknown_object_is_refused_as_recorded(rows: Rows) -> None:
    refusal = rows.refusal("select count() from XYZZY")

    assert refusal.as_rest() == [
        {
            "message": "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
            "sObject type 'XYZZY' is not supported. If you are attempting to use a custom object, be sure to append "
            "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate "
            "names.",
            "errorCode": "INVALID_TYPE",
        }
    ]


def test_an_unknown_field_is_refused_as_recorded(rows: Rows) -> None:
    refusal = rows.refusal("SELECT Id, Dispenser__c, Answer__c, Audit_Question__c FROM Order")

    assert refusal.code == "INVALID_FIELD"
    assert refusal.message == (
        "\nSELECT Id, Dispenser__c, Answer__c, Audit_Question__c\n           ^\nERROR at Row:1:Column:12\n"
        "No such column 'Dispenser__c' on entity 'Order'. If you are attempting to use a custom field, be sure to "
        "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names."
    )


def test_the_caret_stands_under_the_word_also_far_into_a_query_of_several_lines(rows: Rows) -> None:
    text = "SELECT Id\nFROM Account WHERE Name = 'Acme' AND BillingCity = 'Bonn' AND Nonsense = 1 ORDER BY Id"

    _, context, caret, place, reason = rows.refusal(text).message.split("\n")

    assert context[caret.index("^") :].startswith("Nonsense")
    line = text.split("\n")[1]
    assert place == f"ERROR at Row:2:Column:{line.index('Nonsense') + 1}"
    assert reason.startswith("No such column 'Nonsense' on entity 'Account'.")


def test_unknown_relationships_are_refused_both_ways(rows: Rows) -> None:
    parent = rows.refusal("SELECT Nonsense.Name FROM Order")
    child = rows.refusal("SELECT Id, (SELECT Id FROM Nonsenses) FROM Order")

    assert parent.code == "INVALID_FIELD"
    assert "Didn't understand relationship 'Nonsense' in field path." in parent.message
    assert child.code == "INVALID_TYPE"
    assert "Didn't understand relationship 'Nonsenses' in FROM part of query call." in child.message


def test_a_parent_object_the_org_does_not_have_cannot_be_reached(rows: Rows) -> None:
    assert "relationship 'Campaign'" in rows.refusal("SELECT Campaign.Name FROM Opportunity").message


def test_a_hidden_field_does_not_exist_anywhere_in_a_query(rows: Rows) -> None:
    rows.schema.hide_field("Order", "OpportunityId")

    for text in (
        "SELECT OpportunityId FROM Order",
        "SELECT Opportunity.Name FROM Order",
        "SELECT Id FROM Order WHERE OpportunityId = null",
        "SELECT Id FROM Order ORDER BY OpportunityId",
        "SELECT COUNT(Id) FROM Order GROUP BY OpportunityId",
    ):
        assert rows.refusal(text).code == "INVALID_FIELD"
    assert rows.refusal("SELECT Id, (SELECT Id FROM Orders) FROM Opportunity").code == "INVALID_TYPE"


def test_an_object_that_is_switched_off_does_not_exist(rows: Rows) -> None:
    rows.schema.hide_object("Order")

    assert rows.refusal("SELECT Id FROM Order").code == "INVALID_TYPE"
    assert rows.refusal("SELECT Order.Status FROM OrderItem").code == "INVALID_FIELD"
    assert rows.refusal("SELECT Id, (SELECT Id FROM Orders) FROM Account").code == "INVALID_TYPE"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "A query string has to be specified"),
        ("SELECT FROM Account", "unexpected token: 'FROM'"),
        ("SELECT Id, FROM Account", "unexpected token: 'FROM'"),
        ("SELECT Id", "unexpected token: <EOF>"),
        ("SELECT Id FROM WHERE Name = 'x'", "unexpected token: 'WHERE'"),
        ("SELECT Id FROM Account WHERE", "unexpected token: <EOF>"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Site = 'b' OR Fax = 'c'", "unexpected token: 'OR'"),
        ("SELECT Id FROM Account WHERE Name = 'a' OR Site = 'b' AND Fax = 'c'", "unexpected token: 'AND'"),
        ("SELECT Id FROM Account WHERE Name = Acme", "unexpected token: 'Acme'"),
        ("SELECT Id FROM Account WHERE CreatedDate = SOMEDAY", "unexpected token: 'SOMEDAY'"),
        ("SELECT Id FROM Account WHERE Name == 'x'", "unexpected token: '='"),
        ("SELECT Id FROM Account WHERE Name < null", "unexpected token: 'null'"),
        ("SELECT Id FROM Account WHERE Name IN ()", "unexpected token: ')'"),
        ("SELECT Id FROM Account LIMIT -1", "unexpected token: '-1'"),
        ("SELECT Id FROM Account LIMIT 1.5", "unexpected token: '1.5'"),
        ("SELECT Id FROM Account WITH NOTHING", "unexpected token: 'NOTHING'"),
        ("SELECT Id FROM Account; DROP TABLE Account", "no viable alternative at character ';'"),
        ("SELECT * FROM Account", "no viable alternative at character '*'"),
        ("SELECT Id FROM Account WHERE Name = 'open", "mismatched character '<EOF>' expecting '''"),
        ("SELECT Id FROM Account WHERE Name = 'a\\qb'", "Illegal character sequence '\\q' in string literal."),
        ("SELECT Id FROM Account WHERE Name = 'a\\%b'", "Illegal character sequence '\\%' in string literal."),
        ("SELECT Id the_id FROM Account", "only aggregate expressions use field aliasing"),
        ("SELECT UPPER(Name) FROM Account", "unexpected token: 'UPPER'"),
        ("SELECT FIELDS(ALL) FROM Account", "The SOQL FIELDS function must have a LIMIT of at most 200"),
        ("SELECT FIELDS(ALL) FROM Account LIMIT 201", "The SOQL FIELDS function must have a LIMIT of at most 200"),
        ("SELECT Id FROM Account WHERE COUNT(Id) > 1", "unexpected token: 'COUNT'"),
    ],
)
def test_what_is_no_soql_is_malformed(rows: Rows, text: str, reason: str) -> None:
    refusal = rows.refusal(text)

    assert refusal.code == "MALFORMED_QUERY"
    assert refusal.status == 400
    assert refusal.message.endswith(reason)
    assert refusal.fields is None


def test_a_plus_sign_that_arrived_as_a_blank_is_noticed_where_it_is(rows: Rows) -> None:
    condition = "LastModifiedDate >= 2013-12-01T12:00:00 00:00"

    refusal = rows.refusal(f"SELECT id, name, description FROM Account WHERE {condition}")

    assert refusal.message == (
        f"\n{condition}\n{' ' * 38}^\nERROR at Row:1:Column:87\nline 1:87 no viable alternative at character ' '"
    )


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("CreatedDate > '2026-01-01T00:00:00Z'", "'CreatedDate' must be of type dateTime and should not be enclosed"),
        ("CreatedDate > 2026-01-01", "'CreatedDate' must be of type dateTime and should not be enclosed in quotes"),
        ("LastActivityDate = 2026-01-01T00:00:00Z", "'LastActivityDate' must be of type date and should not be"),
        ("Name = 5", "'Name' must be of type string and should be enclosed in quotes"),
        ("Name LIKE 5", "'Name' must be of type string and should be enclosed in quotes"),
        ("AnnualRevenue > '5'", "'AnnualRevenue' must be of type double and should not be enclosed in quotes"),
        (
            "NumberOfEmployees IN (1, 'a')",
            "'NumberOfEmployees' must be of type int and should not be enclosed in quotes",
        ),
        ("IsDeleted = 'true'", "'IsDeleted' must be of type boolean and should not be enclosed in quotes"),
        ("Name = true", "'Name' must be of type string and should be enclosed in quotes"),
        ("IsDeleted > false", "invalid operator on boolean field"),
        ("Id LIKE '001%'", "invalid operator on id field"),
        ("Description = 'x'", "field 'Description' can not be filtered in a query call"),
        ("BillingAddress = null", "field 'BillingAddress' can not be filtered in a query call"),
    ],
)
def test_a_value_that_does_not_fit_the_field_is_refused(rows: Rows, condition: str, wanted: str) -> None:
    refusal = rows.refusal(f"SELECT Id FROM Account WHERE {condition}")

    assert refusal.code == "INVALID_FIELD"
    assert wanted in refusal.message


def test_long_text_can_be_neither_sorted_nor_grouped(rows: Rows) -> None:
    by_text = rows.refusal("SELECT Id FROM Order ORDER BY Description")
    grouped = rows.refusal("SELECT COUNT(Id) FROM Order GROUP BY Description")

    assert by_text.message.endswith("field 'Description' can not be sorted in a query call")
    assert grouped.message.endswith("field 'Description' can not be grouped in a query call")


@pytest.mark.parametrize("value", ["abc", "0015500001QdQWaAAX", "00155"])
def test_something_that_is_no_id_is_refused(rows: Rows, value: str) -> None:
    refusal = rows.refusal(f"SELECT Id FROM Order WHERE AccountId = '{value}'")

    assert refusal.code == "INVALID_QUERY_FILTER_OPERATOR"
    assert refusal.message.endswith(f"invalid ID field: {value}")


def test_a_day_that_does_not_exist_is_refused(rows: Rows) -> None:
    assert rows.refusal("SELECT Id FROM Order WHERE EffectiveDate = 2026-02-30").code == "MALFORMED_QUERY"


@pytest.mark.parametrize("twice", ["Id, id", "Name, Account.Name", "Parent.Name, PARENT.name"])
def test_a_field_selected_twice_is_refused(rows: Rows, twice: str) -> None:
    refusal = rows.refusal(f"SELECT {twice} FROM Account")

    assert refusal.code == "INVALID_FIELD"
    assert "duplicate field selected: " in refusal.message


def test_more_than_five_levels_of_parents_are_refused(rows: Rows) -> None:
    assert rows.query(f"SELECT {'Parent.' * 5}Name FROM Account") == []
    assert rows.refusal(f"SELECT {'Parent.' * 6}Name FROM Account").status == 400


def test_an_offset_beyond_2000_is_refused(rows: Rows) -> None:
    refusal = rows.refusal("SELECT Id FROM Account OFFSET 2001")

    assert (refusal.code, refusal.message) == ("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")


def test_a_query_of_more_than_100_000_characters_is_refused(rows: Rows) -> None:
    assert rows.refusal("SELECT Id FROM Account" + " " * 100_000).code == "MALFORMED_QUERY"
