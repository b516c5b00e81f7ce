"""FROM with several names, TYPEOF, subtotals, scopes, and clauses that change nothing."""

from typing import Any

import pytest

from sfsync.emulator.soql import execute
from tests.emulator.rows import NOW, Rows


@pytest.fixture(scope="module")
def rows() -> Rows:
    made = Rows()
    boss = made.add("User", Name="Bo", LastName="Bo")
    ann = made.add("User", Name="Ann", LastName="Ann", ManagerId=boss)
    for name, kind, site in (("a", "Prospect", "Bonn"), ("b", "Prospect", "Calw"), ("c", None, "Bonn")):
        account = made.add("Account", Name=name, Type=kind, Site=site, OwnerId=ann)
        made.add("Order", Name=name, AccountId=account, OwnerId=ann if name == "a" else boss)
    made.add("Order", Name="unowned")
    return made


def plain(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name != "attributes"} for one in records]


def test_parents_may_be_named_in_from(rows: Rows) -> None:
    text = "SELECT o.Name, a.Site, a.Owner.Name FROM Order o, o.Account a WHERE a.Name = 'a'"

    (order,) = rows.query(text)

    assert (order["Name"], order["Account"]["Site"], order["Account"]["Owner"]["Name"]) == ("a", "Bonn", "Ann")
    assert rows.prepare("SELECT count() FROM Order o, o.Account a, a.Owner u WHERE u.Name = 'Ann'").total_size == 3


def test_only_relationships_may_follow_the_object_in_from(rows: Rows) -> None:
    assert "relationship 'Contacts'" in rows.refusal("SELECT Id FROM Account a, a.Contacts c").message
    assert "relationship 'Contact'" in rows.refusal("SELECT Id FROM Account, Contact").message


def test_typeof_selects_by_the_kind_of_the_parent(rows: Rows) -> None:
    text = "SELECT TYPEOF Owner WHEN User THEN Name, Manager.Name ELSE Name END, Name FROM Order ORDER BY Name"

    first, second, *_, last = rows.query(text)

    assert list(first) == ["attributes", "Owner", "Name"]
    assert first["Owner"]["attributes"]["type"] == "User"
    assert (first["Owner"]["Name"], first["Owner"]["Manager"]["Name"]) == ("Ann", "Bo")
    assert (second["Owner"]["Name"], second["Owner"]["Manager"]) == ("Bo", None)
    assert last["Owner"] is None


def test_other_kinds_get_what_stands_after_else(rows: Rows) -> None:
    (order,) = rows.query("SELECT TYPEOF Owner WHEN Group THEN DeveloperName ELSE Name END FROM Order WHERE Name = 'a'")

    assert list(order["Owner"]) == ["attributes", "Name"]


def test_what_a_queue_owns_has_a_group_as_owner(rows: Rows) -> None:
    queue = rows.add("Group", Name="Desk", DeveloperName="desk", Type="Queue")
    order = rows.add("Order", Name="queued", OwnerId=queue)
    found = rows.query("SELECT Owner.Name, Owner.Type FROM Order WHERE Owner.Type = 'group' AND Owner.Name = 'DESK'")
    kind = rows.query("SELECT TYPEOF Owner WHEN Group THEN Type, Name END FROM Order WHERE Name = 'queued'")
    rows.db.delete_row("Order", order, "2026-02-01T00:00:00", hard=True)

    assert plain([one["Owner"] for one in found]) == [{"Name": "Desk", "Type": "Group"}]
    assert found[0]["Owner"]["attributes"]["type"] == "Group"
    assert plain([one["Owner"] for one in kind]) == [{"Type": "Queue", "Name": "Desk"}]


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        (
            "SELECT TYPEOF Account WHEN Account THEN Name END FROM Order",
            "MALFORMED_QUERY",
            "needs a polymorphic relationship",
        ),
        ("SELECT TYPEOF Owner WHEN Contact THEN Name END FROM Order", "INVALID_TYPE", "sObject type 'Contact'"),
        ("SELECT TYPEOF Owner WHEN User THEN Nonsense END FROM Order", "INVALID_FIELD", "No such column 'Nonsense'"),
        (
            "SELECT TYPEOF Owner WHEN User THEN Name END, Owner.Name FROM Order",
            "INVALID_FIELD",
            "duplicate field selected",
        ),
        (
            "SELECT Owner.Name, TYPEOF Owner WHEN User THEN Name END FROM Order",
            "INVALID_FIELD",
            "duplicate field selected",
        ),
        ("SELECT TYPEOF Owner END FROM Order", "MALFORMED_QUERY", "unexpected token: 'END'"),
        (
            "SELECT TYPEOF Owner WHEN User THEN Name END FROM Order GROUP BY Name",
            "MALFORMED_QUERY",
            "can not be grouped",
        ),
    ],
)
def test_typeof_is_for_parents_of_several_kinds(rows: Rows, text: str, code: str, reason: str) -> None:
    refusal = rows.refusal(text)

    assert refusal.code == code
    assert reason in refusal.message


def test_rollup_adds_subtotals_from_right_to_left(rows: Rows) -> None:
    found = rows.query(
        "SELECT Type, Site, COUNT(Id) n, GROUPING(Site) total FROM Account GROUP BY ROLLUP(Type, Site) "
        "ORDER BY GROUPING(Type), Type NULLS LAST, GROUPING(Site), Site"
    )

    assert [tuple(one.values()) for one in plain(found)] == [
        ("Prospect", "Bonn", 1, 0),
        ("Prospect", "Calw", 1, 0),
        ("Prospect", None, 2, 1),
        (None, "Bonn", 1, 0),
        (None, None, 1, 1),
        (None, None, 3, 1),
    ]


def test_cube_adds_subtotals_of_every_combination(rows: Rows) -> None:
    found = rows.query(
        "SELECT Type t, Site s, COUNT(Id) n FROM Account WHERE Type != null GROUP BY CUBE(Type, Site) "
        "HAVING COUNT(Id) > 0 ORDER BY Type NULLS LAST, Site NULLS LAST LIMIT 5"
    )

    assert [tuple(one.values()) for one in plain(found)] == [
        *(("Prospect", "Bonn", 1), ("Prospect", "Calw", 1), ("Prospect", None, 2)),
        *((None, "Bonn", 1), (None, "Calw", 1)),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT COUNT(Id) FROM Account GROUP BY ROLLUP(Name, Type, Site, Fax)", "allows up to 3 fields"),
        ("SELECT COUNT(Id) FROM Account GROUP BY Name, ROLLUP(Type)", "unexpected token: 'ROLLUP'"),
        ("SELECT GROUPING(Site) FROM Account GROUP BY ROLLUP(Type)", "Grouping function takes a grouped field"),
        ("SELECT Type, COUNT(Type) FROM Account GROUP BY Type", "Grouped field should not be aggregated: Type"),
    ],
)
def test_what_cannot_be_subtotalled_is_malformed(rows: Rows, text: str, reason: str) -> None:
    refusal = rows.refusal(text)

    assert refusal.code == "MALFORMED_QUERY"
    assert reason in refusal.message


def test_the_scope_mine_is_what_the_user_owns(rows: Rows) -> None:
    (ann,) = rows.column("SELECT Id FROM User WHERE Name = 'Ann'")
    schema, db = rows.schema, rows.db

    mine = execute("SELECT Name FROM Order USING SCOPE mine WHERE Name != 'x'", schema=schema, db=db, now=NOW, user=ann)

    assert [one["Name"] for one in mine.records] == ["a"]
    assert len(rows.query("SELECT Id FROM Order USING SCOPE Everything")) == 4


@pytest.mark.parametrize(("sobject", "scope"), [("Account", "team"), ("Order", "nonsense"), ("OrderItem", "mine")])
def test_a_scope_the_object_has_not_is_refused(rows: Rows, sobject: str, scope: str) -> None:
    refusal = rows.refusal(f"SELECT Id FROM {sobject} USING SCOPE {scope}")

    assert refusal.code == "INVALID_QUERY_SCOPE"


@pytest.mark.parametrize(
    "clauses",
    [
        "WITH SECURITY_ENFORCED",
        "WITH user_mode ORDER BY Name",
        "FOR VIEW",
        "LIMIT 9 FOR REFERENCE FOR VIEW",
        "FOR UPDATE",
    ],
)
def test_what_has_no_influence_is_read_and_left(rows: Rows, clauses: str) -> None:
    assert len(rows.query(f"SELECT Id FROM Account {clauses}")) == 3


@pytest.mark.parametrize(
    ("clauses", "reason"),
    [
        ("ALL ROWS", "ALL ROWS not allowed in this context"),
        ("LIMIT 5 ALL ROWS", "ALL ROWS not allowed in this context"),
        ("WITH DATA CATEGORY a AT b", "unexpected token: 'CATEGORY'"),
        ("FOR VIEW FOR VIEW", "unexpected token: 'FOR'"),
        ("FOR NOTHING", "unexpected token: 'NOTHING'"),
        ("ORDER BY Name FOR UPDATE", "Explicit ORDER BY not allowed when locking rows (Id order is implied)"),
        ("OFFSET 1 FOR UPDATE", "FOR UPDATE cannot be used in conjunction with the OFFSET clause"),
        ("UPDATE TRACKING", "unexpected token: 'TRACKING'"),
        ("WHERE Name = :name", "Bind variables only allowed in Apex code"),
        ("WHERE Name = 'a' AND NOT Name = 'b'", "unexpected token: 'NOT'"),
        ("WHERE NOT Name = 'a' AND Name = 'b'", "unexpected token: 'AND'"),
        ("WHERE NOT NOT Name = 'a'", "unexpected token: 'NOT'"),
        ("ORDER BY CALENDAR_YEAR(CreatedDate)", "unexpected token: 'CALENDAR_YEAR'"),
        ("WHERE DISTANCE(BillingAddress, GEOLOCATION(1, 2), 'km') < 5", "unexpected token: '1'"),
        ("WHERE Name INCLUDES (SELECT Id FROM Order)", "unexpected token: 'SELECT'"),
    ],
)
def test_what_the_rest_api_does_not_know_is_malformed(rows: Rows, clauses: str, reason: str) -> None:
    refusal = rows.refusal(f"SELECT Id FROM Account {clauses}")

    assert refusal.code == "MALFORMED_QUERY"
    assert refusal.message.endswith(reason)


def test_strings_have_up_to_4000_characters(rows: Rows) -> None:
    assert rows.names(f"Name = '{'x' * 4000}'") == []
    assert "4000 characters" in rows.refusal(f"SELECT Id FROM Account WHERE Name = '{'x' * 4001}'").message


def test_children_reach_five_levels_down(rows: Rows) -> None:
    def nested(levels: int) -> str:
        inner = "SELECT Id FROM ChildAccounts"
        for _ in range(levels - 2):
            inner = f"SELECT Id, ({inner}) FROM ChildAccounts"
        return f"SELECT Id, ({inner}) FROM Account"

    assert len(rows.query(nested(5))) == 3
    assert "Maximum 5 levels" in rows.refusal(nested(6)).message


def test_a_query_takes_55_parents_and_no_more(rows: Rows) -> None:
    steps = ["MasterRecord", "Parent", "Owner", "CreatedBy", "LastModifiedBy"]
    paths = [(*above, step) for above in [(), ("Parent",), ("Parent",) * 2, ("Parent",) * 3] for step in steps]
    paths += [
        ("MasterRecord", *above, step)
        for above in [(), ("Parent",), ("Parent",) * 2, ("Parent",) * 3]
        for step in steps
    ]
    paths += [
        ("Parent", "MasterRecord", *above, step) for above in [(), ("Parent",), ("Parent",) * 2] for step in steps
    ]
    fields = [".".join((*path, "Name")) for path in paths]

    assert len(rows.query(f"SELECT {', '.join(fields[:50])} FROM Account")) == 3
    assert (
        "Maximum 55 child-to-parent"
        in rows.refusal(
            f"SELECT {', '.join(fields)}, Owner.Manager.Manager.Name, CreatedBy.Manager.Name FROM Account"
        ).message
    )
