"""Going through an archive: study by study, kept in small batches, so that a stop or a kill loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select, update

from prosvet.archive.filters import StudyFilter, matching
from prosvet.archive.schema import Image, Study
from prosvet.archive.schema_work import RetrospectiveRow, RetrospectiveRun
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest, NotFound
from prosvet.models.examine import Examiner
from prosvet.reading.retrospective.claims import Record, records_of
from prosvet.reading.retrospective.disagree import disagreements
from prosvet.reading.retrospective.score import rank
from prosvet.reading.retrospective.scores import scores_of
from prosvet.reading.scored import findings_of, strongest

__all__ = ["run_over"]

_BATCH = 64  # studies of a transaction


def run_over(filters: StudyFilter, number: int | None, context: Context) -> int:
    """Begin a run, or go on with one: `number`, or an unfinished one of the same model over the same filters.

    A study that has a row is not read again. Returns the run's number.

    Raises
    ------
    NotFound
        When there is no run `number`.
    InvalidRequest
        When it was made by another model or revision: its rows could not be compared.
    """
    store = context.get(Store)
    with store.note() as db:
        run = _open(db, filters, number, context)
        todo = _todo(db, run, context)
        db.execute(update(RetrospectiveRun).where(RetrospectiveRun.id == run.id).values(state="running"))
        AuditLog.from_context(context).write("retrospective_run", run=run.id, studies=len(todo))
    finished = False
    try:
        batch: list[str] = []
        for study in context.progress.track(todo, "retrospective", total=len(todo)):
            batch.append(study)
            if len(batch) == _BATCH:
                _keep(batch, run.id, context)
                batch = []
        _keep(batch, run.id, context)
        finished = True
    finally:
        state = "done" if finished else "stopped"
        with store.note() as db:
            values = {"state": state, "finished": now() if finished else None}
            db.execute(update(RetrospectiveRun).where(RetrospectiveRun.id == run.id).values(values))
    return int(run.id)


def _open(db: Connection, filters: StudyFilter, number: int | None, context: Context) -> Row[Any]:
    ref, table = context.get(Examiner).ref, RetrospectiveRun.__table__
    model, plain = f"{ref.name}@{ref.revision}", filters.model_dump(mode="json", exclude_defaults=True)
    if number is not None:
        row = db.execute(select(table).where(table.c.id == number)).first()
        if row is None:
            raise NotFound(kind="retrospective run", name=str(number))
        if (row.model, row.point) != (model, ref.operating_point):
            raise InvalidRequest(name="run", reason="other_model")
        return row
    same = select(table).where(
        table.c.model == model, table.c.point == ref.operating_point, table.c.state != "done",
        table.c.started_by == context.actor.name,
    )  # fmt: skip
    for row in db.execute(same.order_by(table.c.id.desc())):
        if row.filters == plain:
            return row
    values = {"model": model, "point": ref.operating_point, "filters": plain, "state": "running", "wanted": 0,
              "started": now(), "started_by": context.actor.name, "finished": None}  # fmt: skip
    return db.execute(insert(RetrospectiveRun).values(values).returning(table)).one()


def _todo(db: Connection, run: Row[Any], context: Context) -> list[str]:
    """Studies with a film that match and have no row yet; how many match in all is kept with the run."""
    wanted = matching(StudyFilter.model_validate(run.filters))
    has_film = exists().where(Image.study_id == Study.id)
    matched = db.execute(wanted.where(has_film, visible(context.actor)).order_by(Study.id)).scalars().all()
    done = set(
        db.execute(select(RetrospectiveRow.study_id).where(RetrospectiveRow.run_id == run.id)).scalars()
    )  # fmt: skip
    db.execute(update(RetrospectiveRun).where(RetrospectiveRun.id == run.id).values(wanted=len(matched)))
    return [study for study in matched if study not in done]


def _keep(studies: Sequence[str], run: int, context: Context) -> None:
    """Read a batch and keep its rows together; a row that another process kept meanwhile stays as it is."""
    if not studies:
        return
    store, examiner = context.get(Store), context.get(Examiner)
    scored = scores_of(studies, context)
    with store.read() as db:
        records = records_of(db, studies)
    rows = []
    for study in studies:
        found = findings_of(
            strongest(scored.films.get(study, [])), examiner.card, examiner.ref.operating_point
        )  # fmt: skip
        made = disagreements(found, records.get(study, Record()))
        body: dict[str, Any] = {"disagreements": [one.model_dump(mode="json") for one in made]}
        if study in scored.failed:
            body["error"] = scored.failed[study]
        rows.append(
            {
                "run_id": run, "study_id": study, "rank": rank([one.score for one in made]), "findings": body,
                "concept": made[0].concept if made else None, "kind": made[0].kind if made else None,
                "verdict": None, "comment": "", "judged_by": None, "judged": None,
            }
        )  # fmt: skip
    with store.note() as db:
        known = set(db.execute(select(Study.id).where(Study.id.in_(studies))).scalars())  # one may have been erased
        kept = [row for row in rows if row["study_id"] in known]
        if kept:
            db.execute(insert(RetrospectiveRow).prefix_with("OR IGNORE"), kept)
