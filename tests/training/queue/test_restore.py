"""Marks out of one archive and into another; what does not fit is told, and nothing is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prosvet.core.context import Context
from prosvet.core.errors import BadMarks
from prosvet.training.queue.formats import FORMATS, Format
from prosvet.training.queue.marks import film_marks
from prosvet.training.queue.restore import Imported, restore
from prosvet.training.queue.shapes import FilmMarks, MarkFinding, MarkRecord

from .test_queue import NODULE, ask, case_of, filled


def record(reader: str = "petrova", version: int = 1, **values: object) -> MarkRecord:
    facts = {"reader": reader, "version": version, "at": "2026-11-20T10:00:00Z", "findings": (NODULE,)}
    return MarkRecord.model_validate(facts | values)


def film(image: int, *marks: MarkRecord, study: str = "S000", rows: int = 200, cols: int = 300) -> FilmMarks:
    return FilmMarks(study=study, image=image, rows=rows, cols=cols, marks=marks)


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_history_comes_back_whole_and_once(
    context: Context, archive: list[int], tmp_path: Path, name: Format
) -> None:
    given = film(archive[0], record(), record(version=2, comment="Подробнее"), record("ivanov", blind=True))
    (path := tmp_path / "marks").write_text(FORMATS[name][0]([given]), encoding="utf-8")
    for kept, known in ((3, 0), (0, 3)):
        done = ask(context, action="import", format=name, file=path).imported
        assert done == Imported(films=1, kept=kept, known=known)
    assert film_marks(context) == (given,)
    out = ask(context, action="export", format=name).file
    assert out is not None and FORMATS[name][1](out.text) == (given,)


def test_a_new_mark_is_the_importers_own_next_version(context: Context, archive: list[int]) -> None:
    restore([film(archive[0], record("local"))], context)
    new = MarkRecord(findings=(MarkFinding(concept="mass", status="uncertain"),), source="coco")
    assert restore([film(archive[0], new)], context).kept == 1
    assert restore([film(archive[0], new)], context) == Imported(films=1, kept=0, known=1)
    assert [(mark.reader, mark.version) for mark in film_marks(context)[0].marks] == [("local", 1), ("local", 2)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (lambda one: film(one, record(), study="S001"), "unknown_film"),
        (lambda one: film(10**9, record()), "unknown_film"),
        (lambda one: film(one, record(), rows=300, cols=200), "size_differs"),
        (lambda one: film(one, record(findings=(MarkFinding(concept="dragon", status="absent"),))), "unknown_finding"),
        (lambda one: film(one, record(findings=(MarkFinding(concept="mass", status="present",
                                                            boxes=((0, 0, 10, 201),)),))), "box_outside"),
        (lambda one: film(one, record(findings=())), "nothing_marked"),
        (lambda one: film(one, record(version=3)), "gap"),
        (lambda one: film(one, record("ivanov", comment="changed")), "changed_mark"),
        (lambda one: film(one, *(MarkRecord(findings=(f,)) for f in (NODULE, NODULE))), "several_new"),
    ],
)  # fmt: skip
def test_a_bad_mark_keeps_out_the_whole_file(context: Context, archive: list[int], bad: object, reason: str) -> None:
    restore([film(archive[0], record("ivanov"))], context)
    before = film_marks(context)
    with pytest.raises(BadMarks) as caught:
        restore([film(archive[1], record(), study="S001"), bad(archive[0])], context)  # type: ignore[operator]
    assert caught.value.details["reason"] == reason
    assert "{" not in caught.value.message("ru") and caught.value.message("en")
    assert film_marks(context) == before


def test_waiting_cases_go_out_with_predictions_but_for_the_blind(context: Context, archive: list[int]) -> None:
    cases = filled(context, n=20, random_share=0.5)
    made = ask(context, action="export", format="label-studio", which="waiting").file
    assert made is not None and made.config.startswith("<View>")
    tasks = {task["data"]["film"]: task for task in json.loads(made.text)}
    blind = {case_of(ask(context, action="show", case=case)).image for case in cases[True]}
    assert len(tasks) == 20
    assert all(not tasks[image]["predictions"] for image in blind)
