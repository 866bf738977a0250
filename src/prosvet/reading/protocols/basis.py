"""What a study's protocol stands on: which film is read, what is stored of it, and what the networks say anew."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Self

from sqlalchemy import select

from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import ImageError, NotChestXray, NotFrontal
from prosvet.core.types import Finding, Frozen, Gates, ModelRef, View
from prosvet.imaging.load import load_bytes
from prosvet.models.examine import Examiner
from prosvet.reading.api import read_film
from prosvet.reading.decide import decide_scores
from prosvet.reading.protocols.content import Basis, Refusal

__all__ = ["Readings", "StoredFilm", "chosen_film", "stored_basis", "study_basis"]

_REMEMBERED = 128  # readings, some 10 kB each


class StoredFilm(Frozen):
    """A film of the archive as the page and the reading need it."""

    id: int
    sha256: str
    file: str
    view: View
    gates: dict[str, object]
    scores: dict[str, float]
    state: str


def chosen_film(study: str, context: Context) -> StoredFilm | None:
    """The film that a study is read by: its first frontal one, else its first; None where there is none."""
    query = select(Image.id, Image.sha256, Image.file, Image.view, Image.gates, Image.scores, Image.state)
    with context.get(Store).read() as db:
        rows = db.execute(query.where(Image.study_id == study).order_by(Image.id)).mappings().all()
    films = [StoredFilm.model_validate(dict(row)) for row in rows]
    return next((film for film in films if film.view is View.FRONTAL), films[0] if films else None)


def stored_basis(film: StoredFilm | None, context: Context) -> Basis:
    """What the archive keeps of a film, without running the model: statuses from scores, no places or measurements."""
    if film is None:
        return Basis()
    examiner = context.get(Examiner)
    gates = Gates.model_validate(film.gates) if film.gates else None
    refusal = _refusal(film, gates)
    findings: tuple[Finding, ...] | None = None
    if film.scores and refusal is None:
        findings = decide_scores(film.scores, examiner.card, examiner.ref.operating_point)
    return Basis(findings=findings, gates=gates, model=examiner.ref, image=film.id, refusal=refusal)


def study_basis(study: str, context: Context) -> Basis:
    """Read the study's film anew; a film that is refused comes back with the reason.

    Raises
    ------
    ModelError
        When the model cannot be loaded.
    ArchiveError
        When the stored file is damaged.
    """
    film = chosen_film(study, context)
    return Basis() if film is None else context.get(Readings).basis(film, context)


class Readings:
    """Readings of films, remembered by film, model and operating point: one film is asked of again and again."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, ModelRef], Basis] = OrderedDict()
        self._erasures = -1
        self._lock = Lock()

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """An empty memory."""
        return cls()

    def basis(self, film: StoredFilm, context: Context) -> Basis:
        """The reading of `film` by the context's model."""
        key = (film.sha256, context.get(Examiner).ref)
        erasures = context.get(Store).changes().erasures
        with self._lock:
            if erasures != self._erasures:  # what was erased must not live on here
                self._known.clear()
                self._erasures = erasures
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key].model_copy(update={"image": film.id})
        made = _read(film, context)
        with self._lock:
            self._known[key] = made
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return made


def _read(film: StoredFilm, context: Context) -> Basis:
    plain = stored_basis(film, context)
    if plain.refusal is not None and plain.refusal.code == "not_frontal":
        return plain  # the source itself may say that it is a side view
    data = context.get(FileStore).read(film.sha256)
    try:
        reading, _ = read_film(load_bytes(data, film.file, context.settings), context)
    except NotChestXray as error:
        return _refused(plain, "not_chest_xray", error)
    except NotFrontal as error:
        return _refused(plain, "not_frontal", error)
    except ImageError:
        return plain.model_copy(update={"refusal": Refusal(code="unreadable"), "findings": None})
    return Basis(
        findings=reading.findings,
        measurements=reading.measurements,
        gates=reading.gates,
        model=reading.model,
        image=film.id,
    )


def _refused(plain: Basis, code: str, error: ImageError) -> Basis:
    refusal = Refusal.model_validate({"code": code, "probability": error.details.get("probability")})
    return plain.model_copy(update={"refusal": refusal, "findings": None})


def _refusal(film: StoredFilm, gates: Gates | None) -> Refusal | None:
    if film.view is View.LATERAL:
        return Refusal(code="not_frontal", probability=gates.lateral_probability if gates else None)
    if gates is not None and not gates.is_chest_xray:
        return Refusal(code="not_chest_xray", probability=gates.chest_xray_probability)
    return None
