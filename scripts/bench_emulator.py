"""What the emulator can do, over TLS from another process, side by side with what is wanted of it."""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import ssl
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from bench_cycle import RSS_UNIT, program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

V = "/services/data/v66.0"
COLUMNS = (
    "Id, OpportunityId, PricebookEntryId, Product2Id, Quantity, UnitPrice, TotalPrice, Description, ServiceDate, "
    "SystemModstamp"
)
MOST_PAGES = 100
IDS_AT_ONCE = 500
TIMEOUT = 600


@dataclass
class Client:
    """One keep-alive connection with a session."""

    url: str
    ca_file: str
    token: str = ""
    _connection: http.client.HTTPSConnection = field(init=False)

    def __post_init__(self) -> None:
        context = ssl.create_default_context(cafile=self.ca_file)
        self._connection = http.client.HTTPSConnection(urlsplit(self.url).netloc, context=context, timeout=TIMEOUT)

    def send(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Send one request; an answer other than 2xx ends the benchmark."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self._connection.request(method, path, body, headers | ({"Content-Type": kind} if body is not None else {}))
        answer = self._connection.getresponse()
        read = answer.read()
        if answer.status // 100 != 2:  # noqa: PLR2004 - HTTP's class of success
            raise SystemExit(f"bench: {method} {path[:120]}: {answer.status} {read[:300]!r}")
        return answer, read

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """Send JSON, read JSON."""
        return json.loads(self.send(method, path, None if body is None else json.dumps(body).encode())[1])

    def login(self, client_id: str, client_secret: str) -> None:
        """Get a session."""
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        body = urlencode(form).encode()
        read = self.send("POST", "/services/oauth2/token", body, "application/x-www-form-urlencoded")[1]
        self.token = json.loads(read)["access_token"]

    def again(self) -> Client:
        """Another connection of the same session."""
        return Client(self.url, self.ca_file, self.token)


@dataclass(frozen=True)
class Figure:
    """One thing measured, and what is wanted of it: at most, or (`at_least`) at least so much."""

    name: str
    value: float
    unit: str
    wanted: float | None = None
    at_least: bool = False

    @property
    def margin(self) -> float | None:
        """How many times better than wanted; below 1 it is missed."""
        if self.wanted is None:
            return None
        return self.value / self.wanted if self.at_least else self.wanted / max(self.value, 1e-9)


def query_path(text: str) -> str:
    """The path of a query."""
    return f"{V}/query?q={quote(text)}"


def timed(calls: Iterator[Any]) -> list[float]:
    """The milliseconds each step of an iteration took."""
    took, started = [], time.perf_counter()
    for _ in calls:
        now = time.perf_counter()
        took.append((now - started) * 1000)
        started = now
    return took


def by_cursor(client: Client) -> Iterator[int]:
    """Read pages of all lines by cursor."""
    page = client.json("GET", query_path(f"SELECT {COLUMNS} FROM OpportunityLineItem"))
    yield len(page["records"])
    for _ in range(MOST_PAGES):
        if page["done"]:
            return
        page = client.json("GET", page["nextRecordsUrl"])
        yield len(page["records"])


def by_keyset(client: Client, ids: list[str]) -> Iterator[int]:
    """Read pages of all lines by the last Id of the page before; keeps the Ids."""
    last = ""
    for _ in range(MOST_PAGES):
        where = f" WHERE Id > '{last}'" if last else ""
        text = f"SELECT {COLUMNS} FROM OpportunityLineItem{where} ORDER BY Id LIMIT 2000"
        records = client.json("GET", query_path(text))["records"]
        if not records:
            return
        last = records[-1]["Id"]
        ids += [record["Id"] for record in records]
        yield len(records)


def by_ids(client: Client, ids: list[str]) -> Iterator[int]:
    """Read lines by lists of Ids."""
    for start in range(0, min(len(ids), MOST_PAGES * IDS_AT_ONCE), IDS_AT_ONCE):
        wanted = "','".join(ids[start : start + IDS_AT_ONCE])
        text = f"SELECT {COLUMNS} FROM OpportunityLineItem WHERE Id IN ('{wanted}')"
        yield len(client.json("GET", query_path(text))["records"])


def by_bulk(client: Client) -> int:
    """Read all lines by a Bulk API 2.0 query job; returns how many came."""
    query = {"operation": "query", "query": f"SELECT {COLUMNS} FROM OpportunityLineItem"}
    job = client.json("POST", f"{V}/jobs/query", query)["id"]
    while client.json("GET", f"{V}/jobs/query/{job}")["state"] != "JobComplete":
        pass
    rows, locator = 0, ""
    while locator != "null":
        answer, read = client.send("GET", f"{V}/jobs/query/{job}/results?maxRecords=50000&locator={locator}")
        rows += sum(1 for _ in csv.reader(read.decode().splitlines(keepends=True))) - 1
        locator = answer.headers["Sforce-Locator"]
    return rows


def at_once(clients: Iterable[Client], method: str, path: str, calls: int, body: bytes | None = None) -> float:
    """Send a small call again and again over all connections at once; returns the calls per second."""

    def work(client: Client) -> None:
        for _ in range(calls):
            client.send(method, path, body)

    workers = [threading.Thread(target=work, args=[client]) for client in clients]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return calls * len(workers) / (time.perf_counter() - started)


def created_at_once(client: Client, calls: int) -> float:
    """Create Accounts, 200 a call; returns the rows per second."""
    rows = [{"attributes": {"type": "Account"}, "Name": f"Created {number}"} for number in range(200)]
    started = time.perf_counter()
    for _ in range(calls):
        client.json("POST", f"{V}/composite/sobjects", {"allOrNone": False, "records": rows})
    return calls * len(rows) / (time.perf_counter() - started)


def measure(given: argparse.Namespace) -> list[Figure]:
    """Serve a big org and ask it everything."""
    sizes = ("--deals", str(given.deals), "--lines", str(given.lines), "--latency-ms", "0")
    with tempfile.TemporaryDirectory() as folder, program("bench_org.py", *sizes, folder=folder) as org:
        ready = org.read()
        client = Client(ready["login_url"], ready["ca_file"])
        client.login(ready["client_id"], ready["client_secret"])
        rows = given.deals * given.lines + given.deals
        ids: list[str] = []
        cursor = timed(by_cursor(client))
        keyset = timed(by_keyset(client, ids))
        lists = timed(by_ids(client, ids))
        started = time.perf_counter()
        read = by_bulk(client)
        bulk = read / (time.perf_counter() - started)
        if read != given.deals * given.lines:
            raise SystemExit(f"bench: the bulk query answered {read:,} rows, not {given.deals * given.lines:,}")
        clients = [client.again() for _ in range(given.connections)]
        row = f"{V}/sobjects/OpportunityLineItem/{ids[0]}"
        reads = at_once(clients, "GET", f"{row}?fields=Id,Quantity", given.calls)
        writes = at_once(clients, "PATCH", row, given.calls, b'{"Description": "touched"}')
        created = created_at_once(client, 20)
        memory = org.ask("memory")["max_rss"] * RSS_UNIT / 1e6
    return [
        Figure(f"load {rows:,} rows", ready["load_seconds"], "s", 180),
        Figure("first page of a cursor over all lines", cursor[0], "ms"),
        Figure("further page of 2,000 rows, median", statistics.median(cursor[1:] or cursor), "ms", 150),
        Figure("further page of 2,000 rows, slowest", max(cursor[1:] or cursor), "ms", 150),
        Figure("page of 2,000 rows by keyset, median", statistics.median(keyset), "ms", 150),
        Figure(f"{IDS_AT_ONCE} rows by Id list, median", statistics.median(lists), "ms", 150),
        Figure("Bulk query of all lines", bulk, "rows/s"),
        Figure(f"rows read one by one, {given.connections} connections", reads, "calls/s", 500, at_least=True),
        Figure(f"rows changed one by one, {given.connections} connections", writes, "calls/s", 500, at_least=True),
        Figure("Accounts created, 200 a call", created, "rows/s"),
        Figure("most memory of the emulator", memory, "MB", 2_000),
    ]


def table(figures: list[Figure]) -> str:
    """The figures as text for people."""
    lines = [f"{'':<46}{'measured':>12} {'':<8}{'wanted':>12}{'times better':>14}"]
    for one in figures:
        wanted = "" if one.wanted is None else f"{'>=' if one.at_least else '<'} {one.wanted:,.0f}"
        margin = "" if one.margin is None else f"{one.margin:.1f}"
        lines.append(f"{one.name:<46}{one.value:>12,.1f} {one.unit:<8}{wanted:>12}{margin:>14}".rstrip())
    return "\n".join(lines)


def main() -> int:
    """Measure and print; return 1 if something that is wanted was missed."""
    parser = argparse.ArgumentParser(prog="scripts/bench emulator", description=__doc__)
    parser.add_argument("--deals", type=int, default=200_000, help="opportunities in the org (default 200000)")
    parser.add_argument("--lines", type=int, default=5, help="lines of each (default 5)")
    parser.add_argument("--calls", type=int, default=1_000, help="small calls per connection (default 1000)")
    parser.add_argument("--connections", type=int, default=4, help="connections at once (default 4)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    if min(given.deals, given.lines, given.calls, given.connections) < 1:
        parser.error("all numbers are at least 1")
    figures = measure(given)
    shown = [
        {"name": one.name, "value": one.value, "unit": one.unit, "wanted": one.wanted, "times_better": one.margin}
        for one in figures
    ]
    sys.stdout.write((json.dumps(shown, indent=2) if given.json else table(figures)) + "\n")
    return int(any(one.margin is not None and one.margin < 1 for one in figures))


if __name__ == "__main__":
    sys.exit(main())
