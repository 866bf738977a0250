"""Conditions for machines: ``sex=F age>=60 view=frontal date>=2015-01-01 label=pneumothorax source=nih``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from prosvet.archive.filters import StudyFilter
from prosvet.core.errors import QueryError
from prosvet.core.types import View
from prosvet.language.mentions import find_mentions
from prosvet.language.vocabulary import vocabulary
from prosvet.search.moments import parse_moment

__all__ = ["JUST", "combine", "parse_where", "write_where"]

_CONDITION = re.compile(r"^(?P<key>[A-Za-z]+)(?P<sign>>=|<=|!=|==|=|>|<)(?P<value>.+)$")
_SEX = {"f": "F", "female": "F", "ж": "F", "жен": "F", "m": "M", "male": "M", "м": "M", "муж": "M", "o": "O"}

JUST = 0.01
"""Years: a step smaller than any age is written with, for conditions that leave their end out."""

Changes = dict[str, Any]


def parse_where(expression: str) -> StudyFilter:
    """Read conditions separated by spaces or commas; all must hold. Values with spaces go in quotes.

    Keys: ``sex`` (F, M, O), ``age``, ``date`` (a day, month or year), ``view`` (frontal, lateral), ``label``
    (a concept's id or name; ``!=`` excludes), ``source``, ``split``, ``patient``, ``study``.

    Raises
    ------
    QueryError
        Reason ``where_syntax``, ``where_key``, ``where_sign``, ``where_value`` or ``empty_range``.

    Examples
    --------
    >>> parse_where("sex=F age>=60").model_dump(exclude_defaults=True)
    {'sex': 'F', 'age_min': 60.0}
    """
    try:
        parts = list(_words(expression))
    except ValueError:
        raise QueryError(reason="where_syntax", part=expression.strip()) from None
    found = StudyFilter()
    for part in parts:
        match = _CONDITION.match(part)
        if match is None:
            raise QueryError(reason="where_syntax", part=part)
        key, sign, value = match["key"].lower(), match["sign"].replace("==", "="), match["value"]
        if key not in _KEYS:
            raise QueryError(reason="where_key", name=key, known=", ".join(sorted(_KEYS)))
        signs, read = _KEYS[key]
        if sign not in signs:
            raise QueryError(reason="where_sign", name=key, known=" ".join(signs))
        changes = read(sign, value)
        if changes is None:
            raise QueryError(reason="where_value", name=key, value=value)
        found = combine(found, StudyFilter(**changes))
    return found


def _words(expression: str) -> shlex.shlex:
    """Split at spaces and commas that no quotes enclose."""
    words = shlex.shlex(expression, posix=True)
    words.whitespace += ","
    words.whitespace_split, words.commenters = True, ""
    return words


def write_where(query: StudyFilter) -> str:
    """The expression that :func:`parse_where` reads as `query`; what it has no word for (``any_of``) is left out.

    Examples
    --------
    >>> write_where(parse_where("age<40, sex=F label!=pneumothorax"))
    'sex=F age<=39.99 label!=pneumothorax'
    """
    ends = (("age>=", query.age_min), ("age<=", query.age_max))
    days = (("date>=", query.date_from), ("date<=", query.date_to))
    names = (("source=", query.source), ("split=", query.split), ("patient=", query.patient))
    parts = [f"sex={query.sex}"] if query.sex else []
    parts += [f"{key}{value:g}" for key, value in ends if value is not None]
    parts += [f"{key}{day.isoformat()}" for key, day in days if day is not None]
    parts += [f"view={query.view.value}"] if query.view else []
    parts += [f"label={concept}" for concept in query.concepts] + [f"label!={concept}" for concept in query.without]
    parts += [key + shlex.quote(value) for key, value in names if value]
    parts += ["synthetic=true"] if query.synthetic else []
    parts += [f"study={shlex.quote(study)}" for study in query.studies[:1]]
    return " ".join(parts)


def combine(one: StudyFilter, other: StudyFilter) -> StudyFilter:
    """Both at once; where both name a sex, view, source, split or patient, they must agree.

    Raises
    ------
    QueryError
        Reason ``empty_range`` when nothing can satisfy both.
    """
    changes: Changes = {}
    for name in ("sex", "view", "source", "split", "patient"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine is not None and theirs is not None and mine != theirs:
            raise QueryError(reason="empty_range", name=name)
        changes[name] = mine if theirs is None else theirs
    for name, stricter in (("age", max), ("date", max)):
        low = _stricter(getattr(one, _low(name)), getattr(other, _low(name)), stricter)
        high = _stricter(getattr(one, _high(name)), getattr(other, _high(name)), min)
        if low is not None and high is not None and low > high:
            raise QueryError(reason="empty_range", name=name)
        changes |= {_low(name): low, _high(name): high}
    for name in ("concepts", "without", "any_of"):
        changes[name] = tuple(dict.fromkeys((*getattr(one, name), *getattr(other, name))))
    changes["synthetic"] = one.synthetic or other.synthetic
    changes["studies"] = other.studies or one.studies
    return StudyFilter(**changes)


def _low(name: str) -> str:
    return "age_min" if name == "age" else "date_from"


def _high(name: str) -> str:
    return "age_max" if name == "age" else "date_to"


def _stricter(one: Any, other: Any, pick: Callable[[Any, Any], Any]) -> Any:
    if one is None or other is None:
        return one if other is None else other
    return pick(one, other)


def _sex(_: str, value: str) -> Changes | None:
    sex = _SEX.get(value.lower())
    return None if sex is None else {"sex": sex}


def _age(sign: str, value: str) -> Changes | None:
    try:
        years = float(value)
    except ValueError:
        return None
    if not 0 <= years <= 130:
        return None
    # Ages are years with or without a fraction; 60 years stand for the whole sixty-first year of life.
    return {
        "=": {"age_min": years, "age_max": years + 1 - JUST},
        ">=": {"age_min": years},
        ">": {"age_min": years + JUST},
        "<=": {"age_max": years},
        "<": {"age_max": max(0.0, years - JUST)},
    }[sign]


def _date(sign: str, value: str) -> Changes | None:
    moment = parse_moment(value)
    if moment is None:
        return None
    first, last = moment
    day = timedelta(days=1)
    return {
        "=": {"date_from": first, "date_to": last},
        ">=": {"date_from": first},
        ">": {"date_from": _moved(last, day)},
        "<=": {"date_to": last},
        "<": {"date_to": _moved(first, -day)},
    }[sign]


def _moved(day: date, by: timedelta) -> date:
    try:
        return day + by
    except OverflowError:
        return day


def _view(_: str, value: str) -> Changes | None:
    return {"view": View(value.lower())} if value.lower() in set(View) else None


def _label(sign: str, value: str) -> Changes | None:
    concept = value.lower()
    if concept not in vocabulary().concepts:
        named = {mention.concept for mention in find_mentions(value.replace("_", " "))}
        if len(named) != 1:
            return None
        (concept,) = named
    return {"without": (concept,)} if sign == "!=" else {"concepts": (concept,)}


def _plain(field: str) -> Callable[[str, str], Changes | None]:
    return lambda _, value: {field: (value,) if field == "studies" else value}


def _synthetic(_sign: str, value: str) -> Changes | None:
    asked = {"true": True, "false": False}.get(value.lower())
    return None if asked is None else {"synthetic": asked}


_RANGE = ("=", ">=", ">", "<=", "<")
_KEYS: dict[str, tuple[tuple[str, ...], Callable[[str, str], Changes | None]]] = {
    "sex": (("=",), _sex),
    "age": (_RANGE, _age),
    "date": (_RANGE, _date),
    "view": (("=",), _view),
    "label": (("=", "!="), _label),
    "source": (("=",), _plain("source")),
    "split": (("=",), _plain("split")),
    "patient": (("=",), _plain("patient")),
    "study": (("=",), _plain("studies")),
    "synthetic": (("=",), _synthetic),
}
