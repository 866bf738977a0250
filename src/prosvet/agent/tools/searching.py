"""Tools over the archive: films like this one, and studies by words."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pydantic import Field

from prosvet.agent.case import Case, Known
from prosvet.agent.tools.tool import Arguments, Told, Tool
from prosvet.core.i18n import Lang, text
from prosvet.reading.ask.wording import name_of
from prosvet.search.api import Hit, SearchRequest, SearchResult
from prosvet.search.api import run as search

__all__ = ["SEARCH_SIMILAR", "SEARCH_TEXT"]

_EXCERPT = 200
_MOST_NAMED = 4


class Similar(Arguments):
    """How many."""

    k: int = Field(default=5, ge=1, le=20)


class Words(Arguments):
    """What to look for, in Russian or English, and under which conditions (``sex=F age>=60``)."""

    text: str = Field(min_length=1, max_length=500)
    where: str = Field(default="", max_length=300)
    k: int = Field(default=5, ge=1, le=20)


def _similar(given: Similar, case: Case, _: Known) -> SearchRequest:
    where = {"stored_image": case.image} if case.image is not None else {"image": case.film}
    return SearchRequest.model_validate({**where, "in": "images", "k": given.k, "lang": case.lang})


def _words(given: Words, case: Case, _: Known) -> SearchRequest:
    return SearchRequest(text=given.text, where=given.where, k=given.k, lang=case.lang)


def _tell(result: SearchResult, lang: Lang) -> Told:
    if not result.hits:
        return Told({"hits": [], "total": result.total}, result.note or text("agent.said.search_nothing", lang))
    counted = Counter(one for hit in result.hits for one in hit.concepts if one not in ("abnormal", "focal_opacity"))
    n = len(result.hits)
    named = "; ".join(f"{name_of(one, lang)} {k}/{n}" for one, k in counted.most_common(_MOST_NAMED))
    said = text("agent.said.search", lang, count=n, total=result.total)
    return Told(
        {"hits": [_hit(one) for one in result.hits], "total": result.total},
        f"{said} {text('agent.said.search_found', lang, list=named)}" if named else said,
    )


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "study": hit.study, "image": hit.image, "report": hit.report, "score": hit.score,
        "concepts": list(hit.concepts), "reasons": list(hit.reasons[:2]), "excerpt": hit.excerpt[:_EXCERPT],
    }  # fmt: skip


SEARCH_SIMILAR = Tool("search_similar", "search", Similar, SearchRequest, SearchResult, _similar, search, _tell)
SEARCH_TEXT = Tool("search_text", "search", Words, SearchRequest, SearchResult, _words, search, _tell)
