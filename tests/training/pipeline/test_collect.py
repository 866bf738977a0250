"""What the archive knows of its own films: signed protocols, marks, and which of them may judge."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.schema import Finding, Image, Report
from prosvet.archive.schema_marks import MarkCase, MarkDraw
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.training.pipeline.collect import labels_from, site_films
from prosvet.training.queue.marks import save
from prosvet.training.queue.shapes import MarkFinding


def test_a_normal_film_has_none_of_the_findings_and_doubt_is_unknown() -> None:
    assert set(labels_from([("normal", "present")]).values()) == {0}
    assert labels_from([("mass", "absent"), ("hernia", "uncertain")]) == {"mass": 0}
    assert labels_from([("fracture", "present")]) == {"abnormal": 1}
    assert labels_from([("normal", "present"), ("mass", "present")])["mass"] == 1


@pytest.fixture
def two_films(context: Context, shared_data: Path) -> list[int]:
    films = sorted((shared_data / "fullsize").glob("*.png"))[:2]
    assert ingest(IngestRequest(paths=films), context).added == 2
    with context.get(Store).read() as db:
        return list(db.execute(select(Image.id).order_by(Image.id)).scalars())


def test_a_signed_protocol_labels_its_film_and_other_reports_do_not(context: Context, two_films: list[int]) -> None:
    with context.get(Store).write() as db:
        studies = [db.execute(select(Image.study_id).where(Image.id == n)).scalar_one() for n in two_films]
        for study, labels in zip(studies, (["signed"], ["unsigned"]), strict=True):
            columns = {"study_id": study, "sha256": study, "file": "", "language": "ru", "indication": "",
                       "findings": "", "impression": "", "labels": labels}  # fmt: skip
            report = db.execute(insert(Report).values(**columns).returning(Report.id)).scalar_one()
            claim = {"study_id": study, "report_id": report, "concept": "mass", "status": "present", "origin": "report"}
            db.execute(insert(Finding).values(**claim))
    (found,) = site_films(context, Counter())
    assert (found.image, found.origin, found.labels) == (two_films[0], "protocol", {"mass": 1, "abnormal": 1})


def test_a_mark_wins_and_readers_who_differ_leave_nothing_known(context: Context, two_films: list[int]) -> None:
    def mark(reader: str, status: str) -> None:
        findings = [MarkFinding(concept="mass", status=status), MarkFinding(concept="hernia", status="absent")]
        save(two_films[0], findings, "", context.child(actor=Actor(reader, "reader")))

    mark("ivanov", "present")
    (found,) = site_films(context, Counter())
    assert found.origin == "mark" and found.labels == {"mass": 1, "hernia": 0, "abnormal": 1}
    mark("petrova", "absent")
    (found,) = site_films(context, Counter())
    assert found.labels == {"hernia": 0}


def test_a_film_that_chance_did_not_draw_judges_nobody(context: Context, two_films: list[int]) -> None:
    save(two_films[0], [MarkFinding(concept="mass", status="absent")], "", context)
    assert [one.chosen for one in site_films(context, Counter())] == [True]
    with context.get(Store).note() as db:
        study = db.execute(select(Image.study_id).where(Image.id == two_films[0])).scalar_one()
        draw = {"at": now(), "by": "local", "model": "compact", "seed": 0, "eligible": 2, "drawn": 1, "random": 1,
                "rule": {}}  # fmt: skip
        number = db.execute(insert(MarkDraw).values(**draw).returning(MarkDraw.id)).scalar_one()
        case = {"draw_id": number, "study_id": study, "image_id": two_films[0], "place": 1, "kind": "random", "why": [],
                "blind": True, "weight": 1.0}  # fmt: skip
        db.execute(insert(MarkCase).values(**case))
    assert [one.chosen for one in site_films(context, Counter())] == [False]
