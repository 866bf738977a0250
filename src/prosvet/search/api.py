"""The capability `search`: a text, a film or a report in; images and reports out, each with its reasons."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from prosvet.archive.rows import ReportRow
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import NotFound, QueryError, UnsupportedFile
from prosvet.core.i18n import Lang, text
from prosvet.core.types import Frozen
from prosvet.imaging.load import load_bytes, load_film
from prosvet.index.service import Indexes, Kind
from prosvet.search.ask import Question, ask_conditions, ask_image, ask_report, ask_text
from prosvet.search.engine import Found, find
from prosvet.search.match import Thresholds
from prosvet.search.query import LONGEST, ParsedQuery
from prosvet.search.reasons import present_concepts, reasons

__all__ = ["Hit", "SearchRequest", "SearchResult", "run"]


_EXCERPT = 300  # characters of a report shown with its hit


class SearchRequest(Frozen):
    """What to look for: exactly one of `text`, `image`, `image_bytes`, `report`, `report_file`."""

    text: str | None = Field(default=None, description="A query in Russian or English.")
    image: Path | None = Field(default=None, description="A film: find others like it, and reports for it.")
    image_bytes: bytes | None = Field(default=None, description="The film's bytes, instead of its path.", repr=False)
    image_name: str = Field(default="image", description="Name of the film given as bytes.")
    report: str | None = Field(default=None, description="A report's text: find others like it, and films.")
    report_file: Path | None = Field(default=None, description="A text file with a report.")
    in_: Kind | None = Field(default=None, alias="in", description="Look in images or reports only.")
    where: str = Field(default="", description="Conditions: sex=F age>=60 view=frontal label=pneumothorax …")
    k: int = Field(default=10, ge=1, le=1000, description="How many hits at most.")
    lang: Lang | None = Field(default=None, description="Language of the reasons; by default that of the query.")

    model_config = Frozen.model_config | {"populate_by_name": True}


class Hit(Frozen):
    """One thing found.

    Attributes
    ----------
    file : str
        Original name; of a report's study when it has images.
    kind : str
        ``image`` or ``report``.
    score : float
        0..1, comparable within one answer.
    reasons : tuple of str
        Why, in words, the strongest first.
    concepts : tuple of str
        What it has, as concept ids.
    excerpt : str
        The beginning of a report; empty for an image.
    """

    file: str
    study: str
    image: int | None = None
    report: int | None = None
    kind: str
    score: float
    reasons: tuple[str, ...]
    concepts: tuple[str, ...]
    excerpt: str = ""


class SearchResult(Frozen):
    """The hits, best first, and how the question was understood.

    Attributes
    ----------
    query : ParsedQuery
        Of a film or a report: the findings that it was looked for by.
    total : int
        How many images and reports met the conditions and were considered.
    model : str
        ``NAME@REVISION`` whose vectors were compared; empty when none were.
    note : str
        Why there are no hits, when there are none; otherwise empty.
    """

    query: ParsedQuery
    hits: tuple[Hit, ...]
    total: int
    model: str
    note: str = ""


def run(request: SearchRequest, context: Context) -> SearchResult:
    """Search the archive of `context`.

    Raises
    ------
    QueryError, QueryLanguage
        For a question that is empty, too long, doubled, or in a third language, and for bad conditions.
    ImageError
        For a film that cannot be read, is no chest X-ray, or is a side view.
    """
    question = _question(request, context)
    lang = request.lang or (question.query.language if question.asked != "image" else context.lang)
    store, indexes, thresholds = context.get(Store), context.get(Indexes), Thresholds.of(context)
    kinds: tuple[Kind, ...] = (request.in_,) if request.in_ else ("images", "reports")
    found = [find(kind, question, request.k, store, indexes, thresholds) for kind in kinds]
    best = sorted(
        ((float(score), part, row) for part in found for row, score in enumerate(part.scores)),
        key=lambda item: -item[0],
    )[: request.k]
    hits = _hits(best, question, context, thresholds, lang)
    total = sum(part.total for part in found)
    return SearchResult(
        query=question.query,
        hits=hits,
        total=total,
        model=", ".join(dict.fromkeys(part.model for part in found if part.model)),
        note="" if hits else _note(total, store, lang),
    )


def _question(request: SearchRequest, context: Context) -> Question:
    given = [request.text, request.image, request.image_bytes, request.report, request.report_file]
    count = sum(value is not None for value in given)
    if count == 0:
        if not request.where.strip():
            raise QueryError(reason="nothing_given")
        return ask_conditions(request.where, request.lang or context.lang)
    if count > 1:
        raise QueryError(reason="two_questions")
    lang = request.lang or context.lang
    if request.text is not None:
        return ask_text(request.text, request.where, lang, context)
    if request.image is not None:
        return ask_image(load_film(request.image, context.settings), request.where, lang, context)
    if request.image_bytes is not None:
        film = load_bytes(request.image_bytes, request.image_name, context.settings)
        return ask_image(film, request.where, lang, context)
    body = request.report if request.report_file is None else _read_text(request.report_file)
    return ask_report(body or "", request.where, lang, context)


def _read_text(path: Path) -> str:
    """A report from a text file, UTF-8 or Windows-1251.

    Raises
    ------
    NotFound, UnsupportedFile, QueryError
    """
    if not path.is_file():
        raise NotFound(kind="file", name=path.name)
    if path.stat().st_size > 4 * LONGEST:
        raise QueryError(reason="too_long", length=path.stat().st_size, limit=LONGEST)
    data = path.read_bytes()
    if b"\0" in data:
        raise UnsupportedFile(name=path.name, reason="search_not_text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1251", errors="replace")


def _hits(
    best: list[tuple[float, Found, int]], question: Question, context: Context, thresholds: Thresholds, lang: Lang
) -> tuple[Hit, ...]:
    store, indexes = context.get(Store), context.get(Indexes)
    keys: dict[Kind, list[int]] = {"images": [], "reports": []}
    for _, part, place in best:
        keys[part.kind].append(int(part.ids[place]))
    images, reports = store.lookup_images(keys["images"]), store.lookup_reports(keys["reports"])
    words = indexes.report_text if reports else None
    hits = []
    for score, part, place in best:
        key, is_image = int(part.ids[place]), part.kind == "images"
        row = images.get(key) if is_image else reports.get(key)
        if row is None:
            continue  # erased since the index was read
        hits.append(
            Hit(
                file=row.file,
                study=row.study,
                image=key if is_image else None,
                report=None if is_image else key,
                kind="image" if is_image else "report",
                score=round(score, 4),
                reasons=reasons(row, float(part.cosines[place]), question, thresholds, words, lang),
                concepts=present_concepts(row, thresholds),
                excerpt=row.text[:_EXCERPT] if isinstance(row, ReportRow) else "",
            )
        )
    return tuple(hits)


def _note(total: int, store: Store, lang: Lang) -> str:
    counts = store.counts()
    if counts.images + counts.reports == 0:
        return text("search.note.empty_archive", lang)
    return text("search.note.nothing_allowed" if total == 0 else "search.note.nothing_like_it", lang)
