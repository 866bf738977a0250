"""An archive of studies whose films carry scores of the shipped model, without running it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from prosvet.archive.schema import Finding, Image, ImageVector, Patient, Report, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.models.examine import Examiner

AddStudy = Callable[..., str]
As = Callable[..., Context]


@pytest.fixture
def as_(context: Context) -> As:
    """``as_("petrova")``, ``as_("orlova", "senior")``: the same archive in somebody's name."""
    return lambda name, role="reader": context.child(actor=Actor(name, role))


@pytest.fixture
def add_study(context: Context) -> AddStudy:
    """``add_study("S1", scores={"mass": 0.9}, report="...", labels={"normal": "present"})``; listed as read."""

    def add(
        study: str,
        scores: dict[str, float] | None = None,
        *,
        patient: str | None = None,
        report: str = "",
        claims: dict[str, str] | None = None,
        labels: dict[str, str] | None = None,
        revision: str | None = None,
        owner: str | None = None,
    ) -> str:
        ref, at = context.get(Examiner).ref, datetime.now(UTC).replace(tzinfo=None)
        whose = patient or f"P-{study}"
        with context.get(Store).write() as db:
            db.execute(insert(Patient).prefix_with("OR IGNORE").values(id=whose, sex="F", birth_year=1960))
            plain = {"date": None, "date_shifted": False, "source": "tests", "split": None, "description": ""}
            db.execute(insert(Study).values(id=study, patient_id=whose, age=60.0, **plain))
            if scores is not None:
                film = {"file": f"{study}.png", "format": "png", "view": "frontal", "rows": 64, "cols": 64,
                        "row_spacing": None, "col_spacing": None, "is_chest_xray": True, "gates": {},
                        "state": "examined"}  # fmt: skip
                made = insert(Image).values(study_id=study, sha256=study, source_sha256=study, scores=scores, **film)
                image = db.execute(made.returning(Image.id)).scalar_one()
                vector = {"model": ref.name, "revision": revision or ref.revision, "vector": b"\0" * 1024}
                db.execute(insert(ImageVector).values(image_id=image, **vector))
            number = None
            if report:
                text = {"file": "r.txt", "language": "ru", "indication": "", "findings": report, "impression": ""}
                made = insert(Report).values(study_id=study, sha256=study, labels=[], **text)
                number = db.execute(made.returning(Report.id)).scalar_one()
            rows = [("report", number, pair) for pair in (claims or {}).items()]
            rows += [("manifest", None, pair) for pair in (labels or {}).items()]
            for origin, owner_of, (concept, status) in rows:
                claim = {"study_id": study, "report_id": owner_of, "concept": concept, "status": status}
                db.execute(insert(Finding).values(origin=origin, **claim))
            db.execute(insert(WorkItem).values(study_id=study, arrived=at, updated=at, status="read", owner=owner))
        return study

    return add
