"""Whatever is marked comes back from every format as it was; what another tool spoiled is told with its place."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest
from hypothesis import given, settings

from prosvet.core.errors import BadMarks
from prosvet.training.queue.formats import FORMATS, Format, label_studio
from prosvet.training.queue.shapes import FilmMarks, MarkFinding, MarkRecord

from .conftest import films

NAMES = list(FORMATS)
NO_SDK = "label-studio-sdk is not installed"
MARK = MarkRecord(
    reader="petrova", version=1, at="2026-11-22T10:00:00Z", blind=True, model="compact@2026.11.2",
    comment="Тень слева;\nсм. «боковой», \"2\"",
    findings=(
        MarkFinding(concept="consolidation", status="present", side="left", boxes=((10.5, 20, 33.125, 99.875),)),
        MarkFinding(concept="pneumothorax", status="absent", comment="=1+1"),
        MarkFinding(concept="nodule", status="uncertain"),
    ),
)  # fmt: skip
FILM = FilmMarks(study="SQXC6ZTZW2AEQ", image=7, rows=2320, cols=2828, marks=(MARK,))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(given_films=films())
def test_a_round_trip_loses_nothing(name: Format, given_films: tuple[FilmMarks, ...]) -> None:
    write, read, _ = FORMATS[name]
    assert read(write(given_films)) == given_films


@pytest.mark.parametrize("name", NAMES)
def test_a_mark_without_a_reader_is_new(name: Format) -> None:
    write, read, _ = FORMATS[name]
    new = FILM.model_copy(update={"marks": (MarkRecord(source=name, findings=MARK.findings),)})
    assert read(write([new])) == (new,)


def test_a_table_runs_no_formula() -> None:
    text = FORMATS["csv"][0]([FILM])
    assert "'=1+1" in text
    assert FORMATS["csv"][1]("\ufeff" + text) == (FILM,)


def test_a_table_of_a_russian_spreadsheet_is_read() -> None:
    head = "study;image;rows;cols;concept;status;side;left;top;right;bottom\n"
    (film,) = FORMATS["csv"][1](head + "S1;7;100;100;nodule;present;left;1,5;2;3;4\n")
    (mark,) = film.marks
    assert mark.reader == ""
    assert mark.findings[0].boxes == ((1.5, 2.0, 3.0, 4.0),)


@pytest.mark.parametrize(
    ("line", "row", "reason"),
    [
        ("S1,7,9,9,,,,,,,,nodule,present,,,5,5,1,1", "2", "box_empty"),
        ("S1,7,9,9,,,,,,,,nodule,there,,,,,,", "2", "value"),
        ("S1,x,9,9,,,,,,,,nodule,present,,,,,,", "2", "missing"),
        ("S1,7,9,9,,,,,,,,nodule,absent,left,,,,,", "2", "place_of_nothing"),
        ("S1,7,9,9,,,,,,,,nodule,present,,,a,1,2,2", "2", "box_numbers"),
        ("S1,7,9", "2", "cells"),
        ("S1,7,9,9,p,1,,,,,,nodule,present,,,,,,", "2", "half_a_name"),
    ],
)
def test_a_bad_row_of_a_table_is_named(line: str, row: str, reason: str) -> None:
    head = FORMATS["csv"][0]([]).strip()
    with pytest.raises(BadMarks) as caught:
        FORMATS["csv"][1](f"{head}\n{line}\n")
    assert caught.value.details["row"] == row
    assert caught.value.details["reason"] == reason
    assert caught.value.message("ru") != caught.value.message("en")


@pytest.mark.parametrize("name", ["label-studio", "coco"])
@pytest.mark.parametrize("text", ["", "[", "7", "{}", '[{"data": {}}]', "[7]", "\x00"])
def test_json_that_is_something_else_is_refused(name: Format, text: str) -> None:
    with pytest.raises(BadMarks):
        FORMATS[name][1](text)


def test_what_label_studio_adds_is_a_new_mark() -> None:
    tasks = json.loads(FORMATS["label-studio"][0]([FILM]))
    value = {"x": 10.0, "y": 10.0, "width": 5.0, "height": 5.0, "rotation": 0, "rectanglelabels": ["mass"]}
    result = {"from_name": "box", "to_name": "film", "type": "rectanglelabels", "value": value}
    tasks[0]["annotations"] += [{"result": [result], "completed_by": 1}, {"result": [], "was_cancelled": True}]
    (film,) = FORMATS["label-studio"][1](json.dumps(tasks))
    new, old = film.marks
    assert old == MARK
    assert (new.reader, new.source) == ("", "label-studio")
    assert new.findings[0].boxes == ((282.75, 232.0, 424.25, 348.0),)
    value["rotation"] = 12
    with pytest.raises(BadMarks) as caught:
        FORMATS["label-studio"][1](json.dumps(tasks))
    assert caught.value.details["reason"] == "rotated_box"


def test_what_a_coco_tool_adds_is_a_new_mark() -> None:
    body = json.loads(FORMATS["coco"][0]([FILM]))
    category = next(one["id"] for one in body["categories"] if one["name"] == "mass")
    body["annotations"].append({"id": 99, "image_id": 7, "category_id": category, "bbox": [1, 2, 3, 4]})
    (film,) = FORMATS["coco"][1](json.dumps(body))
    assert film.marks[0].findings[0] == MarkFinding(concept="mass", status="present", boxes=((1, 2, 4, 6),))
    assert film.marks[1] == MARK
    body["annotations"][-1]["image_id"] = 8
    with pytest.raises(BadMarks) as caught:
        FORMATS["coco"][1](json.dumps(body))
    assert caught.value.details["row"] == "annotations[1]"


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_label_studio_itself_takes_the_tasks(lang: str) -> None:
    if find_spec("label_studio_sdk") is None:
        pytest.skip(NO_SDK)
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface(label_studio.config(lang))
    interface.validate()
    for task in json.loads(FORMATS["label-studio"][0]([FILM])):
        for annotation in task["annotations"]:
            assert interface.validate_annotation(annotation)
        said = label_studio.prediction(FILM, "compact@2026.11.2", MARK.findings, 0.7)
        assert interface.validate_prediction(said)
