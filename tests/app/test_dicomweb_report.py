"""Our structured reports as OHIF writes them out: everything they say, and nothing that is for machines."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from prosvet.app.dicomweb_report import as_text
from prosvet.hospital.objects import make
from prosvet.imaging.geometry import Box
from result_films import AT, square_results, wrapped


@pytest.fixture(scope="module")
def film() -> Dataset:
    return wrapped(np.random.default_rng(1).random((64, 64), dtype=np.float32))


def told(made: Dataset) -> dict[str, Any]:
    """DICOM JSON, as a server gives it."""
    answer: dict[str, Any] = json.loads(made.to_json(bulk_data_threshold=1 << 30))
    return answer


def lines(item: dict[str, Any], deep: int = 0) -> list[str]:
    """What OHIF writes of a container: names of parts, and name and value of what stands in them."""
    written = ["  " * deep + item["0040A043"]["Value"][0]["00080104"]["Value"][0]]
    for one in item.get("0040A730", {}).get("Value", ()):
        if one["0040A040"]["Value"] == ["CONTAINER"]:
            written += lines(one, deep + 1)
            continue
        name = one["0040A043"]["Value"][0]["00080104"]["Value"][0]
        measured = one.get("0040A300", {}).get("Value", [{}])[0]
        unit = measured.get("004008EA", {}).get("Value", [{}])[0].get("00080100", {}).get("Value", [""])[0]
        said = one.get("0040A160") or one.get("0040A168", {}).get("Value", [{}])[0].get("00080104") or {}
        value = said.get("Value", [measured.get("0040A30A", {}).get("Value", ["?"])[0]])[0]
        written.append("  " * (deep + 1) + f"{name}: {value} {unit}".rstrip())
    return written


@pytest.mark.parametrize(("lang", "wanted"), [("ru", "Версия: "), ("en", "Version: ")])
def test_a_report_of_measurements_is_written_out_whole(film: Dataset, lang: Any, wanted: str) -> None:
    results = square_results(film, Box(20, 20, 40, 50), lang=lang)
    made = told(make("sr", [film], results, made_of="a", at=AT))
    numbers = json.dumps(made).count('["NUM"]')
    shown = as_text(made)
    assert shown["0040A043"]["Value"][0]["00080100"]["Value"] != ["126000"], "OHIF would look for places on the film"
    assert shown["0040A050"]["Value"] == ["SEPARATE"]
    words = lines(shown)
    assert json.dumps(shown).count('["NUM"]') == numbers
    assert any(line.strip().startswith(wanted) for line in words)
    assert not any(line.endswith("?") or "Tracking" in line or "2.25." in line for line in words), words
    assert not any(line.strip() == "Measurement Group" for line in words), words
    assert sum("operating_point" in line for line in words) == 1


def test_a_text_report_keeps_its_words(film: Dataset) -> None:
    results = square_results(film, Box(20, 20, 40, 50))
    made = told(make("text_sr", [film], results, made_of="a", at=AT))
    parts = [one for one in made["0040A730"]["Value"] if one["0040A040"]["Value"] == ["CONTAINER"]]
    shown = as_text(made)
    assert [one for one in shown["0040A730"]["Value"] if one["0040A040"]["Value"] == ["CONTAINER"]] == parts
    assert "IMAGE" not in json.dumps(shown["0040A730"])


def test_somebody_elses_report_is_theirs(film: Dataset) -> None:
    results = square_results(film, Box(20, 20, 40, 50))
    made = told(make("sr", [film], results, made_of="a", at=AT))
    made["00080070"]["Value"] = ["Other"]
    before = json.dumps(made)
    assert json.dumps(as_text(made)) == before
    assert as_text({"00080060": {"Value": ["CR"]}}) == {"00080060": {"Value": ["CR"]}}
