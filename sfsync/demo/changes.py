"""Deals that change after they were ordered: one while its order is a draft, one when the order is out already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfsync.demo.story import Story
    from sfsync.emulator.org import Org

MORE = 5
"""Units that the customer of an order that is out already buys in addition."""


def resell_draft(story: Story, deal: str) -> None:
    """Have a rep sell twice as much of a deal whose order is still a draft."""
    line = _first_line(story.org, deal)
    twice = {"Quantity": 2 * line["Quantity"], "UnitPrice": line["UnitPrice"]}
    story.org.update("OpportunityLineItem", line["Id"], twice)
    story.say("A rep doubles the quantity of a deal that was ordered a minute ago; its order is still a draft.")


def sell_more(story: Story, deal: str) -> None:
    """Have a rep sell more of a deal whose order is activated: a line more."""
    line = _first_line(story.org, deal)
    more = {name: line[name] for name in ("PricebookEntryId", "UnitPrice")}
    story.org.insert("OpportunityLineItem", {"OpportunityId": deal, "Quantity": MORE, **more})
    story.say(f"A rep sells {MORE} more of a product to a customer whose order is out already.")


def amend(story: Story, deal: str) -> None:
    """Show what differs, and settle it."""
    story.say("An activated order is never edited. What differs from its deal is listed, until somebody settles it:")
    story.run("orders", "list", "--changed")
    story.run("orders", "amend", deal)
    story.run("sync", brief=True)
    story.run("orders", "list", "--deal", deal)


def _first_line(org: Org, deal: str) -> dict[str, Any]:
    found = org.query(
        "SELECT Id, Quantity, UnitPrice, PricebookEntryId FROM OpportunityLineItem"
        f" WHERE OpportunityId = '{deal}' ORDER BY SortOrder, Id LIMIT 1"
    )
    return found[0]
