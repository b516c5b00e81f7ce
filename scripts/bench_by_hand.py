"""The script that a user would write by hand with simple-salesforce: one call per order, one per line. Never use it.

It forgets discounts that do not divide, cannot tell a lost answer from a refusal, and stops in the middle of an
order; here it is only the measure of what a cycle costs.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from typing import Any

import requests
from simple_salesforce.api import Salesforce

DEALS = (
    "SELECT Id, Name, AccountId, Pricebook2Id, CloseDate, "
    "(SELECT PricebookEntryId, Quantity, UnitPrice FROM OpportunityLineItems) "
    "FROM Opportunity WHERE StageName = 'Closed Won'"
)


def log_in(given: argparse.Namespace) -> Any:
    """Return the session with the org."""
    session = requests.Session()
    session.trust_env = False
    session.verify = given.ca_file
    grant = {"grant_type": "client_credentials", "client_id": given.client_id, "client_secret": given.client_secret}
    token = session.post(f"{given.login_url}/services/oauth2/token", data=grant, timeout=60).json()
    return Salesforce(
        instance_url=token["instance_url"], session_id=token["access_token"], session=session, version="66.0"
    )


def make_orders(org: Any) -> int:
    """Make an order for each won deal that has none, and return how many were made."""
    done = {order["OpportunityId"] for order in org.query_all("SELECT OpportunityId FROM Order")["records"]}
    deals = [deal for deal in org.query_all(DEALS)["records"] if deal["Id"] not in done]
    for deal in deals:
        header = {"AccountId": deal["AccountId"], "Pricebook2Id": deal["Pricebook2Id"], "OpportunityId": deal["Id"]}
        order = org.Order.create({**header, "EffectiveDate": deal["CloseDate"], "Status": "Draft"})
        for line in deal["OpportunityLineItems"]["records"]:
            fields = {name: line[name] for name in ("PricebookEntryId", "Quantity", "UnitPrice")}
            org.OrderItem.create({**fields, "OrderId": order["id"]})
    return len(deals)


def main() -> None:
    """Run twice, and print what that took; wait for a line of standard input in between."""
    parser = argparse.ArgumentParser(description="Orders from won deals, by hand.")
    for name in ("--login-url", "--ca-file", "--client-id", "--client-secret"):
        parser.add_argument(name, required=True)
    given = parser.parse_args()
    for _ in ("first", "idle"):
        started, cpu = time.monotonic(), time.process_time()
        orders = make_orders(log_in(given))
        took = time.monotonic() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        measured = {"orders": orders, "seconds": took, "cpu_seconds": time.process_time() - cpu, "max_rss": memory}
        sys.stdout.write(json.dumps(measured) + "\n")
        sys.stdout.flush()
        sys.stdin.readline()


if __name__ == "__main__":
    main()
