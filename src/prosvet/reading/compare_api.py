"""The capability `compare-readings`: two models, or a stored reading and a fresh one, side by side on one film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from pydantic import Field
from sqlalchemy import select

from prosvet.archive.schema import Finding as FindingRow
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import NotChestXray, NotFound, NotFrontal
from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Frozen, Measurement, ModelRef, Side, Status, Zone
from prosvet.reading.chosen import chosen_image
from prosvet.reading.draft import brief_of, checked_draft, seed_of
from prosvet.reading.several import Looked, Several
from prosvet.reading.stored import StoredImage, film_of

__all__ = ["STORED", "CompareReadingsRequest", "CompareReadingsResult", "Row", "Said", "Sentence", "run"]

STORED = "stored"
"""In place of a model's name: what the archive keeps of the film, as it was read when it came."""

_CLAIMED = (Status.PRESENT, Status.UNCERTAIN)
_GROUPS = frozenset({"focal_opacity"})
"""Said of their parts: an archive keeps the parts alone."""
_STRENGTH = (Status.NOT_ASSESSED, Status.ABSENT, Status.UNCERTAIN, Status.PRESENT)


class CompareReadingsRequest(Frozen):
    """A film of the archive, and who reads it.

    Attributes
    ----------
    study, image
        The first frontal film of the study when `image` is None.
    first, second : str
        Names of model cards, or ``stored``.
    """

    study: str = Field(min_length=1, max_length=200)
    image: int | None = Field(default=None, ge=1)
    first: str = Field(default="compact", max_length=100)
    second: str = Field(default="compact-int8", max_length=100)
    lang: Lang | None = None


class Sentence(Frozen):
    """A sentence of a draft; `alone` when the other draft does not say it."""

    text: str
    alone: bool


class Said(Frozen):
    """One of the two readings. ``draft`` is empty for a stored one, of which no text is kept."""

    name: str
    model: ModelRef | None
    stored: bool
    measurements: tuple[Measurement, ...] = ()
    draft: tuple[Sentence, ...] = ()


class Row(Frozen):
    """A finding in both readings.

    Attributes
    ----------
    changed : bool
        The statuses differ. Where a stored reading says nothing, only what the other claims is a difference.
    difference : float or None
        Second probability less the first; None where one of them has none.
    """

    concept: str
    first: Finding | None
    second: Finding | None
    changed: bool
    difference: float | None


class CompareReadingsResult(Frozen):
    """Both readings; rows with differing statuses first, then by the size of the difference."""

    study: str
    image: int
    file: str
    first: Said
    second: Said
    rows: tuple[Row, ...]
    changed: int


def run(request: CompareReadingsRequest, context: Context) -> CompareReadingsResult:
    """Read a film twice and set the readings side by side.

    Raises
    ------
    NotFound
        When the study is not there for the context's actor, or nothing is stored of it.
    ModelNotFound, ModelError
        For a card that there is not, or that is not valid.
    NotChestXray, NotFrontal
        When the film is not one that is read.
    """
    image = chosen_image(request.study, request.image, context)
    AuditLog.from_context(context).write("compare_readings", study=image.study, image=image.id)
    lang = request.lang or context.lang
    (first, a), (second, b) = (_read(name, image, lang, context) for name in (request.first, request.second))
    told = (_alone(first, second), _alone(second, first))
    rows = _rows(a, b)
    return CompareReadingsResult(
        study=image.study, image=image.id, file=image.file, first=told[0], second=told[1], rows=rows,
        changed=sum(row.changed for row in rows),
    )  # fmt: skip


def _read(
    name: str, image: StoredImage, lang: Lang, context: Context
) -> tuple[Said, Mapping[str, Finding]]:  # fmt: skip
    if name == STORED:
        return _stored(image, context)
    several = context.get(Several)
    looked = several.known(image.version, name) or several.look(
        film_of(image, context, windowed=True), image.version, name
    )
    _refuse(looked, image.file)
    brief = brief_of(looked.findings, looked.measurements, looked.gates, lang, seed_of(image.sha256))
    sentences = [one.text for section in checked_draft(brief).sections for one in section.sentences]
    said = Said(
        name=name, model=looked.model, stored=False, measurements=looked.measurements,
        draft=tuple(Sentence(text=one, alone=False) for one in sentences),
    )  # fmt: skip
    return said, {one.concept: one for one in looked.findings}


def _refuse(looked: Looked, name: str) -> None:
    if looked.refusal == "not_chest_xray":
        raise NotChestXray(name=name, probability=looked.gates.chest_xray_probability)
    if looked.refusal == "not_frontal":
        raise NotFrontal(name=name, probability=looked.gates.lateral_probability)


def _stored(image: StoredImage, context: Context) -> tuple[Said, Mapping[str, Finding]]:
    """The findings that the archive keeps of the film, of the last model that read it."""
    query = select(FindingRow).where(FindingRow.image_id == image.id, FindingRow.origin.startswith("model:"))
    with context.get(Store).read() as db:
        rows = db.execute(query.order_by(FindingRow.id)).all()
    if not rows:
        raise NotFound(kind="reading", name=image.study)
    origin = rows[-1].origin
    name, _, revision = origin.removeprefix("model:").partition("@")
    found = {
        row.concept: Finding(
            concept=row.concept, status=Status(row.status), probability=row.probability,
            side=Side(row.side) if row.side else None, zone=Zone(row.zone) if row.zone else None,
        )
        for row in rows if row.origin == origin
    }  # fmt: skip
    point = context.settings.operating_point
    return Said(name=name, model=ModelRef(name=name, revision=revision, operating_point=point), stored=True), found


def _rows(a: Mapping[str, Finding], b: Mapping[str, Finding]) -> tuple[Row, ...]:
    shared = [c for c in dict.fromkeys((*a, *b)) if c not in _GROUPS or (c in a and c in b)]
    rows = [_row(concept, a.get(concept), b.get(concept)) for concept in shared]
    return tuple(sorted(rows, key=lambda row: (not row.changed, -abs(row.difference or 0.0), -_strength(row))))


def _row(concept: str, first: Finding | None, second: Finding | None) -> Row:
    told = [one for one in (first, second) if one is not None]
    changed = told[0].status is not told[-1].status if len(told) == 2 else told[0].status in _CLAIMED
    chances = [one.probability if one is not None else None for one in (first, second)]
    known = chances[0] is not None and chances[1] is not None
    difference = round((chances[1] or 0.0) - (chances[0] or 0.0), 4) if known else None
    return Row(
        concept=concept, first=first, second=second, changed=changed, difference=difference
    )  # fmt: skip


def _strength(row: Row) -> float:
    both: Sequence[Finding] = [one for one in (row.first, row.second) if one is not None]
    return max(_STRENGTH.index(one.status) + (one.probability or 0.0) for one in both)


def _alone(mine: Said, other: Said) -> Said:
    """`mine` with the sentences marked that `other` does not have; nothing is marked where there is no other draft."""
    if not mine.draft or not other.draft:
        return mine
    mine_texts, other_texts = ([one.text for one in said.draft] for said in (mine, other))
    kept: set[int] = set()
    for block in SequenceMatcher(None, mine_texts, other_texts, autojunk=False).get_matching_blocks():
        kept |= set(range(block.a, block.a + block.size))
    marked = tuple(one.model_copy(update={"alone": at not in kept}) for at, one in enumerate(mine.draft))
    return mine.model_copy(update={"draft": marked})
