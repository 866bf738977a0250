"""An understood query put back into words: the sentence that a person would have typed for it."""

from __future__ import annotations

from prosvet.archive.filters import StudyFilter
from prosvet.core.i18n import Lang, text
from prosvet.core.types import Status
from prosvet.search.query import ParsedQuery, QueryConcept
from prosvet.search.reasons import concept_name

__all__ = ["beyond_words", "write_query"]


def write_query(query: ParsedQuery, lang: Lang) -> str:
    """`query` in words of `lang`; read again, it says the same. What only ``where`` can say is left out.

    Examples
    --------
    >>> from prosvet.search.query import parse_query
    >>> write_query(parse_query("right pleural effusion without pneumothorax, women over 60"), "en")
    'pleural effusion on the right; no pneumothorax; women; from 60 years'
    """
    parts = [_concept(concept, lang) for concept in (*query.wanted, *query.excluded)]
    parts += [" ".join(query.unknown)] if query.unknown else []
    return "; ".join([*parts, *_conditions(query.filters, lang)])


def beyond_words(query: StudyFilter) -> StudyFilter:
    """The conditions that a sentence has no words for: labels, source, split, patient, studies."""
    spoken = ("sex", "age_min", "age_max", "date_from", "date_to", "view")
    return query.model_copy(update=dict.fromkeys(spoken))


def _concept(concept: QueryConcept, lang: Lang) -> str:
    name = concept_name(concept.id, lang, concept.side, concept.zone)
    if concept.status is Status.PRESENT:
        return name
    return text(f"search_page.written.{concept.status.value}", lang, concept=name)


def _conditions(query: StudyFilter, lang: Lang) -> list[str]:
    said = []
    if query.sex in ("F", "M"):
        said.append(text(f"search_page.written.sex_{query.sex}", lang))
    if query.age_min is not None or query.age_max is not None:
        said.append(_span("age", _years(query.age_min), _years(query.age_max), lang))
    if query.date_from is not None or query.date_to is not None:
        said.append(_span("date", query.date_from, query.date_to, lang))
    if query.view is not None and query.view.value != "unknown":
        said.append(text(f"search.view.{query.view.value}", lang))
    return said


def _years(value: float | None) -> str | None:
    return None if value is None else f"{int(value)}"


def _span(name: str, low: object, high: object, lang: Lang) -> str:
    key = "between" if low is not None and high is not None else "from" if low is not None else "to"
    return text(f"search_page.written.{name}_{key}", lang, low=low, high=high)
