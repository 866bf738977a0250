"""Conditions in people's words: «женщины старше 60», "aged 30-50", «за 2012 год», "lateral view"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from prosvet.archive.filters import StudyFilter
from prosvet.core.types import View
from prosvet.search.moments import MOMENT, parse_moment
from prosvet.search.where import JUST, combine

__all__ = ["WordFilters", "filters_in_words"]

Changes = dict[str, Any]
Sex = Literal["F", "M"]
_DASH = r"\s*(?:-|–|—|\.\.)\s*"
_N = r"(\d{1,3})(?![\d.,]*\s*(?:%|мм|см|мг|mm|cm|mg)(?!\w))(?!\d)"
_RU_YEARS = r"(?:[\s-]*(?:летн\w+|лет|года?|г\.)(?!\w))"
_EN_YEARS = r"(?:[\s-]*(?:years?|yrs?|y/?o)(?:[\s-]*(?:old|of\s+age))?(?!\w))"
_YEARS = rf"(?:(?:{_RU_YEARS}|{_EN_YEARS})(?!\s+(?:назад|ago)(?!\w)))"
_AGED = r"(?:в\s+возрасте|возраст(?:ом|а)?|aged?|ages|at\s+the\s+age\s+of)\s*:?\s*"
_ADULT, _ELDERLY = 18.0, 60.0  # legal majority; the World Health Organization's older person


class WordFilters(NamedTuple):
    """What was found, and the text with those words blanked out (of the same length)."""

    filter: StudyFilter
    rest: str


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Changes | None]


def filters_in_words(text: str) -> WordFilters:
    """Take the conditions out of a query.

    "Over 60" takes in 60; "under 40" leaves 40 out; «до 40 лет» takes it in. A bare "children" is under 18,
    «пожилые» and "elderly" from 60. Where both sexes are named, neither is asked for.

    Raises
    ------
    QueryError
        Reason ``empty_range`` when two conditions exclude each other.

    Examples
    --------
    >>> found = filters_in_words("плевральный выпот, женщины старше 60 лет")
    >>> found.filter.sex, found.filter.age_min, found.rest.strip(" ,")
    ('F', 60.0, 'плевральный выпот')
    """
    found, rest = StudyFilter(), text
    for rule in _RULES:
        while match := rule.pattern.search(rest):
            changes = rule.read(match)
            if changes is None:
                break
            found = combine(found, StudyFilter(**changes))
            rest = _blank(rest, match)
    if _MINORS.search(rest):
        found = combine(found, StudyFilter(age_max=_ADULT - JUST))
    sexes, rest = _sexes(rest)
    if len(sexes) == 1:
        found = combine(found, StudyFilter(sex=sexes.pop()))
    return WordFilters(found, rest)


def _blank(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]


def _rule(pattern: str, read: Callable[[re.Match[str]], Changes | None]) -> _Rule:
    return _Rule(re.compile(rf"(?<!\w)(?:{pattern})", re.IGNORECASE), read)


# -- ages ---------------------------------------------------------------------------------------------


def _numbers(match: re.Match[str]) -> list[float]:
    return [float(group) for group in match.groups() if group is not None]


def _between(match: re.Match[str]) -> Changes | None:
    low, high = _numbers(match)
    return {"age_min": low, "age_max": high} if low <= high <= 130 else None


def _at_least(match: re.Match[str]) -> Changes:
    return {"age_min": _numbers(match)[0]}


def _at_most(match: re.Match[str]) -> Changes:
    return {"age_max": _numbers(match)[0]}


def _below(match: re.Match[str]) -> Changes:
    return {"age_max": max(0.0, _numbers(match)[0] - JUST)}


def _exactly(match: re.Match[str]) -> Changes:
    years = _numbers(match)[0]
    return {"age_min": years, "age_max": years + 1 - JUST}


_AGES = (
    _rule(rf"{_AGED}(?:от\s+|from\s+|between\s+)?{_N}(?:{_DASH}|\s+(?:до|to|and)\s+){_N}{_YEARS}?", _between),
    _rule(rf"(?:от\s+|from\s+|between\s+)?{_N}(?:{_DASH}|\s+(?:до|to|and)\s+){_N}{_YEARS}", _between),
    _rule(rf"(?:{_AGED})?(?:не\s+старше|not?\s+older\s+than|up\s+to)\s+{_N}{_YEARS}?", _at_most),
    _rule(
        rf"(?:{_AGED})?(?:не\s+(?:моложе|младше)|старше|at\s+least|older\s+than|over|above)\s+{_N}{_YEARS}?", _at_least
    ),
    _rule(rf"(?:{_AGED})?(?:более|больше|свыше|после|от|from)\s+{_N}{_YEARS}", _at_least),
    _rule(rf"(?:{_AGED})?{_N}{_YEARS}?\s+(?:and|or|и)\s+(?:over|older|above|старше|более)(?!\w)", _at_least),
    _rule(rf"(?:{_AGED})?{_N}\s?\+{_YEARS}?", _at_least),
    _rule(rf"(?:{_AGED})?(?:младше|моложе|younger\s+than|under|below)\s+{_N}{_YEARS}?", _below),
    _rule(rf"(?:{_AGED})?(?:менее|меньше)\s+{_N}{_YEARS}", _below),
    _rule(rf"{_AGED}до\s+{_N}{_YEARS}?|до\s+{_N}{_YEARS}", _at_most),
    _rule(rf"{_AGED}{_N}{_YEARS}?|{_N}{_YEARS}", _exactly),
    _rule(r"новорожд[её]нн\w*|младен\w+|грудничк\w*|newborns?|neonat\w+|infants?(?!\w)", lambda _: {"age_max": 1.0}),
    _rule(
        r"дет(?:и|ей|ям|ями|ях)(?!\w)|детск\w+|реб[её]н\w+|подрост\w+|child(?:ren)?(?!\w)|kids?(?!\w)|pa?ediatric\w*"
        r"|adolescents?|teen(?:ager)?s?(?!\w)",
        lambda _: {"age_max": _ADULT - JUST},
    ),
    _rule(r"взросл\w+|adults?(?!\w)", lambda _: {"age_min": _ADULT}),
    _rule(r"пожил\w+|elderly(?:\s+(?:patients?|people))?|seniors?(?!\w)", lambda _: {"age_min": _ELDERLY}),
)

# -- dates --------------------------------------------------------------------------------------------

_DAY = timedelta(days=1)


def _span(match: re.Match[str]) -> Changes | None:
    first, last = parse_moment(match[1]), parse_moment(match[2])
    return None if first is None or last is None else {"date_from": first[0], "date_to": last[1]}


def _from(match: re.Match[str]) -> Changes | None:
    moment = parse_moment(match[1])
    return None if moment is None else {"date_from": moment[0]}


def _after(match: re.Match[str]) -> Changes | None:
    moment = parse_moment(match[1])
    return None if moment is None else {"date_from": moment[1] + _DAY}


def _until(match: re.Match[str]) -> Changes | None:
    moment = parse_moment(match[1])
    return None if moment is None else {"date_to": moment[1]}


def _before(match: re.Match[str]) -> Changes | None:
    moment = parse_moment(match[1])
    return None if moment is None else {"date_to": moment[0] - _DAY}


def _within(match: re.Match[str]) -> Changes | None:
    moment = parse_moment(match[1])
    return None if moment is None else {"date_from": moment[0], "date_to": moment[1]}


_DATES = (
    _rule(
        rf"(?:с|со|from|between|между|за|в|in)\s+({MOMENT})(?:{_DASH}|\s+(?:по|до|to|and|и|through)\s+)({MOMENT})",
        _span,
    ),
    _rule(rf"({MOMENT}){_DASH}({MOMENT})", _span),
    _rule(rf"(?:начиная\s+с(?:о)?|с|со|since|from)\s+({MOMENT})", _from),
    _rule(rf"(?:позже|позднее|после|after|later\s+than)\s+({MOMENT})", _after),
    _rule(rf"(?:по|until|till|up\s+to|through)\s+({MOMENT})", _until),
    _rule(rf"(?:до|ранее|раньше|before|earlier\s+than|prior\s+to)\s+({MOMENT})", _before),
    _rule(rf"(?:за|в|во|on|in|during|of)\s+({MOMENT})", _within),
    _rule(rf"({MOMENT})", _within),
)

# -- views --------------------------------------------------------------------------------------------

_FILM = r"(?:проекци\w+|сним[ок]\w+|рентгенограмм\w+|view|views|projections?|films?|x-?rays?|radiographs?|images?)"
_VIEWS = (
    _rule(
        rf"(?:в\s+|во\s+|на\s+|in\s+|on\s+)?(?:(?:прям|передн|фронтальн|переднезадн|заднепередн)\w+\s+{_FILM}"
        rf"|(?:the\s+|a\s+)?(?:frontal|pa|ap|posteroanterior|anteroposterior)\s+{_FILM}(?!\w)|frontal(?!\w))",
        lambda _: {"view": View.FRONTAL},
    ),
    _rule(
        rf"(?:в\s+|во\s+|на\s+|in\s+|on\s+)?(?:боков\w+\s+{_FILM}|(?:the\s+|a\s+)?lateral\s+{_FILM}(?!\w))",
        lambda _: {"view": View.LATERAL},
    ),
)

# Dates first: a year must not be read as an age; «прямая проекция» before anything else could split it.
_RULES = (*_DATES, *_VIEWS, *_AGES)

# -- sex ----------------------------------------------------------------------------------------------


def _people(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:у\s+)?(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


_F = _people(
    r"женщин\w*", r"женск\w+(?:\s+пол\w*)?", r"пациентк\w+", r"девушк\w*", r"девоч\w+", "wom[ae]n", "females?", "girls?"
)
_M = _people(r"мужчин\w*", r"мужск\w+(?:\s+пол\w*)?", r"юнош\w+", r"мальчик\w*", "m[ae]n", "males?", "boys?")
_MINORS = re.compile(r"(?<!\w)(?:девоч\w+|мальчик\w*|girls?|boys?)(?!\w)", re.I)


def _sexes(text: str) -> tuple[set[Sex], str]:
    found: set[Sex] = set()
    patterns: tuple[tuple[Sex, re.Pattern[str]], ...] = (("F", _F), ("M", _M))
    for sex, pattern in patterns:
        while match := pattern.search(text):
            found.add(sex)
            text = _blank(text, match)
    return found, text
