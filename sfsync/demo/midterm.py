"""The chapter of NovaTech Software: in the middle of the term, 100 licences become 75."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from sfsync.demo.story import Story

ACCOUNT, PRODUCT, LICENCES, LEFT = "NovaTech Software", "Developer licence", 100, 75


def tell(story: Story, today: date) -> None:
    """Show what NovaTech has, take 25 licences back from today on, and show it for yesterday and for today."""
    whose = ("--account", ACCOUNT, "--product", PRODUCT)
    story.chapter(f"9. In the middle of the term, NovaTech's {LICENCES} licences become {LEFT}")
    story.say("Nobody has to know which orders hold them, and no order that is activated is ever edited.")
    story.run("orders", "reduce", *whose, "--to", str(LEFT), "--effective", str(today), "--activate", "--yes")
    story.run("sync", brief=True)
    story.say("\nWhat NovaTech was entitled to yesterday, and is from today on, with the orders behind it:")
    for day in (today - timedelta(days=1), today):
        story.run("entitlements", *whose, "--as-of", str(day), "--orders")
