"""Which studies a cohort is made of, and the question that they answer."""

from __future__ import annotations

from prosvet import __version__
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import CohortError
from prosvet.index.service import Indexes, Kind
from prosvet.search.api import SearchRequest, answer, ask
from prosvet.search.cohorts.shapes import CohortOrigin, CohortRequest, How
from prosvet.search.members import has_conditions, members
from prosvet.search.query import ParsedQuery

__all__ = ["gather", "origin_of"]


def gather(request: CohortRequest, context: Context) -> tuple[list[str], CohortOrigin]:
    """The studies of a request to save, in order, each once.

    Raises
    ------
    CohortError
        Reason ``nothing_given``, ``no_conditions`` (all that is like a film has no end) or ``nothing_found``.
    """
    if request.studies:
        asked = "text" if request.query else ""
        return list(request.studies), origin_of("chosen", asked, request.query, context)
    if request.search is None:
        raise CohortError(reason="nothing_given")
    question = ask(request.search, context)
    if request.how == "top":
        studies = _best(request.search, context)
    elif question.asked != "text" or not has_conditions(question.query):
        raise CohortError(reason="no_conditions")
    else:
        kinds: tuple[Kind, ...] = (request.search.in_,) if request.search.in_ else ("images", "reports")
        studies = members(question.query, context, kinds)
    if not studies:
        raise CohortError(reason="nothing_found")
    return studies, origin_of(request.how, question.asked, question.query, context)


def _best(search: SearchRequest, context: Context) -> list[str]:
    """The studies of the best `k` hits, best first."""
    hits = answer(ask(search, context), search, context).hits
    return list(dict.fromkeys(hit.study for hit in hits))


def origin_of(how: How, asked: str, query: ParsedQuery | None, context: Context) -> CohortOrigin:
    """What is kept of a question; the words of a report are not, for they may name a patient."""
    indexes, settings = context.get(Indexes), context.settings
    kept = query if query is None or asked == "text" else query.model_copy(update={"text": "", "free_text": "",
                                                                                   "unknown": ()})  # fmt: skip
    return CohortOrigin(
        how=how, asked=asked, text=kept.text if kept else "", query=kept,
        archive_version=context.get(Store).version(), image_model=indexes.image_vectors.model,
        report_model=indexes.report_vectors.model, operating_point=settings.operating_point, program=__version__,
    )  # fmt: skip
