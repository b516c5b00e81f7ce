"""Recording shipments by command and file, and looking at them, with the real program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mirror import mirrored
from tests.shipping import add_objects, in_org, ordered

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.store.engine import Database
    from tests.cli.conftest import Program
    from tests.world import World


@pytest.fixture(autouse=True)
def enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "true")


@pytest.fixture
def order(org: World, sfsync: Program) -> str:
    """The number of an activated order of 10 Licence A and 4 Licence B."""
    add_objects(org.org)
    ordered(org, (10, 5), (4, 7))
    assert sfsync("sync").code == 0
    return str(org.org.query("SELECT OrderNumber FROM Order")[0]["OrderNumber"])


def test_a_shipment_is_recorded_sent_listed_corrected_and_voided(org: World, order: str, sfsync: Program) -> None:
    given = ("--carrier", "DHL", "--status", "shipped", "--shipped-on", "2026-03-02")
    added = sfsync("shipments", "add", order, "--line", "A=6", "--line", "2=1", *given)
    assert (added.code, "is recorded with 2 lines" in added.text) == (0, True)
    assert "Would send 1 shipment" in sfsync("plan").text
    assert "waits: 7 of 14 due (50 %). The org has 0 of that. Not sent yet: " in sfsync("why", order).text
    assert "Shipments to be sent 1" in sfsync("status").text
    sent = sfsync("sync")
    assert "Shipments to be sent 0" in sfsync("status").text
    assert (sent.code, "Created 1 shipment with 2 lines" in sent.text) == (0, True)

    [key] = [one["SFSync_Key__c"] for one in in_org(org.org)]
    assert "50 %" in sfsync("shipments", "list", "--partial").text
    assert sfsync("orders", "list", "--partially-shipped").text.count(order) == 1
    assert "6 (60 %)" in sfsync("orders", "show", order).text
    page = sfsync("shipments", "show", key).text
    assert "Licence A" in page
    assert "2026-03-02" in page

    assert (
        "carrier, tracking_number changed"
        in sfsync("shipments", "set", key, "--carrier", "", "--tracking-number", "1Z").text
    )
    assert "(empty) → 1Z" in sfsync("shipments", "show", key).text
    assert sfsync("shipments", "void", key).code == 0
    assert sfsync("shipments", "void", key).text.endswith("is as wanted already.")
    assert "pushed changes of 1 shipment" in sfsync("sync").text.lower()
    assert in_org(org.org)[0]["Status__c"] == "Voided"
    assert sfsync("shipments", "list", "--partial").text == "There are no such shipments."
    assert "stays so" in sfsync("shipments", "set", key, "--status", "Shipped").err
    listed = sfsync("shipments", "list", "--order", order, "--json").json
    assert (listed["found"], listed["shipments"][0]["progress"]["percent"]) == (1, "0.00")


def test_more_than_is_due_is_refused_unless_it_is_meant_and_then_alarmed(order: str, sfsync: Program) -> None:
    refused = sfsync("shipments", "add", order, "--line", "A=11")
    assert (refused.code, "10 due, 0 shipped already, 11 more" in " ".join(refused.err.split())) == (2, True)

    assert sfsync("shipments", "add", order, "--line", "A=11", "--over", "--reference", "BOX 1").code == 0
    alarmed = sfsync("sync")
    assert (alarmed.code, "1 over-shipped order" in alarmed.text) == (1, True)
    assert "11 shipped of 10 due" in sfsync("status").text
    assert "11 shipped of 10 due. Void what was recorded wrongly" in sfsync("why", order).text
    assert "BOX 1" in sfsync("shipments", "list", "--over").text
    assert "recorded before" in sfsync("shipments", "add", order, "--line", "A=1", "--reference", "BOX 1").err
    assert sfsync("shipments", "list", "--over", "--partial").code == 2


def test_wrong_lines_orders_and_values_are_refused_with_what_there_is(
    org: World, order: str, sfsync: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = " ".join(sfsync("shipments", "add", order, "--line", "X=1", "--line", "A=0", "--line", "A").err.split())
    assert "has no line “X”; it has A, B" in said
    assert "“0” is no quantity" in said
    assert "“A” should be LINE=QTY" in said
    assert "no status" in sfsync("shipments", "list", "--status", "Lost").err
    assert "no day" in sfsync("shipments", "add", order, "--line", "A=1", "--shipped-on", "today").err
    assert sfsync("shipments", "show", "#99").code == 2
    draft = org.order()
    org.item(draft)
    sfsync("sync")
    assert "is Draft" in sfsync("shipments", "add", draft, "--line", "A=1").err
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "false")
    assert "not enabled" in sfsync("shipments", "add", order, "--line", "A=1").err


def test_a_file_is_imported_whole_and_once(
    org: World, order: str, sfsync: Program, mirror: Database, tmp_path: Path
) -> None:
    file = tmp_path / "shipped.csv"
    head = "shipment,order,line,quantity,status,carrier\n"
    file.write_text(f"{head}B1,{order},A,4,Shipped,DHL\nB1,{order},B,4,,\nB2,{int(order)},A,6,,UPS\n")

    first, again = sfsync("shipments", "import", str(file)), sfsync("shipments", "import", str(file), "--json")

    assert first.text.startswith("2 shipments with 3 lines recorded.")
    assert (again.json["recorded"], again.json["known"]) == ([], 2)
    assert sfsync("sync").code == 0
    assert len(in_org(org.org)) == 2
    assert "1 shipment had been imported" not in first.text
    file.write_text(f"{head}B1,{order},A,4,Delivered,DHL\nB1,{order},B,4,,\n")
    assert "1 of them updated" in sfsync("shipments", "import", str(file), "--update").text
    sfsync("sync")
    assert {one["Status__c"] for one in in_org(org.org)} == {"Delivered", "Created"}
    sfsync("shipments", "void", "B1")
    assert "0 of them updated" in sfsync("shipments", "import", str(file), "--update").text
    assert len(mirrored(mirror, "shipments")) == 2


def test_a_bad_file_changes_nothing_and_lists_every_bad_line(
    order: str, sfsync: Program, mirror: Database, tmp_path: Path
) -> None:
    file = tmp_path / "bad.csv"
    good = f"G1,{order},A,1\n"
    file.write_text(
        f"shipment,order,line,quantity\n{good}B1,nobody,A,1\nB2,{order},X,1\nB3,{order},A,none\nB4,{order},B,5\n"
    )

    ended = sfsync("shipments", "import", str(file), "--json")

    assert ended.code == 2
    assert [one["line"] for one in ended.json["bad_lines"]] == [3, 4, 5, 6]
    assert "5 more" in ended.json["bad_lines"][3]["problem"]
    assert mirrored(mirror, "shipments") == []
    assert "4 lines of it are wrong" in sfsync("shipments", "import", str(file)).text
    file.write_text(f"shipment,order,line,quantity\n{good}")
    assert sfsync("shipments", "import", str(file)).code == 0
    file.write_text(f"shipment,order,line,quantity\nG1,{order},A,2\n")
    assert "with other lines" in sfsync("shipments", "import", str(file)).text
    file.write_bytes(b"\xff\xfe\x00")
    # The path decides where an error is folded.
    assert "no text in UTF-8" in " ".join(sfsync("shipments", "import", str(file)).err.split())
    assert "cannot be read" in " ".join(sfsync("shipments", "import", str(tmp_path / "none.csv")).err.split())


def test_a_refused_shipment_needs_attention_until_it_is_retried(org: World, order: str, sfsync: Program) -> None:
    sfsync("shipments", "add", order, "--line", "A=1", "--carrier", "much too long for the org", "--reference", "B1")
    ended = sfsync("sync")
    assert (ended.code, "1 shipment" in ended.text, "STRING_TOO_LONG" in ended.text) == (1, True, True)
    assert "STRING_TOO_LONG" in sfsync("shipments", "list", "--held").text
    assert "tried again by the next" in sfsync("shipments", "retry", "B1").text
    sfsync("shipments", "set", "B1", "--carrier", "DHL")
    assert sfsync("sync").code == 0
    assert "nothing is held" in sfsync("shipments", "retry", "B1").text
    assert in_org(org.org)[0]["Carrier__c"] == "DHL"


def test_setup_org_shows_what_it_would_create_and_creates_it(org: World, sfsync: Program) -> None:
    shown = sfsync("setup-org")
    assert (shown.code, "Shipment_Line__c.Quantity__c" in shown.text) == (0, True)
    assert "steps would be taken" in shown.text

    made = sfsync("setup-org", "--apply")

    assert (made.code, made.text.endswith("`sfsync doctor` proves it.")) == (0, True)
    assert sfsync("doctor").code == 0
    assert sfsync("setup-org", "--json").json == {"steps": []}
    assert sfsync("setup-org").text == "The org has everything: nothing would be created."
    assert sfsync("setup-org", "--apply").text == "The org has everything: nothing was created."
