"""The program as second reader: the current model's stored findings, fixed when the study is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from prosvet.archive.schema import Image, ImageVector
from prosvet.core.context import Context
from prosvet.models.examine import Examiner
from prosvet.reading.double.form import Opinions, as_opinion
from prosvet.reading.scored import findings_of, strongest

__all__ = ["ProgramOpinion", "opinions_of", "scored_studies"]

_CHUNK = 5000


@dataclass(frozen=True)
class ProgramOpinion:
    """What the model said; ``reader`` is ``model:NAME@REVISION``."""

    reader: str
    point: str
    findings: Opinions


def scored_studies(db: Connection, context: Context) -> set[str]:
    """Studies with a film that the current model, in its current revision, has scored."""
    ref = context.get(Examiner).ref
    query = select(Image.study_id).join(ImageVector, ImageVector.image_id == Image.id)
    return set(db.execute(query.where(ImageVector.model == ref.name, ImageVector.revision == ref.revision)).scalars())


def opinions_of(db: Connection, studies: Sequence[str], context: Context) -> dict[str, ProgramOpinion]:
    """By study; one whose films this model has not scored is left out: nothing is guessed."""
    examiner = context.get(Examiner)
    ref = examiner.ref
    films: dict[str, list[dict[str, float]]] = {}
    query = select(Image.study_id, Image.scores).join(ImageVector, ImageVector.image_id == Image.id)
    query = query.where(ImageVector.model == ref.name, ImageVector.revision == ref.revision)
    for start in range(0, len(studies), _CHUNK):
        for study, scores in db.execute(query.where(Image.study_id.in_(studies[start : start + _CHUNK]))):
            if scores:
                films.setdefault(study, []).append(scores)
    reader = f"model:{ref.name}@{ref.revision}"
    return {
        study: ProgramOpinion(
            reader,
            ref.operating_point,
            as_opinion(findings_of(strongest(scored), examiner.card, ref.operating_point)),
        )
        for study, scored in films.items()
    }
