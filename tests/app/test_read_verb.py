"""`prosvet read` on real films: one, many, a table; bad ones among them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from outcome import Cli

from prosvet.models.card import load_card

CONCEPTS = ("abnormal", "pneumonia", "tuberculosis")


@pytest.fixture(scope="session")
def film(pydicom_data: Path) -> Path:
    """A full-size chest film with round masses in both lungs."""
    return pydicom_data / "RG1_UNCR.dcm"


@pytest.fixture(scope="session")
def slice_(pydicom_data: Path) -> Path:
    """A head slice: no chest X-ray."""
    return pydicom_data / "693_UNCR.dcm"


@pytest.fixture
def folder(tmp_path: Path, film: Path, slice_: Path) -> Path:
    """A film, a head slice, a truncated file and a text that calls itself an image."""
    made = tmp_path / "films"
    made.mkdir()
    (made / "a.dcm").write_bytes(film.read_bytes())
    (made / "b.dcm").write_bytes(slice_.read_bytes())
    (made / "c.dcm").write_bytes(film.read_bytes()[:200_000])
    (made / "d.png").write_text("not an image", encoding="utf-8")
    return made


def test_one_film_gives_its_reading(cli: Cli, film: Path) -> None:
    shown = cli("read", film, "--json")
    assert shown.status == 0
    result = shown.result
    assert result["file"] == "RG1_UNCR.dcm"
    assert result["gates"]["is_chest_xray"] is True
    assert (result["gates"]["view"], result["gates"]["inverted"], result["gates"]["rotated"]) == ("frontal", False, 0)
    assert all(0 <= result["scores"][concept] <= 1 for concept in CONCEPTS)
    (abnormal,) = [finding for finding in result["findings"] if finding["concept"] == "abnormal"]
    assert abnormal["status"] == "present", "multiple round masses in both lungs are not normal"
    (ratio,) = result["measurements"]
    assert (ratio["name"], set(ratio["lines"])) == ("cardiothoracic_ratio", {"heart", "thorax"})
    assert result["report"]["language"] == "ru"
    assert "Заключение" in result["report"]["text"]
    assert set(result["model"]) == {"name", "revision", "operating_point"}


def test_the_draft_is_in_the_language_asked_for(cli: Cli, film: Path) -> None:
    report = cli("read", film, "--json", "--lang", "en").result["report"]
    assert report["language"] == "en"
    assert "mpression" in report["text"]


def test_a_person_sees_findings_the_ratio_the_draft_and_the_model(cli: Cli, film: Path) -> None:
    shown = cli("read", film)
    for words in (
        "RG1_UNCR.dcm",
        "прямая проекция",
        "Кардиоторакальный индекс (КТИ): 0.",
        "█",
        "Заключение",
        "compact",
    ):
        assert words in shown.out
    assert shown.out.count("не медицинское изделие") == 1


def test_one_bad_file_alone_is_the_error_of_the_command(cli: Cli, slice_: Path) -> None:
    shown = cli("read", slice_, "--json", "--lang", "en")
    assert (shown.error["code"], shown.status) == ("not_chest_xray", 2)
    assert "does not look like a chest X-ray" in shown.error["message"]


def test_a_bad_file_among_many_is_a_row(cli: Cli, folder: Path) -> None:
    shown = cli("read", folder, "--json")
    assert shown.status == 1
    rows = {item["file"]: item for item in shown.result["items"]}
    assert list(rows) == ["a.dcm", "b.dcm", "c.dcm", "d.png"]
    assert rows["a.dcm"]["error"] is None
    codes = [rows[name]["error"]["code"] for name in ("b.dcm", "c.dcm", "d.png")]
    assert codes == ["not_chest_xray", "truncated_file", "not_an_image"]


def test_a_missing_file_among_many_is_a_row(cli: Cli, film: Path, tmp_path: Path) -> None:
    shown = cli("read", film, tmp_path / "none.dcm", "--json")
    assert shown.status == 1
    errors = {item["file"]: item["error"] and item["error"]["code"] for item in shown.result["items"]}
    assert errors == {"none.dcm": "not_found", "RG1_UNCR.dcm": None}


def test_a_table_has_a_row_per_file_and_a_column_per_scored_concept(cli: Cli, folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "out" / "scores.csv"
    shown = cli("read", folder, folder / "a.dcm", "--csv", table, "--json")
    assert (shown.status, shown.result["rows"], shown.result["failed"]) == (1, 5, 3)
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    fixed = ["file", "is_chest_xray", "view", "cardiothoracic_ratio", "error"]
    assert list(rows[0]) == [*fixed, *load_card("compact").labels]
    assert [row["error"] for row in rows] == ["", "not_chest_xray", "truncated_file", "not_an_image", ""]
    assert [row["is_chest_xray"] for row in rows] == ["true", "false", "", "", "true"]
    assert rows[0]["view"] == "frontal"
    assert 0.3 < float(rows[0]["cardiothoracic_ratio"]) < 0.7
    assert all(0 <= float(rows[0][concept]) <= 1 for concept in CONCEPTS)
    assert rows[1]["abnormal"] == "", "what was not assessed is empty, never 0"
    assert rows[0]["abnormal"] == rows[4]["abnormal"]


def test_one_bad_file_in_a_table_is_still_a_row(cli: Cli, slice_: Path, tmp_path: Path) -> None:
    shown = cli("read", slice_, "--csv", tmp_path / "t.csv")
    assert shown.status == 1
    assert "строк 1, из них с ошибкой 1" in shown.out
    assert len((tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()) == 2


def test_overlays_are_written(cli: Cli, film: Path, tmp_path: Path) -> None:
    result = cli("read", film, "--overlay", tmp_path / "pictures", "--json").result
    picture = Path(result["overlay"])
    assert picture.parent == tmp_path / "pictures"
    assert picture.stat().st_size > 10_000


def test_a_table_scores_as_a_single_reading_does(cli: Cli, film: Path, tmp_path: Path) -> None:
    alone = cli("read", film, "--json").result["scores"]
    cli("read", film, "--csv", tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert {concept: float(row[concept]) for concept in alone} == pytest.approx(alone, abs=1e-4)


def test_the_verb_runs_as_a_process_of_its_own(process: Cli, film: Path) -> None:
    shown = process("read", film, "--json")
    assert (shown.status, shown.err) == (0, "")
    assert json.loads(shown.out)["ok"] is True
