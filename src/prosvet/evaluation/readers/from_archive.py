"""A reader study out of the archive: films of a cohort or a filter, and the texts that are to be judged.

A system is ``archive`` (the report of record), ``signed`` (the signed protocol) or a model's card, whose draft is
written now. All texts are in one language: another would tell who wrote what.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import Field
from sqlalchemy import Connection, Select, select

from prosvet.archive.filters import StudyFilter, matching
from prosvet.archive.schema import Image, Patient, Report, Study
from prosvet.archive.schema_work import Cohort, CohortStudy, Protocol
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import NotFound, ReaderStudyError
from prosvet.core.i18n import Lang, text
from prosvet.core.types import Frozen, View
from prosvet.evaluation.readers.design import Mode
from prosvet.evaluation.readers.shelf import Shelf, StudyEntry
from prosvet.evaluation.readers.study_api import ReaderStudyRequest, run
from prosvet.reading.draft import brief_of, checked_draft, seed_of
from prosvet.reading.several import Several
from prosvet.reading.stored import film_of, stored_image

__all__ = ["ARCHIVE", "SIGNED", "ArchiveStudy", "create_from_archive"]

ARCHIVE, SIGNED = "archive", "signed"
MOST = 60
"""Cases of a study made at once: each may need a reading by every model."""


class ArchiveStudy(Frozen):
    """What a study is made of.

    Attributes
    ----------
    systems : tuple of str
        ``archive``, ``signed`` or names of model cards; two for a study of preference.
    cohort : int or None
        Its studies; those of `filters` when None.
    readers : int
        How many seats; pseudonyms R1, R2, ….
    per_case : int
        How many readers judge each case. `overlap` cases are judged by all.
    """

    name: str = Field(min_length=1, max_length=60, pattern=r"^[\w-]+$")
    title: str = Field(default="", max_length=200)
    mode: Mode = "preference"
    systems: tuple[str, ...] = Field(min_length=1, max_length=6)
    cohort: int | None = Field(default=None, ge=1)
    filters: StudyFilter = StudyFilter()
    cases: int = Field(default=20, ge=1, le=MOST)
    readers: int = Field(default=2, ge=1, le=20)
    per_case: int = Field(default=2, ge=1, le=20)
    overlap: int = Field(default=0, ge=0, le=MOST)
    lang: Lang | None = None
    seed: int = Field(default=0, ge=0, le=2**31)


class _Chosen(Frozen):
    """A study with its film, and the texts that stand in the archive."""

    study: str
    image: int
    patient: str
    age: float | None
    sex: str | None
    texts: dict[str, str]


def create_from_archive(request: ArchiveStudy, context: Context) -> StudyEntry:
    """Choose cases by lot, gather the texts, make the study, deal its cases, and put it on the shelf.

    Raises
    ------
    NotFound
        When there is no such cohort of the actor's.
    ReaderStudyError
        When the name is taken, no case has all the texts, or the numbers do not fit.
    ModelNotFound, ModelError
        For a system that is neither of the two nor a card.
    """
    shelf, several = context.get(Shelf), context.get(Several)
    lang = request.lang or context.lang
    for name in request.systems:
        if name not in (ARCHIVE, SIGNED):
            several.card(name)
    chosen = _choose(request, lang, context)
    with TemporaryDirectory(prefix="prosvet-") as folder:
        given = _files(request, chosen, lang, Path(folder), context)
        run(given, context)
    readers = [f"R{number}" for number in range(1, request.readers + 1)]
    per_case, overlap = min(request.per_case, request.readers), min(request.overlap, len(chosen))
    deal = {"readers": readers, "per_case": per_case, "overlap": overlap, "seed": request.seed}
    run(ReaderStudyRequest.model_validate({"action": "assign", "study": shelf.path(request.name), **deal}), context)
    shelf.own(request.name, context.actor)
    return shelf.entry(request.name)


def _choose(request: ArchiveStudy, lang: Lang, context: Context) -> list[_Chosen]:
    with context.get(Store).read() as db:
        wanted = _wanted(request, db, context)
        query = (
            select(Study.id, Image.id, Study.patient_id, Study.age, Patient.sex)
            .join(Image, Image.study_id == Study.id).join(Patient, Patient.id == Study.patient_id)
            .where(visible(context.actor), Image.view == View.FRONTAL.value, Image.is_chest_xray.is_not(False))
            .where(Study.id.in_(wanted)).order_by(Study.id, Image.id)
        )  # fmt: skip
        films = list({row[0]: row for row in reversed(db.execute(query).all())}.values())
        films.sort(key=lambda row: str(row[0]))
        random.Random(f"cases:{request.seed}").shuffle(films)
        chosen: list[_Chosen] = []
        for study, image, patient, age, sex in films:
            texts = _stored_texts(study, request.systems, lang, db)
            if texts is not None:
                chosen.append(_Chosen(study=study, image=image, patient=patient, age=age, sex=sex, texts=texts))
            if len(chosen) == request.cases:
                break
    if not chosen:
        raise ReaderStudyError(name=request.name, reason="no_case_with_texts")
    return chosen


def _wanted(request: ArchiveStudy, db: Connection, context: Context) -> Select[str]:
    if request.cohort is None:
        return matching(request.filters)
    owner = db.execute(select(Cohort.owner).where(Cohort.id == request.cohort)).scalar_one_or_none()
    if owner is None or (owner != context.actor.name and not context.actor.may("senior")):
        raise NotFound(kind="cohort", name=str(request.cohort))
    return select(CohortStudy.study_id).where(CohortStudy.cohort_id == request.cohort)


def _stored_texts(study: str, systems: tuple[str, ...], lang: Lang, db: Connection) -> dict[str, str] | None:
    """The texts of the systems that wrote before now; None when one of them wrote nothing in `lang`."""
    found: dict[str, str] = {}
    for name, look in _LOOK.items():
        if name in systems:
            said = look(study, lang, db)
            if not said:
                return None
            found[name] = said
    return found


def _archived(study: str, lang: Lang, db: Connection) -> str:
    query = select(Report.findings, Report.impression).where(Report.study_id == study, Report.language == lang)
    row = db.execute(query.order_by(Report.id)).first()
    return "\n".join(part for part in row if part).strip() if row is not None else ""


def _signed(study: str, lang: Lang, db: Connection) -> str:
    query = select(Protocol.text).where(
        Protocol.study_id == study, Protocol.state == "signed", Protocol.kind == "report", Protocol.language == lang
    )  # fmt: skip
    return (db.execute(query.order_by(Protocol.number.desc())).scalars().first() or "").strip()


_LOOK: dict[str, Callable[[str, Lang, Connection], str]] = {ARCHIVE: _archived, SIGNED: _signed}


def _files(
    request: ArchiveStudy, chosen: list[_Chosen], lang: Lang, folder: Path, context: Context
) -> ReaderStudyRequest:  # fmt: skip
    """The files that the capability takes, and its request."""
    shelf, audit = context.get(Shelf), AuditLog.from_context(context)
    lines: dict[str, list[str]] = {name: [] for name in request.systems}
    cases = []
    for number, one in enumerate(context.progress.track(chosen, "study_cases", total=len(chosen)), 1):
        audit.write("reader_study", study=one.study, image=one.image)
        image = stored_image(one.image, context)
        texts = one.texts | {name: _draft(name, one.image, lang, context) for name in lines if name not in one.texts}
        case = f"C{number}"
        for name, words in texts.items():
            lines[name].append(json.dumps({"id": case, "text": words}, ensure_ascii=False))
        where = f"{image.sha256[:2]}/{image.sha256[2:]}"
        known = {"id": case, "image": where, "patient": one.patient, "context": _known(one, lang)}
        known |= {"reference": one.texts[ARCHIVE]} if ARCHIVE in one.texts and request.mode == "errors" else {}
        cases.append(json.dumps(known, ensure_ascii=False))
    paths = {name: _write(folder / f"{at}.jsonl", part) for at, (name, part) in enumerate(lines.items())}
    return ReaderStudyRequest(
        action="create", study=shelf.path(request.name), mode=request.mode, title=request.title, systems=paths,
        cases=_write(folder / "cases.jsonl", cases), images=context.settings.home / "files",
        key=shelf.key(request.name), lang=lang, seed=request.seed,
    )  # fmt: skip


def _draft(model: str, image: int, lang: Lang, context: Context) -> str:
    found, several = stored_image(image, context), context.get(Several)
    looked = several.known(found.version, model) or several.look(
        film_of(found, context, windowed=True), found.version, model
    )
    brief = brief_of(looked.findings, looked.measurements, looked.gates, lang, seed_of(found.sha256))
    return checked_draft(brief).text


def _known(one: _Chosen, lang: Lang) -> str:
    """Sex and age, as far as they are known."""
    sex = text(f"reader_study_page.sexes.{one.sex}", lang) if one.sex in ("F", "M") else ""
    age = text("reader_study_page.age", lang, years=int(one.age)) if one.age is not None else ""
    return ", ".join(part for part in (sex, age) if part)


def _write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
