"""Runs and their rows: the ranked list, and the same as CSV."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from prosvet.archive.blind import blind_studies
from prosvet.archive.schema import Image, Patient, Study
from prosvet.archive.schema_work import RetrospectiveRow, RetrospectiveRun
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.types import Frozen, Moment
from prosvet.reading.retrospective.disagree import Disagreement
from prosvet.reading.retrospective.score import Kind

__all__ = [
    "VERDICTS",
    "Only",
    "Page",
    "RowView",
    "RunView",
    "Verdict",
    "as_csv",
    "listed",
    "row_of",
    "runs",
    "selected",
]

Verdict = Literal["missed", "model_wrong", "unclear"]
VERDICTS: tuple[Verdict, ...] = ("missed", "model_wrong", "unclear")
Only = Literal["open", "judged", "all"]


class RunView(Frozen):
    """A run. ``done`` of ``wanted`` studies are read; ``differing`` of them have a disagreement."""

    id: int
    model: str
    point: str
    filters: dict[str, Any]
    state: Literal["running", "stopped", "done"]
    wanted: int
    done: int
    differing: int
    failed: int
    judged: dict[Verdict, int]
    started: Moment
    started_by: str
    finished: Moment | None


class RowView(Frozen):
    """A study in the list, with its disagreements, worst first."""

    place: int
    study: str
    image: int | None
    images: tuple[int, ...]
    sex: str | None
    age: float | None
    date: date | None
    source: str
    rank: float
    disagreements: tuple[Disagreement, ...]
    verdict: Verdict | None
    comment: str
    judged_by: str | None
    judged: Moment | None


class Page(Frozen):
    """A part of the list, and how many rows match in all."""

    total: int
    rows: tuple[RowView, ...]


def runs(context: Context) -> tuple[RunView, ...]:
    """All runs, latest first."""
    with context.get(Store).read() as db:
        rows = db.execute(select(RetrospectiveRun.__table__).order_by(RetrospectiveRun.id.desc())).all()
        return tuple(_run(db, row) for row in rows)


def _run(db: Connection, row: Row[Any]) -> RunView:
    of = RetrospectiveRow.run_id == row.id
    counts = db.execute(
        select(
            func.count(), func.count().filter(RetrospectiveRow.rank > 0),
            func.count().filter(func.json_extract(RetrospectiveRow.findings, "$.error").is_not(None)),
        ).where(of)
    ).one()  # fmt: skip
    verdicts = select(RetrospectiveRow.verdict, func.count()).where(of, RetrospectiveRow.verdict.is_not(None))
    judged = dict(db.execute(verdicts.group_by(RetrospectiveRow.verdict)).all())
    return RunView(
        id=row.id, model=row.model, point=row.point, filters=row.filters, state=row.state, wanted=row.wanted,
        done=counts[0], differing=counts[1], failed=counts[2], started=row.started, started_by=row.started_by,
        finished=row.finished, judged={verdict: judged.get(verdict, 0) for verdict in VERDICTS},
    )  # fmt: skip


def selected(run: int, context: Context) -> RunView:
    """One run.

    Raises
    ------
    NotFound
    """
    with context.get(Store).read() as db:
        row = db.execute(select(RetrospectiveRun.__table__).where(RetrospectiveRun.id == run)).first()
        if row is None:
            raise NotFound(kind="retrospective run", name=str(run))
        return _run(db, row)


def listed(
    run: int, only: Only, concept: str | None, kind: Kind | None, limit: int, offset: int, context: Context
) -> Page:  # fmt: skip
    """Disagreements of a run, worst first; ``concept`` and ``kind`` are those of a study's worst one."""
    conditions = _conditions(run, only, concept, kind, context)
    with context.get(Store).read() as db:
        # A study that this person reads blind elsewhere has no place in a list of what the model found.
        conditions.append(Study.id.not_in(blind_studies(db, context.actor)))
        total = db.execute(_joined(select(func.count())).where(*conditions)).scalar_one()
        query = _joined(_columns()).where(*conditions).order_by(RetrospectiveRow.rank.desc(), RetrospectiveRow.study_id)
        rows = db.execute(query.limit(limit).offset(offset)).all()
        films = _films(db, [row.study_id for row in rows])
    views = (_row(row, offset + place, films) for place, row in enumerate(rows, start=1))
    return Page(total=total, rows=tuple(views))


def row_of(run: int, study: str, context: Context) -> RowView:
    """One row of a run; its place counts the rows that stand before it.

    Raises
    ------
    NotFound
    """
    mine = (RetrospectiveRow.run_id == run, RetrospectiveRow.study_id == study, visible(context.actor))
    with context.get(Store).read() as db:
        row = db.execute(_joined(_columns()).where(*mine)).first()
        if row is None:
            raise NotFound(kind="study", name=study)
        before = (RetrospectiveRow.rank > row.rank) | (
            (RetrospectiveRow.rank == row.rank) & (RetrospectiveRow.study_id < study)
        )
        place = db.execute(select(func.count()).where(RetrospectiveRow.run_id == run, before)).scalar_one()
        films = _films(db, [study])
    return _row(row, place + 1, films)


def _conditions(
    run: int, only: Only, concept: str | None, kind: Kind | None, context: Context
) -> list[ColumnElement[bool]]:
    conditions = [RetrospectiveRow.run_id == run, RetrospectiveRow.rank > 0, visible(context.actor)]
    if only != "all":
        is_open = RetrospectiveRow.verdict.is_(None)
        conditions.append(is_open if only == "open" else ~is_open)
    if concept is not None:
        conditions.append(RetrospectiveRow.concept == concept)
    if kind is not None:
        conditions.append(RetrospectiveRow.kind == kind)
    return conditions


def _columns() -> Select[Any]:
    return select(RetrospectiveRow.__table__, Study.age, Study.date, Study.source, Patient.sex)


def _joined(query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(RetrospectiveRow)
        .join(Study, Study.id == RetrospectiveRow.study_id)
        .join(Patient, Patient.id == Study.patient_id)
    )


def _films(db: Connection, studies: list[str]) -> dict[str, list[int]]:
    films: dict[str, list[int]] = {}
    for study, image in db.execute(
        select(Image.study_id, Image.id).where(Image.study_id.in_(studies)).order_by(Image.id)
    ):
        films.setdefault(study, []).append(image)
    return films


def _row(row: Row[Any], place: int, films: dict[str, list[int]]) -> RowView:
    images = tuple(films.get(row.study_id, ()))
    return RowView(
        place=place, study=row.study_id, image=images[0] if images else None, images=images, sex=row.sex, age=row.age,
        date=row.date, source=row.source, rank=row.rank, verdict=row.verdict, comment=row.comment,
        judged_by=row.judged_by, judged=row.judged,
        disagreements=tuple(Disagreement.model_validate(one) for one in row.findings["disagreements"]),
    )  # fmt: skip


_HEADER = ("place", "study", "rank", "concept", "kind", "probability", "score", "source", "decided_by", "verdict",
           "comment", "judged_by", "judged")  # fmt: skip


def as_csv(rows: tuple[RowView, ...]) -> str:
    """A line for each disagreement, with its study's place and verdict.

    A cell that a spreadsheet would take for a formula is marked as text.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    for row in rows:
        judged = row.judged.isoformat(timespec="seconds") if row.judged else ""
        for one in row.disagreements:
            cells = (row.place, row.study, row.rank, one.concept, one.kind, one.probability, one.score, one.source,
                     one.by, row.verdict or "", row.comment, row.judged_by or "", judged)  # fmt: skip
            writer.writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
