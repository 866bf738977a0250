"""Days, months and years as people write them, in Russian and English."""

from __future__ import annotations

import calendar
import re
from datetime import date

__all__ = ["MOMENT", "Period", "parse_moment"]

Period = tuple[date, date]
"""First and last day, both inclusive."""

_MONTHS = (
    r"январ\w*|january|jan\.?", r"феврал\w*|february|feb\.?", r"март\w*|march|mar\.?", r"апрел\w*|april|apr\.?",
    r"ма[йяею]|may", r"июн\w*|june|jun\.?", r"июл\w*|july|jul\.?", r"август\w*|august|aug\.?",
    r"сентябр\w*|september|sept?\.?", r"октябр\w*|october|oct\.?", r"ноябр\w*|november|nov\.?",
    r"декабр\w*|december|dec\.?",
)  # fmt: skip
_YEAR = r"(?:19|20)\d\d"
_TAIL = r"(?:[\s-]*(?:год(?:а|у|ом|е|ы)?|гг?\.?|years?)(?!\w))?"
_MONTH = "|".join(_MONTHS)

MOMENT = (
    rf"(?:{_YEAR}-\d\d-\d\d|\d{{1,2}}\.\d{{1,2}}\.{_YEAR}|{_YEAR}-\d\d(?![\d-])"
    rf"|(?:\d{{1,2}}\s+)?(?:{_MONTH})(?:\s+\d{{1,2}},)?\s+{_YEAR}{_TAIL}|(?<!\d){_YEAR}(?!\d){_TAIL})"
)
"""Pattern of one moment, to be put into larger patterns (no groups, case to be ignored)."""

_ISO = re.compile(rf"^({_YEAR})-(\d\d)(?:-(\d\d))?$")
_DOTS = re.compile(rf"^(\d{{1,2}})\.(\d{{1,2}})\.({_YEAR})$")
_WORDS = re.compile(rf"^(?:(\d{{1,2}})\s+)?({_MONTH})(?:\s+(\d{{1,2}}),)?\s+({_YEAR}){_TAIL}$", re.IGNORECASE)
_BARE = re.compile(rf"^({_YEAR}){_TAIL}$", re.IGNORECASE)


def parse_moment(text: str) -> Period | None:
    """The days that `text` names, or ``None`` when it names none.

    Examples
    --------
    >>> parse_moment("январь 2020")
    (datetime.date(2020, 1, 1), datetime.date(2020, 1, 31))
    >>> parse_moment("01.02.2015")
    (datetime.date(2015, 2, 1), datetime.date(2015, 2, 1))
    """
    text = text.strip()
    if match := _ISO.match(text):
        return _period(int(match[1]), int(match[2]), int(match[3]) if match[3] else None)
    if match := _DOTS.match(text):
        return _period(int(match[3]), int(match[2]), int(match[1]))
    if match := _WORDS.match(text):
        day = match[1] or match[3]
        return _period(int(match[4]), _month(match[2]), int(day) if day else None)
    if match := _BARE.match(text):
        return date(int(match[1]), 1, 1), date(int(match[1]), 12, 31)
    return None


def _month(word: str) -> int:
    return next(n for n, names in enumerate(_MONTHS, start=1) if re.fullmatch(names, word, re.IGNORECASE))


def _period(year: int, month: int, day: int | None) -> Period | None:
    if not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    if day is None:
        return date(year, month, 1), date(year, month, last)
    return (date(year, month, day), date(year, month, day)) if 1 <= day <= last else None
