"""The chapter of Apex Manufacturing: an order of goods is shipped in parts, and then too much of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from sfsync.demo.story import Story

PRODUCT, ORDERED, FIRST, SECOND = "GPS Tracker", 60, 40, 25
OTHER, OTHERS = "Belt conveyor, 6 m", 4


def tell(story: Story, order: str, today: date) -> None:
    """Ship Apex' order (activated, by its key) in two parts, of which the second is more than what is due."""
    story.chapter("10. Apex ships goods: how much of each order is gone, and what went out too much")
    story.say("Shipments are custom objects of the org. `setup-org` makes what is missing of them.")
    story.variables["SFSYNC_SHIPMENTS__ENABLED"] = "true"
    story.run("setup-org", "--apply", last=4)
    first = ("--line", f"{PRODUCT}={FIRST}", "--line", f"{OTHER}={OTHERS}")
    story.run("shipments", "add", order, *first, "--carrier", "DHL", "--shipped-on", str(today))
    story.run("push", brief=True)
    story.say("\nWhat the warehouse works from:")
    story.run("shipments", "list", "--partial")
    story.say(
        f"\nOf {ORDERED} trackers {FIRST} are gone, and somebody packs {SECOND} more. That is recorded and alarmed:"
    )
    story.run("shipments", "add", order, "--line", f"{PRODUCT}={SECOND}", "--over")
    story.run("sync", last=6)
