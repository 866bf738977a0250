"""A study beside the patient's earlier one: found by date, compared by what is present, refused where there is none."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.schema import Image, Patient, Study
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.types import Finding, Status
from prosvet.reading.ask.api import AskRequest
from prosvet.reading.ask.api import run as ask
from prosvet.reading.prior import changes
from prosvet.reading.prior_api import PriorRequest, run


def test_courses() -> None:
    def found(**statuses: Status) -> list[Finding]:
        return [Finding(concept=name, status=one, probability=0.5) for name, one in statuses.items()]

    rows = changes(
        found(mass=Status.ABSENT, nodule=Status.PRESENT, edema=Status.PRESENT, abnormal=Status.ABSENT),
        found(mass=Status.PRESENT, nodule=Status.PRESENT, edema=Status.UNCERTAIN, abnormal=Status.PRESENT),
    )
    assert [(one.concept, one.course) for one in rows] == [("mass", "new"), ("nodule", "same"), ("edema", "unclear")]


@pytest.fixture
def two_studies(shared_data: Path, context: Context) -> tuple[str, str]:
    """Two real films as two studies of one patient, a year apart; (earlier, later)."""
    films = [shared_data / "fullsize" / name for name in ("cxb00281.png", "cxr18995.png")]
    ingest(IngestRequest(paths=tuple(films)), context)
    with context.get(Store).write() as db:
        rows = {file: study for file, study in db.execute(select(Image.file, Image.study_id))}
        earlier, later = (rows[film.name] for film in films)
        patient = db.execute(select(Patient.id).limit(1)).scalar_one()
        for study, day in ((earlier, date(2024, 1, 1)), (later, date(2025, 1, 1))):
            db.execute(update(Study).where(Study.id == study).values(patient_id=patient, date=day))
    return earlier, later


def test_a_study_is_compared_with_the_last_before_it(two_studies: tuple[str, str], context: Context) -> None:
    earlier, later = two_studies
    found = run(PriorRequest(study=later), context)
    assert (found.before.study, found.now.study) == (earlier, later)
    assert found.before.date == date(2024, 1, 1)
    assert "pneumonia" in {one.concept for one in found.changes}
    with pytest.raises(NotFound):
        run(PriorRequest(study=earlier), context)
    question = "Что изменилось по сравнению с прошлым снимком?"
    answer = ask(AskRequest(question=question, study=later, lang="ru"), context)
    assert (answer.kind, answer.prior, answer.abstained) == ("change", earlier, False)
    alone = ask(
        AskRequest(question="Что изменилось по сравнению с прошлым снимком?", study=earlier, lang="ru"), context
    )
    assert (alone.abstained, alone.reason) == (True, "no_prior")
