"""How a query was understood, as chips: each says one thing and leads to the query with that thing changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from starlette.datastructures import QueryParams

from prosvet.app.web.search_state import SearchState
from prosvet.archive.filters import StudyFilter
from prosvet.core.errors import QueryError
from prosvet.core.i18n import Lang, text
from prosvet.core.types import Side, Status, View
from prosvet.language.vocabulary import vocabulary
from prosvet.search.query import QueryConcept
from prosvet.search.reasons import concept_name

__all__ = ["Choice", "ConceptChip", "FilterChip", "concept_chips", "filter_chips", "set_filter", "with_concept"]

_SIDES = (None, Side.LEFT, Side.RIGHT, Side.BILATERAL)


@dataclass(frozen=True)
class Choice:
    """One entry of a chip's menu."""

    words: str
    url: str
    current: bool


@dataclass(frozen=True)
class ConceptChip:
    """A concept of the query."""

    words: str
    status: str
    turned: str
    removed: str
    sides: tuple[Choice, ...]


@dataclass(frozen=True)
class FilterChip:
    """A condition of the query; `key` names the form that changes it, empty where it can only be taken away."""

    key: str
    words: str
    removed: str


def concept_chips(state: SearchState, lang: Lang) -> list[ConceptChip]:
    """The chips of the state's concepts."""
    return [_chip(state, place, concept, lang) for place, concept in enumerate(state.concepts)]


def _chip(state: SearchState, place: int, concept: QueryConcept, lang: Lang) -> ConceptChip:
    def put(*new: QueryConcept) -> str:
        changed = (*state.concepts[:place], *new, *state.concepts[place + 1 :])
        return state.with_concepts(changed, lang).url()

    other = Status.PRESENT if concept.status is Status.ABSENT else Status.ABSENT
    known = vocabulary().concepts.get(concept.id)
    sides = _SIDES if known is not None and known.sided else ()
    return ConceptChip(
        words=concept_name(concept.id, lang, concept.side, concept.zone),
        status=concept.status.value,
        turned=put(concept.model_copy(update={"status": other})),
        removed=put(),
        sides=tuple(
            Choice(
                text(f"search.side.{side.value}" if side else "search_page.any_side", lang),
                put(concept.model_copy(update={"side": side})), side == concept.side,
            )
            for side in sides
        ),
    )  # fmt: skip


def with_concept(state: SearchState, concept: str, status: Status, lang: Lang) -> str:
    """The address of the state with one more concept."""
    others = tuple(c for c in state.concepts if c.id != concept)
    return state.with_concepts((*others, QueryConcept(id=concept, status=status)), lang).url()


def filter_chips(state: SearchState, lang: Lang) -> list[FilterChip]:
    """The chips of the state's conditions."""
    filters = state.filters

    def chip(key: str, words: str, **without: object) -> FilterChip:
        return FilterChip(key, words, state.with_filters(filters.model_copy(update=without), lang).url())

    def say(key: str, **places: object) -> str:
        return text(f"search_page.chip.{key}", lang, **places)

    made = []
    if filters.sex:
        made.append(chip("sex", say(f"sex_{filters.sex}"), sex=None))
    if filters.age_min is not None or filters.age_max is not None:
        words = _span("age", _whole(filters.age_min), _whole(filters.age_max), lang)
        made.append(chip("age", words, age_min=None, age_max=None))
    if filters.date_from is not None or filters.date_to is not None:
        words = _span("date", _day(filters.date_from, lang), _day(filters.date_to, lang), lang)
        made.append(chip("date", words, date_from=None, date_to=None))
    if filters.view:
        made.append(chip("view", text(f"search.view.{filters.view.value}", lang), view=None))
    if filters.source:
        made.append(chip("source", say("source", source=filters.source), source=None))
    for name, key in (("concepts", "label"), ("without", "no_label")):
        held: tuple[str, ...] = getattr(filters, name)
        made += [
            chip("", say(key, concept=concept_name(c, lang)), **{name: tuple(o for o in held if o != c)}) for c in held
        ]
    for name in ("split", "patient"):
        if value := getattr(filters, name):
            made.append(chip("", say(name, value=value), **{name: None}))
    if filters.studies:
        made.append(chip("", say("study", value=filters.studies[0]), studies=()))
    return made


def _span(name: str, low: object, high: object, lang: Lang) -> str:
    key = "between" if low is not None and high is not None else "from" if low is not None else "to"
    return text(f"search_page.chip.{name}_{key}", lang, low=low, high=high)


def _whole(years: float | None) -> int | None:
    return None if years is None else int(years)


def _day(day: date | None, lang: Lang) -> str | None:
    return None if day is None else day.strftime("%d.%m.%Y" if lang == "ru" else "%Y-%m-%d")


# -- conditions from the forms --------------------------------------------------------------------------


def set_filter(filters: StudyFilter, form: QueryParams) -> StudyFilter:
    """`filters` with the condition that a form of the page sets; an empty field takes the condition away.

    Raises
    ------
    QueryError
        For a value that is none, or a beginning after the end.
    """
    key = form.get("set", "")
    if key == "sex":
        return filters.model_copy(update={"sex": _one_of("sex", form, ("F", "M"))})
    if key == "view":
        value = _one_of("view", form, (View.FRONTAL.value, View.LATERAL.value))
        return filters.model_copy(update={"view": View(value) if value else None})
    if key == "source":
        return filters.model_copy(update={"source": form.get("source", "").strip()[:200] or None})
    if key in ("label", "no_label"):
        return _labelled(filters, key, form.get("label", ""))
    if key == "age":
        low, high = _years(form, "age_from"), _years(form, "age_to")
        _in_order("age", low, high)
        # "to 40" takes in the whole forty-first year of life
        return filters.model_copy(update={"age_min": low, "age_max": None if high is None else high + 0.99})
    if key == "date":
        first, last = _date(form, "date_from"), _date(form, "date_to")
        _in_order("date", first, last)
        return filters.model_copy(update={"date_from": first, "date_to": last})
    return filters


def _labelled(filters: StudyFilter, key: str, concept: str) -> StudyFilter:
    if concept not in vocabulary().concepts:
        raise QueryError(reason="where_value", name="label", value=concept[:80])
    name = "concepts" if key == "label" else "without"
    return filters.model_copy(update={name: tuple(dict.fromkeys((*getattr(filters, name), concept)))})


def _one_of(name: str, form: QueryParams, known: tuple[str, ...]) -> str | None:
    value = form.get(name, "")
    if value and value not in known:
        raise QueryError(reason="where_value", name=name, value=value[:80])
    return value or None


def _years(form: QueryParams, name: str) -> float | None:
    value = form.get(name, "").strip()
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and int(value) <= 130):
        raise QueryError(reason="where_value", name="age", value=value[:80])
    return float(value)


def _date(form: QueryParams, name: str) -> date | None:
    value = form.get(name, "").strip()
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise QueryError(reason="where_value", name="date", value=value[:80]) from None


def _in_order(name: str, low: float | date | None, high: float | date | None) -> None:
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        raise QueryError(reason="empty_range", name=name)
