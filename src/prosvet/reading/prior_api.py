"""The capability `compare-readings.prior`: a study beside the same patient's earlier one, both read by one model."""

from __future__ import annotations

from datetime import date

from pydantic import Field
from sqlalchemy import select

from prosvet.archive.schema import Study
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import NotChestXray, NotFound, NotFrontal
from prosvet.core.types import Frozen, Measurement, ModelRef
from prosvet.reading.chosen import chosen_image
from prosvet.reading.prior import Change, changes
from prosvet.reading.several import Looked, Several
from prosvet.reading.stored import StoredImage, film_of, prior_of

__all__ = ["PriorRequest", "PriorResult", "Read", "look_at", "run"]


class PriorRequest(Frozen):
    """A study of the archive, and the earlier one: the patient's last before it when `prior` is None."""

    study: str = Field(min_length=1, max_length=200)
    image: int | None = Field(default=None, ge=1)
    prior: str | None = Field(default=None, max_length=200)


class Read(Frozen):
    """One of the two films and its cardiothoracic ratio."""

    study: str
    image: int
    date: date | None
    ratio: Measurement | None


class PriorResult(Frozen):
    """What changed. Sizes are not measured and not compared, the heart's ratio excepted."""

    now: Read
    before: Read
    changes: tuple[Change, ...]
    model: ModelRef


def run(request: PriorRequest, context: Context) -> PriorResult:
    """Read both films and compare what was found.

    Raises
    ------
    NotFound
        When a study is not there for the context's actor, has no film, or no earlier one is known (kind ``prior``).
    BlindReading
        When the actor reads one of them blind.
    NotChestXray, NotFrontal
        When one of the films is not one that is read.
    """
    image = chosen_image(request.study, request.image, context)
    earlier = request.prior or prior_of(request.study, context)
    if earlier is None:
        raise NotFound(kind="prior", name=request.study)
    old = chosen_image(earlier, None, context)
    AuditLog.from_context(context).write("compare_prior", study=image.study, image=image.id, prior=old.study)
    now, before = look_at(image, context), look_at(old, context)
    return PriorResult(
        now=_read(image, now, context),
        before=_read(old, before, context),
        changes=changes(before.findings, now.findings),
        model=now.model,
    )


def look_at(image: StoredImage, context: Context) -> Looked:
    """What the model in force says of a stored film.

    Raises
    ------
    NotChestXray, NotFrontal
    """
    several = context.get(Several)
    looked = several.known(image.version) or several.look(film_of(image, context, windowed=True), image.version)
    if looked.refusal == "not_chest_xray":
        raise NotChestXray(name=image.file, probability=looked.gates.chest_xray_probability)
    if looked.refusal == "not_frontal":
        raise NotFrontal(name=image.file, probability=looked.gates.lateral_probability)
    return looked


def _read(image: StoredImage, looked: Looked, context: Context) -> Read:
    with context.get(Store).read() as db:
        day = db.execute(select(Study.date).where(Study.id == image.study)).scalar_one()
    ratio = next((one for one in looked.measurements if one.name == "cardiothoracic_ratio"), None)
    return Read(study=image.study, image=image.id, date=day, ratio=ratio)
