"""Signed protocols of this archive become cases to learn from; drafts do not."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import insert

from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, Patient, Report, Study
from prosvet.archive.store import Store
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.reading.protocols.content import Content, Line, Part
from prosvet.reading.protocols.versions import add, closed
from prosvet.training.vlm.pictures import picture_of
from prosvet.training.vlm.sources.archived import archived_cases
from vlm_folders import film


def study(name: str, sentence: str, context: Context, tmp_path: Path, *, sign: bool) -> None:
    sha = context.get(FileStore).add(film(tmp_path / f"{name}.png", 0, len(name)).read_bytes())
    plain = {"date": None, "date_shifted": False, "source": "tests", "split": None, "description": ""}
    image = {"file": "x.png", "format": "png", "view": "frontal", "rows": 96, "cols": 96, "row_spacing": None,
             "col_spacing": None, "is_chest_xray": True, "gates": {}, "state": "examined", "scores": {}}  # fmt: skip
    lines = (
        Line(id="1", text=sentence), Line(id="2", text="Вычеркнуто.", original="Вычеркнуто.", decision="rejected"),
        Line(id="3", text="Требуется просмотр врачом-рентгенологом."),
    )  # fmt: skip
    silent = Part(name="not_assessed", title="Не оценивалось", lines=(Line(id="4", text="Корни не оценивались."),))
    content = Content(saved=now("second"), parts=(Part(name="lungs", title="Лёгочные поля", lines=lines), silent))
    with context.get(Store).write() as db:
        db.execute(insert(Patient).values(id=f"P-{name}", sex="F", birth_year=1960))
        db.execute(insert(Study).values(id=name, patient_id=f"P-{name}", age=60.0, **plain))
        db.execute(insert(Image).values(study_id=name, sha256=sha, source_sha256=sha, **image))
        asked = {"file": "r", "language": "ru", "indication": "Кашель.", "findings": "", "impression": "", "labels": []}
        db.execute(insert(Report).values(study_id=name, sha256=name, **asked))
        number = add(db, name, content, author="petrova", lang="ru")
        if sign:
            closed(db, name, number)


def test_a_signed_protocol_is_a_case_in_its_own_words(context: Context, tmp_path: Path) -> None:
    study("S1", "Справа плевральный выпот.", context, tmp_path, sign=True)
    study("S22", "Черновик.", context, tmp_path, sign=False)
    (case,) = archived_cases("ru", context)
    assert (case.id, case.patient, case.sex, case.age, case.context) == ("S1", "P-S1", "F", 60, "Кашель.")
    assert case.text == "Лёгочные поля: Справа плевральный выпот."  # neither struck lines nor the draft's remarks
    assert picture_of(case.images[0], 64, context.settings).size == (64, 64)
    log = (context.settings.home / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["study"] for line in log if json.loads(line)["event"] == "tune_read"] == ["S1"]
    assert list(archived_cases("en", context)) == []
