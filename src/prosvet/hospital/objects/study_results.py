"""What there is to say of a stored study, signed or the program's own, and the objects that it is said of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import select

from prosvet.archive.blind import ensure_open
from prosvet.archive.files import FileStore
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.clock import local
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, ImageError, ResultError
from prosvet.core.i18n import Lang
from prosvet.hospital.objects.claims import claims_of
from prosvet.hospital.objects.kinds import Kind
from prosvet.hospital.objects.results import Results, Signed, machine_results, signed_results
from prosvet.hospital.objects.stored import StoredSources, stored_sources
from prosvet.imaging.load import load_bytes
from prosvet.models.examine import Examination
from prosvet.reading.api import Reading, read_film
from prosvet.reading.protocols.basis import StoredFilm, chosen_film
from prosvet.reading.protocols.versions import Version, latest, versions

__all__ = ["StudyResults", "study_results"]


@dataclass(frozen=True)
class StudyResults:
    """What there is to say of the study `study`, and of which objects.

    Attributes
    ----------
    at : datetime
        When it was signed or, unsigned, when the study came: a second export is the same.
    made_of : str
        What identifies it, for UIDs.
    """

    study: str
    results: Results
    sources: StoredSources
    at: datetime
    made_of: str

    @property
    def basis(self) -> Literal["signed", "program"]:
        """Whose word it is."""
        return "signed" if self.results.signed else "program"

    def ensure_named(self) -> None:
        """Raise unless the patient is the hospital's own: what speaks of a pseudonym is sent to nobody.

        Raises
        ------
        ResultError
        """
        if not self.sources.identified:
            raise ResultError(reason="pseudonyms")


def study_results(study: str, lang: Lang | None, context: Context, *, kind: Kind = "sr") -> StudyResults:
    """The signed protocol of `study`, else the program's reading.

    Parameters
    ----------
    kind
        What it is for: words alone need no film.

    Raises
    ------
    NotFound
        When there is no such study, or it is somebody else's.
    Forbidden
        For a researcher: an object may name the patient.
    ResultError
        When there is no DICOM to belong to, or nothing to make this kind from.
    ImageError
        When the film is refused and nobody has signed a protocol.
    """
    store = context.get(Store)
    ensure_visible(store, study, context.actor)
    ensure_open(store, study, context.actor)
    if not context.actor.may("reader"):
        raise Forbidden(role="reader")
    film = chosen_film(study, context)
    sources = stored_sources(study, film.id if film else None, context)
    with store.read() as db:
        found = versions(db, study)
    results, at = _results(study, kind, lang, found, film, sources, context)
    made_of = "|".join((film.sha256 if film else "", str(results.model), at.isoformat()))
    return StudyResults(study, results, sources, at, made_of)


def _results(
    study: str,
    kind: Kind,
    lang: Lang | None,
    found: tuple[Version, ...],
    film: StoredFilm | None,
    sources: StoredSources,
    context: Context,
) -> tuple[Results, datetime]:
    standing = latest(found)
    if standing is not None and standing.state == "signed" and standing.signed is not None:
        addenda = tuple(one for one in found if one.kind == "addendum" and one.state == "signed")
        return _of_signed(kind, standing, addenda, film, sources, context)
    if film is None:
        raise ResultError(reason="no_film")
    lang = lang or context.lang
    reading, examination = _read(film, context, lang)
    return machine_results(reading, examination, lang, film=sources.film), _arrived(study, context)


def _of_signed(
    kind: Kind, standing: Version, addenda: tuple[Version, ...], film: StoredFilm | None, sources: StoredSources,
    context: Context,
) -> tuple[Results, datetime]:  # fmt: skip
    """What stands signed. Its film is examined anew for what is drawn; a film that is refused has no drawings."""
    examination: Examination | None = None
    if film is not None and kind != "text_sr":
        try:
            examination = _read(film, context, standing.language)[1]
        except ImageError:
            examination = None
    last = addenda[-1] if addenda else standing
    at, digest = local(last.signed or last.created), last.sha256 or ""
    results = signed_results(
        standing,
        addenda,
        claims_of(standing, addenda),
        Signed(name=standing.author, at=local(standing.signed or standing.created), digest=digest),
        examination=examination,
        film=sources.film,
    )
    if kind == "seg" and examination is not None:
        results = replace(results, model=examination.model)  # whose contours they are
    return results, at


def _read(film: StoredFilm, context: Context, lang: Lang) -> tuple[Reading, Examination]:
    data = context.get(FileStore).read(film.sha256)
    return read_film(load_bytes(data, film.file, context.settings), context, lang)


def _arrived(study: str, context: Context) -> datetime:
    """The time that an unsigned result bears: a second export of the same reading is the same object."""
    query = select(WorkItem.arrived).where(WorkItem.study_id == study)
    with context.get(Store).read() as db:
        found = db.execute(query).scalar_one_or_none()
    return local(found or datetime(2000, 1, 1))
