"""The capability `search`: a text, a film or a report in; images and reports out, each with its reasons."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import Field

from prosvet.archive.rows import ImageRow, ReportRow
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import NotFound, QueryError, UnsupportedFile
from prosvet.core.i18n import Lang, text
from prosvet.core.types import Frozen, View
from prosvet.imaging.load import load_bytes, load_film
from prosvet.index.service import Indexes, Kind
from prosvet.search.ask import Question, ask_conditions, ask_image, ask_query, ask_report, ask_text
from prosvet.search.engine import Found, find
from prosvet.search.excerpt import excerpt
from prosvet.search.match import Thresholds
from prosvet.search.query import LONGEST, ParsedQuery, narrowed
from prosvet.search.reasons import possible_concepts, present_concepts, reasons, said_concepts
from prosvet.search.stored import ask_stored_film, ask_stored_report

__all__ = ["DEEPEST", "Hit", "SearchRequest", "SearchResult", "answer", "ask", "run"]

DEEPEST = 1000
"""The last hit that a list shown in pages reaches."""


class SearchRequest(Frozen):
    """What to look for: exactly one of the ways to ask; conditions alone are one more."""

    text: str | None = Field(default=None, description="A query in Russian or English.")
    image: Path | None = Field(default=None, description="A film: find others like it, and reports for it.")
    image_bytes: bytes | None = Field(default=None, description="The film's bytes, instead of its path.", repr=False)
    image_name: str = Field(default="image", description="Name of the film given as bytes.")
    report: str | None = Field(default=None, description="A report's text: find others like it, and films.")
    report_file: Path | None = Field(default=None, description="A text file with a report.")
    stored_image: int | None = Field(default=None, ge=1, lt=2**63, description="A film of the archive, by its number.")
    stored_report: int | None = Field(default=None, ge=1, lt=2**63, description="A report of the archive, by number.")
    query: ParsedQuery | None = Field(
        default=None, description="A query as an earlier answer gave it back, perhaps changed: not read again."
    )
    in_: Kind | None = Field(default=None, alias="in", description="Look in images or reports only.")
    where: str = Field(default="", description="Conditions: sex=F age>=60 view=frontal label=pneumothorax …")
    k: int = Field(default=10, ge=1, le=DEEPEST, description="How many hits at most.")
    offset: int = Field(default=0, ge=0, le=DEEPEST, description="Leave out so many first: the next page of a list.")
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
    said : tuple of str
        Those of `concepts` that a person says it has (a label, a report); the others are the model's.
    possible : tuple of str
        Those of the model's that it thinks possible: over the operating point, under one half.
    excerpt : str
        The part of a report that answers, or its beginning; empty for an image.
    marks : tuple of (start, end)
        Where in `excerpt` the words stand that answer the query.
    sex, age, date, source, view, synthetic
        Of the study; ``view`` of the image. Synthetic ones are found only where they are asked for.
    """

    file: str
    study: str
    image: int | None = None
    report: int | None = None
    kind: str
    score: float
    reasons: tuple[str, ...]
    concepts: tuple[str, ...]
    said: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    excerpt: str = ""
    marks: tuple[tuple[int, int], ...] = ()
    sex: str | None
    age: float | None
    date: date | None
    source: str
    synthetic: bool = False
    view: View | None = None


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
    return answer(ask(request, context), request, context)


def answer(question: Question, request: SearchRequest, context: Context) -> SearchResult:
    """The hits for a question that has been made already; of `request` only where, how many and in which language."""
    lang = request.lang or (question.query.language if question.asked != "image" else context.lang)
    store, indexes, thresholds = context.get(Store), context.get(Indexes), Thresholds.of(context)
    kinds: tuple[Kind, ...] = (request.in_,) if request.in_ else ("images", "reports")
    depth = min(request.offset + request.k, DEEPEST)
    found = [
        find(kind, question, depth, store, indexes, thresholds, context.actor, settled=request.offset > 0)
        for kind in kinds
    ]
    best = sorted(
        ((float(score), part, row) for part in found for row, score in enumerate(part.scores)),
        key=lambda item: -item[0],
    )[request.offset : depth]
    hits = _hits(best, question, context, thresholds, lang)
    total = sum(part.total for part in found)
    return SearchResult(
        query=question.query,
        hits=hits,
        total=total,
        model=", ".join(dict.fromkeys(part.model for part in found if part.model)),
        note="" if hits else _note(total, store, lang),
    )


def ask(request: SearchRequest, context: Context) -> Question:
    """The question of a request.

    Raises
    ------
    QueryError, QueryLanguage, ImageError, NotFound
    """
    given = [request.text, request.image, request.image_bytes, request.report, request.report_file,
             request.stored_image, request.stored_report, request.query]  # fmt: skip
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
    if request.query is not None:
        return ask_query(narrowed(request.query, request.where), context)
    if request.stored_image is not None:
        return ask_stored_film(request.stored_image, request.where, lang, context)
    if request.stored_report is not None:
        return ask_stored_report(request.stored_report, request.where, lang, context)
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
        part_of, marks = excerpt(row.text, question, words) if isinstance(row, ReportRow) else ("", ())
        hits.append(
            Hit(
                file=row.file,
                study=row.study,
                image=key if is_image else None,
                report=None if is_image else key,
                kind="image" if is_image else "report",
                score=round(score, 4),
                reasons=reasons(row, float(part.cosines[place]), question, thresholds, words, lang),
                concepts=(present := present_concepts(row, thresholds)),
                said=said_concepts(row, present),
                possible=possible_concepts(row, present),
                excerpt=part_of,
                marks=marks,
                sex=row.sex,
                age=row.age,
                date=row.date,
                source=row.source,
                synthetic=row.synthetic,
                view=row.view if isinstance(row, ImageRow) else None,
            )
        )
    return tuple(hits)


def _note(total: int, store: Store, lang: Lang) -> str:
    counts = store.counts()
    if counts.images + counts.reports == 0:
        return text("search.note.empty_archive", lang)
    return text("search.note.nothing_allowed" if total == 0 else "search.note.nothing_like_it", lang)
