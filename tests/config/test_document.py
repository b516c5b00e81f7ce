"""The documents are made from the settings, so they cannot be wrong."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from sfsync.config import Settings, load_settings
from sfsync.config.__main__ import ROOT, main
from sfsync.config.document import as_dotenv, as_markdown, as_toml, documents, in_readme, settings_table
from sfsync.config.sources import setting_paths
from sfsync.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["config/sfsync.toml", ".env.example", "README.md"])
def test_the_documents_of_the_repository_are_those_of_today(name: str) -> None:
    path = ROOT / name

    assert path.read_text(encoding="utf-8") == documents(ROOT)[path], "run: python -m sfsync.config --write"


def test_the_settings_file_holds_the_defaults(folder: Path) -> None:
    (folder / "sfsync.toml").write_text(as_toml(), encoding="utf-8")

    assert load_settings() == Settings()


def test_every_line_of_the_settings_file_can_be_used(folder: Path) -> None:
    lines = as_toml().splitlines()
    used = [line.removeprefix("# ") if " = " in line else line for line in lines]
    used.remove('client_secret = ""')
    used.remove('database_url_file = "/run/secrets/sfsync-database-url"')
    (folder / "sfsync.toml").write_text("\n".join(used).replace("# [", "["), encoding="utf-8")

    settings = load_settings()

    assert settings.salesforce.login_url == "https://acme.my.salesforce.com"
    assert settings.orgs["eu"].login_url == "https://acme-eu.my.salesforce.com"
    assert settings.sinks["billing"].events == ("order.fulfilled", "order.cancelled")


def test_every_setting_is_in_every_document() -> None:
    toml, dotenv, table = as_toml(), as_dotenv(), as_markdown()

    for row in settings_table():
        assert f"{row.path[-1]} = " in toml
        assert f"# {row.variable}=" in dotenv
        assert f"| `{row.name}` |" in table
        assert row.sentence.endswith(".")
        assert row.is_set or row.example is not None


def test_the_example_of_env_is_valid_without_its_comment_signs(folder: Path) -> None:
    lines = [line.removeprefix("# ") for line in as_dotenv().splitlines() if line.startswith("# SFSYNC_")]
    assert len(lines) == len(setting_paths())
    (folder / ".env").write_text("\n".join(line for line in lines if "URL_FILE" not in line), encoding="utf-8")

    assert load_settings().orders.opportunity_types == ()


def test_texts_are_written_so_that_toml_reads_them_back() -> None:
    assert tomllib.loads(as_toml())["orders"]["opportunity_types"] == []


def test_the_table_replaces_what_is_between_the_markers_and_nothing_else() -> None:
    readme = "before\n<!-- settings:start -->\nstale text\n<!-- settings:end -->\nafter\n"

    made = in_readme(readme)

    assert made.startswith("before\n<!-- settings:start -->\n| Setting |")
    assert made.endswith("|\n<!-- settings:end -->\nafter\n")
    assert "stale text" not in made
    assert in_readme(made) == made


@pytest.mark.parametrize("readme", ["", "<!-- settings:start -->", "<!-- settings:end -->"])
def test_a_readme_without_markers_is_refused(readme: str) -> None:
    with pytest.raises(SettingsError, match="lacks the markers"):
        in_readme(readme)


def test_the_command_says_what_differs_and_writes_it_when_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "README.md").write_text("<!-- settings:start --><!-- settings:end -->", encoding="utf-8")

    assert main([], root=folder) == 1
    assert "differs from the settings: config/sfsync.toml" in capsys.readouterr().out
    assert not (folder / "config").exists()

    assert main(["--write"], root=folder) == 0
    assert "written: .env.example" in capsys.readouterr().out
    assert main([], root=folder) == 0
    assert capsys.readouterr().out == ""


def test_the_command_says_when_it_cannot(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "README.md").write_text("no markers", encoding="utf-8")

    assert main(["--write"], root=folder) == 2
    assert capsys.readouterr().err.startswith("error: README.md lacks the markers")
