"""The pool: every film that may be queued, its vector, and the reasons that the archive gives for marking it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, exists, func, or_, select

from prosvet.archive.catch_up import thresholds
from prosvet.archive.owned import visible
from prosvet.archive.schema import Image, ImageVector, Study
from prosvet.archive.schema_marks import Mark, MarkCase
from prosvet.archive.schema_monitor import Alarm, AlarmStudy
from prosvet.archive.schema_screen import ScreenAudit, ScreenDecision
from prosvet.archive.schema_work import Protocol, RetrospectiveRow, RetrospectiveRun
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.types import View
from prosvet.models.examine import Examiner
from prosvet.reading.retrospective.claims import Record, records_of
from prosvet.reading.retrospective.disagree import Disagreement, disagreements
from prosvet.reading.scored import findings_of, strongest
from prosvet.screening.decide import TRANSIENT
from prosvet.training.queue.reasons import Why
from prosvet.training.queue.rule import entropy, far

__all__ = ["Pool", "gather"]

_UNDECIDED = 0.5  # bits: between odds of 1 to 8 and 8 to 1 about the threshold
_FAR = 0.98  # quantile of the distances
_REFERENCE, _FEWEST = 2000, 100
_AT_ONCE = 500


@dataclass
class Pool:
    """N films; vectors (N, 512) of unit length, ``known`` those of films that are marked or queued."""

    images: list[int]
    studies: list[str]
    scores: list[dict[str, float]]
    vectors: NDArray[np.float32]
    known: NDArray[np.float32]
    why: dict[int, list[Why]] = field(default_factory=lambda: defaultdict(list))

    def of_study(self) -> dict[str, int]:
        """The place of each study's film: of several, the one with the highest score of being abnormal."""
        best: dict[str, int] = {}
        for place, (study, scores) in enumerate(zip(self.studies, self.scores, strict=True)):
            known = best.get(study)
            if known is None or scores.get("abnormal", 0.0) > self.scores[known].get("abnormal", 0.0):
                best[study] = place
        return best


def gather(context: Context, *, seed: int = 0) -> Pool:
    """Every film that this site's model has scored, that shows a chest from the front, and that nobody has marked.

    ``why`` maps places in the pool to reasons; a film without any is only drawn by chance.
    """
    store, examiner = context.get(Store), context.get(Examiner)
    with store.read() as db:
        pool = _films(db, context)
        place = pool.of_study()
        found = [
            *_missed(db, place, context), *_abstained(db, place, context), *_odd(db, place, context),
            *_retrospective(db, place, context), *_protocols(db, pool, place, context),
        ]  # fmt: skip
    for where, why in found:
        if all((one.kind, one.concept) != (why.kind, why.concept) for one in pool.why[where]):
            pool.why[where].append(why)
    _uncertain(pool, thresholds(examiner))
    _far(pool, seed)
    return pool


def _films(db: Connection, context: Context) -> Pool:
    ref = context.get(Examiner).ref
    touched = or_(exists().where(Mark.image_id == Image.id), exists().where(MarkCase.image_id == Image.id))
    same = and_(ImageVector.image_id == Image.id, ImageVector.model == ref.name, ImageVector.revision == ref.revision)
    query = (
        select(Image.id, Image.study_id, Image.scores, ImageVector.vector, touched.label("touched"))
        .join(ImageVector, same)
        .join(Study, Study.id == Image.study_id)
        .where(
            visible(context.actor),
            Image.view != View.LATERAL.value,
            Image.is_chest_xray.is_not(False),
            Image.synthetic.is_(None),
        )
        .order_by(Image.id)
    )
    rows = db.execute(query).all()
    free = [row for row in rows if not row.touched and row.scores]
    return Pool(
        [row.id for row in free], [row.study_id for row in free], [dict(row.scores) for row in free],
        _matrix(row.vector for row in free), _matrix(row.vector for row in rows if row.touched),
    )  # fmt: skip


def _matrix(vectors: Iterable[bytes]) -> NDArray[np.float32]:
    joined = b"".join(vectors)
    matrix = np.frombuffer(joined, dtype="<f2").astype(np.float32).reshape(-1, 512)
    return np.asarray(matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9), dtype=np.float32)


Found = list[tuple[int, Why]]


def _missed(db: Connection, place: Mapping[str, int], context: Context) -> Found:
    """Released, and the blind audit found something."""
    query = (
        select(ScreenAudit.study_id, ScreenAudit.verdict, ScreenDecision.score, ScreenDecision.threshold)
        .join(ScreenDecision, ScreenDecision.id == ScreenAudit.decision_id)
        .where(ScreenDecision.site == context.settings.site, ScreenDecision.outcome == "normal")
        .where(ScreenAudit.verdict.in_(("abnormal", "critical")))
    )
    return [
        (place[row.study_id], Why(kind="miss", strength=1.0 if row.verdict == "critical" else 0.8, detail=row.verdict,
                                  value=row.score, limit=row.threshold))
        for row in db.execute(query) if row.study_id in place
    ]  # fmt: skip


def _abstained(db: Connection, place: Mapping[str, int], context: Context) -> Found:
    """The last decision on the study was none, for a reason that lies in the study."""
    last = select(func.max(ScreenDecision.id)).where(ScreenDecision.site == context.settings.site)
    query = select(ScreenDecision.study_id, ScreenDecision.reason, ScreenDecision.distance).where(
        ScreenDecision.id.in_(last.group_by(ScreenDecision.study_id)), ScreenDecision.outcome == "abstain"
    )
    return [
        (place[row.study_id], Why(kind="abstention", strength=1.0 if row.reason in ("distance", "anatomy") else 0.5,
                                  detail=row.reason, value=row.distance))
        for row in db.execute(query) if row.study_id in place and row.reason not in TRANSIENT
    ]  # fmt: skip


def _odd(db: Connection, place: Mapping[str, int], context: Context) -> Found:
    """The most odd films of alarms, the more so the more they add to the statistic."""
    query = (
        select(AlarmStudy.study_id, AlarmStudy.place, Alarm.cause)
        .join(Alarm, Alarm.id == AlarmStudy.alarm_id)
        .where(Alarm.site == context.settings.site, AlarmStudy.kind == "odd")
        .order_by(Alarm.id.desc(), AlarmStudy.place)
    )
    return [
        (place[row.study_id], Why(kind="odd", strength=1 / (1 + max(0, row.place)), detail=row.cause))
        for row in db.execute(query) if row.study_id in place
    ]  # fmt: skip


def _retrospective(db: Connection, place: Mapping[str, int], context: Context) -> Found:
    """The last run of this very model; what a senior has judged already is not asked again, but for what is unclear."""
    ref = context.get(Examiner).ref
    last = select(func.max(RetrospectiveRun.id)).where(RetrospectiveRun.model == f"{ref.name}@{ref.revision}")
    query = select(RetrospectiveRow.study_id, RetrospectiveRow.findings).where(
        RetrospectiveRow.run_id == last.scalar_subquery(), RetrospectiveRow.rank > 0,
        or_(RetrospectiveRow.verdict.is_(None), RetrospectiveRow.verdict == "unclear"),
    )  # fmt: skip
    return [
        (place[row.study_id], _disagreement(Disagreement.model_validate(row.findings["disagreements"][0])))
        for row in db.execute(query) if row.study_id in place
    ]  # fmt: skip


def _protocols(db: Connection, pool: Pool, place: Mapping[str, int], context: Context) -> Found:
    """Signed protocols against what the model scored: no run over the archive is needed for these."""
    examiner = context.get(Examiner)
    signed = sorted(set(db.execute(select(Protocol.study_id).where(Protocol.state == "signed")).scalars()) & set(place))
    found: Found = []
    for start in range(0, len(signed), _AT_ONCE):
        some = signed[start : start + _AT_ONCE]
        records = records_of(db, some)
        for study in some:
            scores = strongest([pool.scores[place[study]]])
            said = findings_of(scores, examiner.card, examiner.ref.operating_point)
            made = disagreements(said, records.get(study, Record()))
            found += [(place[study], _disagreement(made[0]))] if made else []
    return found


def _disagreement(one: Disagreement) -> Why:
    return Why(kind="disagreement", strength=one.score, concept=one.concept, detail=one.kind, value=one.probability)


def _uncertain(pool: Pool, limits: Mapping[str, float]) -> None:
    """Scores about the operating point: that of `abnormal`, or of whatever is least decided where there is none."""
    for where, scores in enumerate(pool.scores):
        asked = ["abnormal"] if "abnormal" in scores and "abnormal" in limits else sorted(set(scores) & set(limits))
        ranked = [(float(entropy(np.array([scores[name]]), limits[name])[0]), name) for name in asked]
        bits, name = max(ranked, default=(0.0, ""))
        if bits >= _UNDECIDED:
            why = Why(kind="uncertain", strength=min(1.0, bits), concept=name, value=scores[name], limit=limits[name])
            pool.why[where].append(why)


def _far(pool: Pool, seed: int) -> None:
    """The two in a hundred that lie farthest from a sample of the archive."""
    if len(pool.images) < _FEWEST:
        return
    rng = np.random.default_rng(seed)
    sample = rng.choice(len(pool.images), min(_REFERENCE, len(pool.images)), replace=False)
    distances = far(pool.vectors, pool.vectors[sample])
    limit = float(np.quantile(distances, _FAR))
    order = np.flatnonzero(distances > limit)
    for rank, where in enumerate(order[np.argsort(distances[order], kind="stable")], start=1):
        why = Why(kind="far", strength=rank / len(order), value=float(distances[where]), limit=limit)
        pool.why[int(where)].append(why)
