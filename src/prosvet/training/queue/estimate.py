"""How often the model is wrong, from the films that chance chose and that were marked blind."""

from __future__ import annotations

from sqlalchemy import select

from prosvet.archive.schema import Image, Study
from prosvet.archive.schema_marks import Mark, MarkCase
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.types import Frozen, Probability, Status
from prosvet.evaluation.proportions import proportion
from prosvet.models.examine import Examiner
from prosvet.reading.decide import status_of
from prosvet.training.queue.marks import record_of
from prosvet.training.queue.shapes import MarkRecord

__all__ = ["ErrorRate", "Part", "error_rate"]

_ASIDE = ("normal", "abnormal", "support_devices")


class Part(Frozen):
    """`k` of `n`, with Wilson's 95 % interval widened for several films of one patient; None of nothing."""

    k: int
    n: int
    value: Probability | None
    low: Probability | None
    high: Probability | None


class ErrorRate(Frozen):
    """Errors on "is there anything abnormal" at the operating point; what reader or model left open is not counted.

    Attributes
    ----------
    wrong : Part
        Of all films.
    missed : Part
        Of the films in which a reader marked something.
    false_alarms : Part
        Of the films that a reader marked normal, or in which they marked only what is absent.
    undecided : int
        Films on which the reader was uncertain or the model said neither.
    """

    model: str
    wrong: Part
    missed: Part
    false_alarms: Part
    undecided: int


def error_rate(context: Context) -> ErrorRate:
    """Only first marks that were made blind on films drawn by chance: the rule's own choices would mislead.

    Of several readers' the first in time counts. It speaks for the films that could be drawn: frontal, scored, and not
    marked before.
    """
    examiner = context.get(Examiner)
    query = (
        select(Mark.__table__, Image.scores, Study.patient_id)
        .join(MarkCase, MarkCase.id == Mark.case_id)
        .join(Image, Image.id == Mark.image_id)
        .join(Study, Study.id == Mark.study_id)
        .where(MarkCase.kind == "random", Mark.blind, Mark.version == 1)
        .order_by(Mark.at, Mark.id)
    )
    truths: dict[int, tuple[bool | None, bool | None, str]] = {}
    with context.get(Store).read() as db:
        for row in db.execute(query):
            score = (row.scores or {}).get("abnormal")
            said = Status.NOT_ASSESSED
            if score is not None:
                said = status_of("abnormal", score, examiner.card, examiner.ref.operating_point)
            truths.setdefault(row.image_id, (_truth(record_of(row)), _sure(said), row.patient_id))
    sure = [(true, said, of) for true, said, of in truths.values() if true is not None and said is not None]
    ref = examiner.ref
    return ErrorRate(
        model=f"{ref.name}@{ref.revision}", undecided=len(truths) - len(sure),
        wrong=_part([(truth != said, patient) for truth, said, patient in sure]),
        missed=_part([(not said, patient) for truth, said, patient in sure if truth]),
        false_alarms=_part([(said, patient) for truth, said, patient in sure if not truth]),
    )  # fmt: skip


def _truth(mark: MarkRecord) -> bool | None:
    """Abnormal, normal, or neither for certain."""
    said = {finding.concept: finding.status for finding in mark.findings}
    found = {status for concept, status in said.items() if concept not in _ASIDE}
    if "present" in found or said.get("abnormal") == "present":
        return True
    return None if "uncertain" in (*found, said.get("normal"), said.get("abnormal")) else False


def _sure(status: Status) -> bool | None:
    return {Status.PRESENT: True, Status.ABSENT: False}.get(status)


def _part(rows: list[tuple[bool, str]]) -> Part:
    if not rows:
        return Part(k=0, n=0, value=None, low=None, high=None)
    hits = [hit for hit, _ in rows]
    found = proportion(hits, [patient for _, patient in rows])
    return Part(k=sum(hits), n=len(hits), value=found.value, low=found.low, high=found.high)
