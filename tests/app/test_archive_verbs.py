"""Ingest, search and studies from the shell, over real films and reports."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from outcome import Cli

from prosvet.app.cli import main


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, openi_reports: Path, pydicom_data: Path) -> Path:
    """An archive with 200 real reports and a real film, made through the command line."""
    home = tmp_path_factory.mktemp("ready") / "archive"
    assert main(["ingest", str(openi_reports), "--limit", "200", "--home", str(home), "--json"]) == 0
    assert main(["ingest", str(pydicom_data / "RG1_UNCR.dcm"), "--home", str(home), "--json"]) == 0
    return home


@pytest.fixture
def home(ready: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(ready, tmp_path / "archive")
    return tmp_path / "archive"


def test_studies_are_listed_whole_with_ids_and_files(cli: Cli, ready: Path) -> None:
    result = cli("studies", "list", "--json", "--home", ready).result
    assert result["total"] == len(result["studies"]) > 100
    assert all(study["id"] and (study["files"] or not study["reports"]) for study in result["studies"])
    assert ["RG1_UNCR.dcm"] in [study["files"] for study in result["studies"]]
    some = cli("studies", "list", "--json", "--limit", "3", "--offset", "1", "--home", ready).result
    assert [study["id"] for study in some["studies"]] == [study["id"] for study in result["studies"][1:4]]


def test_the_screen_shows_the_first_fifty(cli: Cli, ready: Path) -> None:
    assert "Показано 50 из" in cli("studies", "list", "--home", ready).out


def test_ingesting_again_adds_nothing(cli: Cli, home: Path, pydicom_data: Path) -> None:
    again = cli("ingest", pydicom_data / "RG1_UNCR.dcm", "--json", "--home", home).result
    assert (again["added"], again["skipped"], again["failed"]) == (0, 1, 0)


def test_a_bad_file_among_many_is_a_row_and_the_status_is_one(cli: Cli, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "a.png").write_text("not an image", encoding="utf-8")
    (folder / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    shown = cli("ingest", folder, "--json", "--home", home)
    assert shown.status == 1
    assert {row["file"] for row in shown.result["rows"]} == {"a.png", "b.png"}


@pytest.mark.parametrize("query", ["плевральный выпот", "pleural effusion"])
def test_a_query_in_either_language_finds_reports_and_says_why(cli: Cli, ready: Path, query: str) -> None:
    result = cli("search", query, "--in", "reports", "--k", "5", "--json", "--home", ready).result
    assert 1 <= len(result["hits"]) <= 5
    for hit in result["hits"]:
        assert {"file", "study", "score", "reasons", "concepts"} <= set(hit)
        assert hit["reasons"]
        assert "pleural_effusion" in hit["concepts"]


def test_a_film_finds_reports(cli: Cli, ready: Path, pydicom_data: Path) -> None:
    film = pydicom_data / "RG1_UNCR.dcm"
    result = cli("search", "--image", film, "--in", "reports", "--json", "--home", ready).result
    assert all(hit["kind"] == "report" for hit in result["hits"])
    assert len(result["hits"]) == 10


def test_a_report_finds_others(cli: Cli, ready: Path, tmp_path: Path) -> None:
    text = tmp_path / "report.txt"
    text.write_text("Кардиомегалия. Правосторонний плевральный выпот.", encoding="utf-8")
    shown = cli("search", "--report", text, "--home", ready, "--lang", "ru")
    assert shown.status == 0
    assert "  1. " in shown.out
    assert "Показано 10; рассмотрено" in shown.out


def test_a_study_is_shown_and_erased(cli: Cli, home: Path) -> None:
    study = cli("studies", "list", "--json", "--limit", "1", "--home", home).result["studies"][0]["id"]
    shown = cli("studies", "show", study, "--json", "--home", home).result
    assert shown["id"] == study
    assert cli("studies", "erase", study, "--json", "--home", home).status == 0
    gone = cli("studies", "show", study, "--json", "--home", home)
    assert (gone.error["code"], gone.status) == ("not_found", 3)
    checks = cli("doctor", "--json", "--home", home).result["checks"]
    assert {check["state"] for check in checks if check["name"] in ("archive", "audit")} == {"ok"}


def test_a_reading_names_similar_cases_as_references(cli: Cli, ready: Path, pydicom_data: Path) -> None:
    result = cli("read", pydicom_data / "RG1_UNCR.dcm", "--similar", "3", "--json", "--home", ready).result
    assert [hit["kind"] for hit in result["similar"]][:1] == ["image"]
    assert all(hit["study"] and hit["reasons"] for hit in result["similar"])
    texts = [hit["excerpt"] for hit in result["similar"] if hit["excerpt"]]
    assert texts and not any(text in result["report"]["text"] for text in texts)
