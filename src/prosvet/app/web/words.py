"""How numbers, dates and people are written in each language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache

from prosvet.core.clock import local
from prosvet.core.i18n import Lang, catalogue, numeral, text
from prosvet.language.vocabulary import vocabulary

__all__ = ["Words", "filters", "words_below"]

Words = dict[str, Callable[..., str]]


def filters(lang: Lang) -> Words:
    """The filters of templates in `lang`.

    Examples
    --------
    >>> filters("ru")["decimal"](0.5132, 2), filters("en")["percent"](0.5132)
    ('0,51', '51%')
    """

    def decimal(value: float | None, digits: int = 1) -> str:
        if value is None:
            return "—"
        return numeral(f"{value:.{digits}f}", lang)

    def percent(value: float | None, digits: int = 0) -> str:
        if value is None:
            return "—"
        gap = "\u00a0%" if lang == "ru" else "%"
        return decimal(100 * value, digits) + gap

    def day(value: date | None) -> str:
        return "—" if value is None else value.strftime("%d.%m.%Y" if lang == "ru" else "%Y-%m-%d")

    def moment(value: datetime | None) -> str:
        if value is None:
            return "—"
        return local(value).strftime("%d.%m.%Y %H:%M" if lang == "ru" else "%Y-%m-%d %H:%M")

    def sex(value: str | None) -> str:
        return text(f"web.sex.{value or 'unknown'}", lang)

    def age(value: float | None) -> str:
        return "—" if value is None else text(f"web.age.{_years(int(value), lang)}", lang, years=int(value))

    def concept(name: str) -> str:
        known = vocabulary().concepts
        if name in known:
            return known[name].names[lang]
        return catalogue(lang).get(f"web.concepts.{name}", name)

    return {
        "decimal": decimal, "percent": percent, "date": day, "datetime": moment, "sex": sex, "age": age,
        "concept": concept,
    }  # fmt: skip


@cache
def words_below(prefix: str, lang: Lang) -> dict[str, str]:
    """Every text whose key begins with `prefix` and a dot, by the rest of its key: for scripts, which fill the places.

    Examples
    --------
    >>> words_below("web.age", "en")["one"]
    '{years} year'
    """
    start = f"{prefix}."
    return {key.removeprefix(start): words for key, words in catalogue(lang).items() if key.startswith(start)}


def _years(number: int, lang: Lang) -> str:
    """Which form of "years" goes with a number: one, few or many."""
    if lang == "en":
        return "one" if number == 1 else "many"
    if number % 10 == 1 and number % 100 != 11:
        return "one"
    return "few" if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else "many"
