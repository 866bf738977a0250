"""The tables of marking: a mark is closed to change, and goes with its study."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, update

from prosvet.archive.schema import Image, Patient, Study
from prosvet.archive.schema_marks import Mark, MarkCase, MarkDraw, MarkReading
from prosvet.archive.store import Store
from prosvet.archive.visible import hidden_images
from prosvet.core.actor import Actor
from prosvet.core.errors import ArchiveError

AT = datetime(2026, 11, 22)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """One film in the queue, begun blind and marked by two readers."""
    made = Store(tmp_path)
    with made.write() as db:
        db.execute(insert(Patient).values(id="P"))
        db.execute(insert(Study).values(id="S", patient_id="P", date_shifted=False, source="t", description=""))
        db.execute(insert(Image).values(
            id=1, study_id="S", sha256="a", source_sha256="a", file="f", format="png", view="frontal", rows=9, cols=9,
            gates={}, scores={}, state="examined",
        ))  # fmt: skip
        db.execute(insert(MarkDraw).values(
            id=1, at=AT, by="x", model="m", seed=0, eligible=1, drawn=1, random=1, rule={}
        ))  # fmt: skip
        case = {"id": 1, "draw_id": 1, "study_id": "S", "image_id": 1, "place": 1, "kind": "random", "why": []}
        db.execute(insert(MarkCase).values(**case, blind=True, weight=0.0))
        db.execute(insert(MarkReading).values(case_id=1, reader="petrova", study_id="S", blind=True, begun=AT))
        for reader in ("ivanov", "orlova"):
            db.execute(insert(Mark).values(mark(reader)))
    return made


def mark(reader: str, version: int = 1) -> dict[str, object]:
    facts = {"study_id": "S", "image_id": 1, "case_id": 1, "at": AT, "findings": [], "blind": True, "model": "m"}
    return facts | {"reader": reader, "version": version, "source": "page"}


def test_a_mark_is_never_changed_and_a_version_never_taken_twice(store: Store) -> None:
    with pytest.raises(ArchiveError, match="never changed"), store.note() as db:
        db.execute(update(Mark).values(comment="other"))
    with pytest.raises(ArchiveError), store.note() as db:
        db.execute(insert(Mark).values(mark("ivanov")))
    with store.note() as db:
        db.execute(insert(Mark).values(mark("ivanov", 2)))


def test_an_erased_study_takes_cases_readings_and_marks_with_it(store: Store) -> None:
    with store.write(erasing=True) as db:
        db.execute(delete(Study).where(Study.id == "S"))
    with store.read() as db:
        for table in (Mark, MarkCase, MarkReading):
            assert db.execute(select(func.count()).select_from(table)).scalar_one() == 0
        assert db.execute(select(MarkDraw.drawn)).scalar_one() == 1


def test_an_open_blind_case_is_hidden_from_its_reader_until_it_is_finished(store: Store) -> None:
    assert hidden_images(store, Actor("petrova", "admin")).tolist() == [1]
    assert hidden_images(store, Actor("ivanov", "admin")).tolist() == []
    with store.note() as db:
        db.execute(update(MarkReading).values(finished=AT))
    assert hidden_images(store, Actor("petrova", "admin")).tolist() == []
