"""Marks of every kind, drawn by hypothesis; an archive of scored films without pixels."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import strategies as st
from sqlalchemy import insert

from prosvet.archive.schema import Image, ImageVector, Patient, Study
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.language.vocabulary import vocabulary
from prosvet.models.examine import Examiner
from prosvet.training.queue.shapes import FilmMarks, MarkFinding, MarkRecord

CONCEPTS = sorted(vocabulary().concepts)
_words = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=40)


@st.composite
def boxes(draw: st.DrawFn, rows: int, cols: int) -> tuple[float, float, float, float]:
    left, top = draw(st.integers(0, cols * 8 - 1)), draw(st.integers(0, rows * 8 - 1))
    right, bottom = draw(st.integers(left + 1, cols * 8)), draw(st.integers(top + 1, rows * 8))
    return left / 8, top / 8, right / 8, bottom / 8


@st.composite
def findings(draw: st.DrawFn, concept: str, rows: int, cols: int) -> MarkFinding:
    status = draw(st.sampled_from(("present", "uncertain", "absent")))
    there = status != "absent"
    return MarkFinding(
        concept=concept, status=status, comment=draw(_words),
        side=draw(st.sampled_from((None, "left", "right", "bilateral", "midline"))) if there else None,
        boxes=tuple(draw(st.lists(boxes(rows, cols), max_size=4))) if there else (),
    )  # fmt: skip


@st.composite
def records(draw: st.DrawFn, reader: str, version: int, rows: int, cols: int) -> MarkRecord:
    said = draw(st.lists(st.sampled_from(CONCEPTS), min_size=1, max_size=5, unique=True))
    return MarkRecord(
        reader=reader, version=version, at=draw(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))),
        blind=draw(st.booleans()), model=draw(st.sampled_from(("", "compact@2026.11.2", "=сам@1+МЦ.3"))),
        source=draw(st.sampled_from(("page", "command", "label-studio", "coco", "csv"))), comment=draw(_words),
        findings=tuple(draw(findings(concept, rows, cols)) for concept in said),
    )  # fmt: skip


@st.composite
def films(draw: st.DrawFn) -> tuple[FilmMarks, ...]:
    made = []
    for image in draw(st.lists(st.integers(1, 10**9), max_size=3, unique=True)):
        rows, cols = draw(st.integers(1, 5000)), draw(st.integers(1, 5000))
        readers = draw(st.lists(st.sampled_from(("petrova", "=Иванов", "o'neil", "-x")), max_size=3, unique=True))
        marks = [
            draw(records(reader, version, rows, cols))
            for reader in readers
            for version in range(1, draw(st.integers(1, 3)) + 1)
        ]
        study = draw(st.sampled_from(("SQXC6ZTZW2AEQ", "S1", 'С-7; «x», "y"')))
        made.append(FilmMarks(study=study, image=image, rows=rows, cols=cols, marks=tuple(marks)))
    return tuple(sorted(made, key=lambda film: film.image))


FILMS = 120


@pytest.fixture
def archive(context: Context) -> list[int]:
    """120 studies of one frontal film each, 200 by 300 pixels: film n scores abnormal (n + 0.5) / 120."""
    ref, rng = context.get(Examiner).ref, np.random.default_rng(0)
    ids = []
    with context.get(Store).write() as db:
        for n in range(FILMS):
            study = f"S{n:03}"
            db.execute(insert(Patient).values(id=f"P{study}", sex="F", birth_year=1960))
            plain = {"date": None, "date_shifted": False, "source": "t", "split": None, "description": ""}
            db.execute(insert(Study).values(id=study, patient_id=f"P{study}", age=60.0, **plain))
            film = {"file": "f.png", "format": "png", "view": "frontal", "rows": 200, "cols": 300, "row_spacing": None,
                    "col_spacing": None, "is_chest_xray": True, "gates": {}, "state": "examined",
                    "scores": {"abnormal": (n + 0.5) / FILMS, "pneumothorax": 0.001}}  # fmt: skip
            made = insert(Image).values(study_id=study, sha256=study, source_sha256=study, **film)
            ids.append(db.execute(made.returning(Image.id)).scalar_one())
            vector = rng.normal(size=512)
            packed = (vector / np.linalg.norm(vector)).astype("<f2").tobytes()
            db.execute(
                insert(ImageVector).values(image_id=ids[-1], model=ref.name, revision=ref.revision, vector=packed)
            )
    return ids
