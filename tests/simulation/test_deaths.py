"""Death at some steps of the rich cycle, by kill -9 of real processes, on both databases; and what is told of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from scripts.simulation import command, evidence
from scripts.simulation.deaths import Deaths, everywhere, usable
from scripts.simulation.kill import Life, Moment
from scripts.simulation.kinds import CALLS, COMMIT
from scripts.simulation.lifeline import AFTER, BEFORE, SENT
from scripts.simulation.play import Plan, Stage
from scripts.simulation.stores import PostgresStore, SqliteStore
from tests.conftest import TEMPLATE
from tests.postgres import SWITCH

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.postgres import Server

pytestmark = pytest.mark.process


@pytest.fixture
def stage() -> Generator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


def test_a_process_killed_by_signal_9_at_any_moment_loses_and_doubles_nothing(stage: Stage) -> None:
    # Some moments here: `scripts/simulate --crash-steps --kill` dies at each.
    found = everywhere(stage, SqliteStore(stage.empty), first=34, every=61)

    assert found.differing == []
    assert found.killed == found.left_behind == len(range(34, len(found.moments) + 1, 61)) >= 2
    kinds = " ".join(moment.kind for moment in found.moments)
    assert [name for name in CALLS if name not in kinds] == []
    assert "order.adopted" in kinds
    calls = [moment.when for moment in found.moments if moment.what != COMMIT]
    commits = [moment.when for moment in found.moments if moment.what == COMMIT]
    assert calls == [BEFORE, SENT, AFTER] * (len(calls) // 3)
    assert commits == [BEFORE, AFTER] * (len(commits) // 2)


@pytest.mark.postgres
def test_on_postgresql_too_where_the_commit_may_be_sent_and_not_answered(stage: Stage, postgres_server: Server) -> None:
    store = PostgresStore(lambda: postgres_server.emptied("deaths", TEMPLATE))

    found = everywhere(stage, store, first=61, every=200)

    assert found.differing == []
    assert found.killed == len(range(61, len(found.moments) + 1, 200))
    commits = [moment.when for moment in found.moments if moment.what == COMMIT]
    assert commits == [BEFORE, SENT, AFTER] * (len(commits) // 3)


def test_a_death_that_leads_elsewhere_is_told_with_its_moment() -> None:
    moments = [Moment(BEFORE, "order.created", COMMIT), Moment(AFTER, "order.created", COMMIT)]
    calm = Life(0, moments, {"orders": 2, "events": 2})
    found = Deaths("sqlite", moments)

    found.add(Life(1, moments[:1], calm.state, killed=True), calm)
    found.add(Life(2, moments, {"orders": 3, "events": 2}, killed=True), calm)
    found.add(Life(2, moments, calm.state), calm)
    found.add(Life(2, moments, breach="one order per deal: two"), calm)

    assert found.differing == [
        "sqlite, 2, after order.created (commit): orders 3 instead of 2",
        "sqlite, 2, after order.created (commit): nobody died there",
        "sqlite, 2, after order.created (commit): one order per deal: two",
    ]


def test_the_page_tells_of_the_deaths_only_if_there_were_any(tmp_path: Path) -> None:
    plays = {"seeds": [0, 1], "plays": 1, "failed": [], "figures": {}, "faults": {}, "digest": "0"}
    moments = [Moment(when, "create an order", "POST") for when in (BEFORE, SENT, AFTER)]
    died = Deaths("postgresql", moments, killed=3, seconds=7)
    pages = []
    for name, document in (
        ("plays", plays | {"cpu_seconds": 1, "wall_seconds": 1}),
        ("deaths", {"deaths": [died.as_data()]}),
    ):
        (tmp_path / name).write_text(json.dumps(document))
    for names in (("plays",), ("plays", "deaths")):
        result, seeds, wall, deaths = evidence.put_together([tmp_path / name for name in names])
        evidence.write(result, seeds, Plan(), wall, tmp_path / "page.md", deaths)
        pages.append((tmp_path / "page.md").read_text())

    assert "Death" not in pages[0]
    assert "scripts/simulate --crash-steps --kill --database postgresql\n" in pages[1]
    assert "| create an order | 3 |" in pages[1]


def test_a_death_that_leads_elsewhere_makes_no_page(tmp_path: Path) -> None:
    path = tmp_path / "deaths"
    path.write_text(json.dumps({"deaths": [Deaths("sqlite", differing=["one"]).as_data()]}))

    with pytest.raises(ValueError, match="a death on sqlite leads elsewhere"):
        evidence.put_together([path])


def test_where_there_is_no_postgresql_they_die_on_sqlite_and_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SWITCH, "nothing")

    assert usable() == ["sqlite"]
    assert SWITCH in capsys.readouterr().err


def test_simulated_processes_die_on_sqlite_only(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--crash-steps", "--database", "postgresql"])

    assert ended.value.code == 2
    assert "--kill" in capsys.readouterr().err
