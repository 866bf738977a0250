"""The capability `ask` with its last evidence: similar cases of the archive, which reading alone cannot look for.

Every face (the verb, the route, the page) answers through :func:`run`, so that the same question has the same JSON.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from prosvet.core.context import Context
from prosvet.core.errors import QueryError
from prosvet.core.i18n import text
from prosvet.core.types import Frozen, View
from prosvet.language.vocabulary import vocabulary
from prosvet.reading.ask import api as reading
from prosvet.search.api import Hit, SearchRequest
from prosvet.search.api import run as search

__all__ = ["MOST_SIMILAR", "AskRequest", "AskResult", "Because", "SimilarCase", "run"]

MOST_SIMILAR = 20


class AskRequest(reading.AskRequest):
    """A question about a film, as :class:`prosvet.reading.ask.shapes.AskRequest` has it.

    Attributes
    ----------
    similar : int
        How many similar films of the archive to show beside the answer, 0..20.
    """

    similar: int = Field(default=0, ge=0, le=MOST_SIMILAR)


class SimilarCase(Frozen):
    """A film of the archive like the one that was asked about.

    Attributes
    ----------
    score : float
        0..1, comparable within one answer.
    concepts : tuple of str
        What it has, as concept ids: by a report or a label where `said` names it too, else by the model.
    reasons : tuple of str
        Why it was found, in words, the strongest first.
    """

    study: str
    image: int
    file: str
    score: float
    concepts: tuple[str, ...]
    said: tuple[str, ...]
    reasons: tuple[str, ...]


class Because(reading.Because):
    """A finding that the answer stands on.

    Attributes
    ----------
    similar : tuple of int
        Films among the answer's similar cases that have this finding too; none says nothing against it.
    """

    similar: tuple[int, ...] = ()


class AskResult(reading.AskResult):
    """An answer, as :class:`prosvet.reading.ask.shapes.AskResult` has it, and what is like its film.

    Attributes
    ----------
    similar : tuple of SimilarCase
        The likest first.
    similar_note : str
        Why there are none although they were asked for, in words; otherwise empty.
    """

    evidence: tuple[Because, ...] = ()
    similar: tuple[SimilarCase, ...] = ()
    similar_note: str = ""


def run(request: AskRequest, context: Context) -> AskResult:
    """Answer a question about one film, with similar cases where they are wanted.

    Raises
    ------
    ProsvetError
        Whatever :func:`prosvet.reading.ask.api.run` raises.
    """
    asked = reading.AskRequest.model_validate(request.model_dump(exclude={"similar"}))
    found = reading.run(asked, context)
    cases, note = _similar(request, found, context)
    evidence = tuple(Because(**_fields(one), similar=_with(one.finding.concept, cases)) for one in found.evidence)
    return AskResult(**{**_fields(found), "evidence": evidence}, similar=cases, similar_note=note)


def _fields(one: Frozen) -> dict[str, Any]:
    return {name: getattr(one, name) for name in type(one).model_fields}


def _similar(request: AskRequest, found: reading.AskResult, context: Context) -> tuple[tuple[SimilarCase, ...], str]:
    """The cases, or why there are none: the answer to the question does not hang on them."""
    lang = request.lang or context.lang
    if not request.similar:
        return (), ""
    if found.reason in ("not_chest_xray", "not_frontal") or found.view is View.LATERAL:
        return (), text("asking.not_comparable", lang)
    of = {"stored_image": found.image} if found.image is not None else {"image": request.film}
    wanted = SearchRequest.model_validate({"in": "images", "k": request.similar, "lang": lang} | of)
    try:
        result = search(wanted, context)
    except QueryError as error:
        return (), error.message(lang)
    cases = tuple(_case(hit, hit.image) for hit in result.hits if hit.image is not None)
    return cases, "" if cases else result.note


def _case(hit: Hit, image: int) -> SimilarCase:
    return SimilarCase(
        study=hit.study, image=image, file=hit.file, score=hit.score, concepts=hit.concepts, said=hit.said,
        reasons=hit.reasons,
    )  # fmt: skip


def _with(concept: str, cases: tuple[SimilarCase, ...]) -> tuple[int, ...]:
    """Those that have the concept or a kind of it."""
    names = {concept, *vocabulary().descendants(concept)}
    return tuple(case.image for case in cases if names & set(case.concepts))
