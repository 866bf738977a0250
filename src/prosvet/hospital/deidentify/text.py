"""Reports without people in them: what tells who somebody is becomes a word in brackets, dates move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date

from prosvet.core.i18n import Lang
from prosvet.hospital.deidentify.known import Known
from prosvet.hospital.deidentify.names import find_names
from prosvet.hospital.deidentify.numbers import find_dates, find_numbers, read_date
from prosvet.hospital.deidentify.spans import Kind, Span, merged

__all__ = ["clean_text", "find_identities"]

_WORDS: dict[Lang, dict[Kind, str]] = {
    "ru": {"name": "[ИМЯ]", "date": "[ДАТА]", "phone": "[ТЕЛЕФОН]", "document": "[ДОКУМЕНТ]", "number": "[НОМЕР]",
           "address": "[АДРЕС]", "contact": "[КОНТАКТ]", "organisation": "[УЧРЕЖДЕНИЕ]", "known": "[УДАЛЕНО]"},
    "en": {"name": "[NAME]", "date": "[DATE]", "phone": "[PHONE]", "document": "[DOCUMENT]", "number": "[NUMBER]",
           "address": "[ADDRESS]", "contact": "[CONTACT]", "organisation": "[INSTITUTION]", "known": "[REMOVED]"},
}  # fmt: skip
_BORN, _BORN_AFTER = ("рожд", "birth", "dob", "born"), ("г.р", "г. р", "рожд", "года рожд")
_BEFORE = 25  # letters before a date in which "born" would stand


def find_identities(text: str, known: Known | None = None) -> list[Span]:
    """Names, dates, numbers, addresses and values of `known` in a text, in order, none overlapping."""
    spans = [*find_dates(text), *find_numbers(text), *find_names(text)]
    if known is not None:
        spans += known.find(text)
    return merged(spans)


def clean_text(
    text: str, known: Known | None = None, shift: Callable[[date], date] | None = None
) -> tuple[str, Counter[str]]:
    """`text` without identities, and how many of each kind there were.

    Parameters
    ----------
    shift : callable or None
        Moves a day of this text's patient. A day of birth, and a day that cannot be read, is taken out, as is every
        day when `shift` is None.

    Examples
    --------
    >>> clean_text("Пациентка Иванова А.И., снимок от 12.03.2021.")[0]
    'Пациентка [ИМЯ], снимок от [ДАТА].'
    """
    words = _WORDS[_language(text)]
    counts: Counter[str] = Counter()
    parts, place = [], 0
    for span in find_identities(text, known):
        parts += [text[place : span.start], _instead(text, span, words, shift)]
        counts[span.kind] += 1
        place = span.end
    return "".join([*parts, text[place:]]), counts


def _language(text: str) -> Lang:
    russian = sum("а" <= letter <= "я" for letter in text.casefold())
    english = sum("a" <= letter <= "z" for letter in text.casefold())
    return "en" if english > russian else "ru"


def _instead(text: str, span: Span, words: dict[Kind, str], shift: Callable[[date], date] | None) -> str:
    before = text[max(0, span.start - _BEFORE) : span.start].casefold()
    after = text[span.end : span.end + 12].casefold().lstrip()
    born = any(word in before for word in _BORN) or after.startswith(_BORN_AFTER)
    if span.kind == "date" and shift is not None and not born:
        day = read_date(text[span.start : span.end])
        if day is not None:
            return shift(day).strftime("%d.%m.%Y" if words is _WORDS["ru"] else "%Y-%m-%d")
    return words[span.kind]
