"""Dates, numbers and places in a text, in Russian and English, by rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from prosvet.hospital.deidentify.spans import Kind, Span

__all__ = ["find_dates", "find_numbers", "read_date"]

_MONTHS = {
    "январ": 1, "феврал": 2, "март": 3, "апрел": 4, "ма": 5, "июн": 6, "июл": 7, "август": 8, "сентябр": 9,
    "октябр": 10, "ноябр": 11, "декабр": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7,
    "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_RU_MONTH = r"(?:январ|феврал|март|апрел|ма(?=[йяе]\b)|июн|июл|август|сентябр|октябр|ноябр|декабр)[а-я]{0,2}"
_EN_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_YEAR = r"(?:1[89]|20)\d\d"
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_CLOCK = r"(?:[ T,]{1,2}(?:в\s|at\s)?[012]?\d[:.][0-5]\d(?:[:.][0-5]\d)?)?"
_UNITS = r"(?!\s?(?:см|мм|cm|mm|мл|ml|%|мзв|msv|кв\b|kv|мас|[xх×*]\s?\d))"

_DATES = tuple(
    re.compile(rf"(?<![\d.,/-]){pattern}{_CLOCK}(?:\s?г(?:\.(?!\s?р)|ода?\b|\b(?!\.)))?(?![\d/])", re.IGNORECASE)
    for pattern in (
        rf"(?P<d>{_DAY})\s?(?P<s>[./-])\s?(?P<m>{_MONTH})\s?(?P=s)\s?(?P<y>{_YEAR}|\d\d(?!\d))(?!\s?(?:см|мм|cm|mm)\b)",
        rf"(?P<m>{_MONTH})(?P<s>[/-])(?P<d>{_DAY})(?P=s)(?P<y>{_YEAR}|\d\d(?!\d))",
        rf"(?P<y>{_YEAR})(?P<s>[./-])(?P<m>{_MONTH})(?P=s)(?P<d>{_DAY})",
        rf"(?P<y>{_YEAR})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])",
        rf"«?(?P<d>{_DAY})»?(?:-?(?:го|st|nd|rd|th))?\s(?:of\s)?(?P<w>{_RU_MONTH}|{_EN_MONTH}),?\s?(?P<y>{_YEAR}|\d\d\b)?",
        rf"(?P<w>{_EN_MONTH})\s(?P<d>{_DAY})(?:st|nd|rd|th)?,?\s(?P<y>{_YEAR})",
        rf"(?P<w>\b{_RU_MONTH}|\b{_EN_MONTH}),?\s(?P<y>{_YEAR})",
        r"(?P<m>0[1-9]|1[0-2])[./](?P<y>(?:19|20)\d\d)(?!\s?(?:см|мм|cm|mm)\b)",
    )
)
_SHORT_DATE = re.compile(
    rf"\b(?:от|с|по|за|dated|on)\s(?P<date>(?:0[1-9]|[12]\d|3[01])[./](?:0[1-9]|1[0-2]))(?![\d.,/]?\d){_UNITS}",
    re.IGNORECASE,
)
_TRAILING = " ,.\t\n"

_CASE_WORD = (
    r"(?:истори[яи]\s+болезни|и[./]?б\.?|медкарт[аыу]|(?:амб\w*\.?|мед\w*\.?)?\s?карт[аыу]|а/к|протокол|направлени[ея]|"
    r"договор|исследовани[ея]|заказ|пол[иi]с(?:\s+омс|\s+дмс)?|омс|енп|снилс|паспорт|удостоверени[ея]|инн|серия|номер|"
    r"case|mrn|accession|patient\s+id|id|ssn|policy|passport|chart|record|order|insurance|account|acc|hospital\s+no)"
)
_PATTERNS: tuple[tuple[Kind, str], ...] = (
    ("contact", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    ("contact", r"(?:https?://|www\.)\S+"),
    ("phone", r"(?<![\d-])(?:\+\s?\d{1,3}|8)[\s(-]*\d{3}[\s)-]*\d{2,3}[\s-]*\d{2}[\s-]*\d{2}(?!\d)"),
    ("phone", r"(?<![\d-])\(?\d{3}\)?[\s-]\d{3}[\s-]\d{2}-?\d{2}(?!\d)"),
    ("phone", r"(?<![\d-])\d{2,3}-\d{2}-\d{2}(?![\d-])"),
    ("document", r"(?<!\d)\d{3}-\d{3}-\d{3}[\s-]\d{2}(?!\d)"),
    ("document", r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"),
    ("document", r"(?<!\d)\d{2}\s?\d{2}\s?(?:№|N)?\s?\d{6}(?!\d)"),
    ("document", r"(?<!\d)(?:\d{4}\s){3}\d{4}(?!\d)"),
    (
        "number",
        rf"\b{_CASE_WORD}(?:\s+(?:серии|серия|номер|№|no?\.?|number|num))*\s*[:#№]?\s*(?P<v>(?=[\w/-]*(?:\d{3}|\d/\d))"
        r"[A-ZА-Я\d][\w/-]*(?:\s(?=\d)[\d/-]+){0,3})",
    ),
    ("number", r"(?:№|#|\bN[oº°]\.?)\s?(?P<v>[A-ZА-Я]{0,4}[-/]?\d[\w/-]*)"),
    ("number", r"(?<![\w.,])(?P<v>[A-ZА-Я]{1,5}[-_]?\d{4,}[\w/-]*)"),
    ("number", r"(?<![\d.,])(?P<v>\d{5,})(?![\d]|[.,]\d)"),
    ("number", r"(?<![\d.,])(?P<v>\d{2,}[-/]\d{3,}(?:[-/]\d+)*)(?!\d)"),
    ("address", r"\b\d{6},?\s(?=г|обл|[А-Я])"),
    (
        "address",
        r"\b(?:г(?:ор)?\.\s?|город[аеу]?\s|пос\.\s?|пос[её]лок\s|дер\.\s?|деревн[яи]\s|с\.\s(?=[А-Я])|"
        r"сел[оа]\s(?=[А-Я]))(?-i:(?P<v>[А-ЯЁ][а-яё]+(?:-[А-Яа-яё]+){0,2}(?:\s[А-ЯЁ][а-яё]+)?))",
    ),
    (
        "address",
        r"(?-i:[А-ЯЁ][а-яё]+(?:ская|ский|ской|кая|кий|ого|ой))\s(?:обл(?:\.|асть|асти)|край|края|р-н|район\w*|округ\w*)",
    ),
    (
        "address",
        r"\b(?:ул(?:\.|ица|ице)|пр-т|просп(?:\.|ект\w*)|пр\.|пер(?:\.|еулок)|ш(?:\.|оссе)|наб(?:\.|ережная)|"
        r"б-р|бульвар|пл(?:\.|ощадь)|мкр\.?|микрорайон|проезд)\s?(?P<v>(?-i:(?:\d+-?\w*\s)?[А-ЯЁ\d][\w.-]*"
        r"(?:\s[А-ЯЁ][\w.-]*){0,2}))",
    ),
    (
        "address",
        r"\b(?:д(?:\.|ом)|корп(?:\.|ус)|стр(?:\.|оение)|кв(?:\.|артира)|к\.)\s?(?P<v>\d+\s?[а-я]?(?:/\d+)?)(?![\d.,]*\s?(?:см|мм))\b",
    ),
    (
        "address",
        r"\b(?P<v>\d{1,5}\s(?-i:[A-Z][a-z]+(?:\s[A-Z][a-z]+){0,2})\s(?:street|st|avenue|ave|road|rd|lane|ln|drive|"
        r"dr|boulevard|blvd|court|ct|way|place|square)\b\.?(?:,?\s(?:apt|apartment|unit|suite|#)\.?\s?\w+)?)",
    ),
    ("address", r"\b(?-i:(?P<v>[A-Z][a-z]+,\s[A-Z]{2}\s\d{5}(?:-\d{4})?))\b"),
    (
        "organisation",
        r"\b(?-i:ГБУЗ|ФГБУ|ФГАУ|ГАУЗ|ГУЗ|МБУЗ|МУЗ|ОГБУЗ|КГБУЗ|БУЗ|ГКБ|ЦРБ|РКБ|ОКБ|НМИЦ|ООО|АО|ЧУЗ|ОГАУЗ|КДЦ|ГП|ПТД)"
        r"(?P<v>(?:\s+(?-i:[«\"][^»\"\n]{2,80}[»\"]|№\s?\d+|[А-ЯЁ]{2,}|[А-ЯЁ][а-яё-]+|им\.\s?[А-ЯЁ][.\w]*|[А-Я]\.)){1,6})",
    ),
    (
        "organisation",
        r"\b(?:больниц|поликлиник|диспансер|клиник|медсанчаст|госпитал)[а-я]{0,3}\s+(?P<v>№\s?\d+|[«\"][^»\"\n]{2,80}[»\"]|"
        r"(?-i:им(?:\.|ени)\s?(?:[А-ЯЁ]\.\s?){0,2}[А-ЯЁ][а-яё]+))",
    ),
    (
        "organisation",
        r"(?-i:\b(?P<v>[A-Z][\w'.]+(?:\s[A-Z][\w'.]+){0,3})\s(?:Hospital|Clinic|Medical\s(?:Center|Centre)|"
        r"Infirmary|Health\s(?:Center|Centre)))\b",
    ),
)
_NUMBERS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS
)


def find_dates(text: str) -> Iterator[Span]:
    """Days and months with a year, in figures or words; a day and month in figures after «от»; their clock times.

    Examples
    --------
    >>> text = "снимок от 12.03.2021 г."
    >>> [text[span.start:span.end] for span in find_dates(text)]
    ['12.03.2021 г.']
    """
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if _plausible(match):
                end = match.start() + len(match.group().rstrip(" ,"))
                yield Span(match.start(), end, "date")
    for match in _SHORT_DATE.finditer(text):
        yield Span(*match.span("date"), "date")


def _plausible(match: re.Match[str]) -> bool:
    groups = match.groupdict()
    word = groups.get("w")
    return word is None or _month(word) is not None


def _month(word: str) -> int | None:
    word = word.casefold()
    return next((number for stem, number in _MONTHS.items() if word.startswith(stem)), None)


def read_date(text: str) -> date | None:
    """The day that a stretch found by :func:`find_dates` says; None where it says no whole day.

    Examples
    --------
    >>> read_date("3 мая 2020 года"), read_date("12.03.21"), read_date("март 2021")
    (datetime.date(2020, 5, 3), datetime.date(2021, 3, 12), None)
    """
    for pattern in _DATES:
        match = pattern.match(text)
        if match is None:
            continue
        groups = match.groupdict()
        day, year = groups.get("d"), groups.get("y")
        month = _month(groups["w"]) if groups.get("w") else groups.get("m")
        if not (day and month and year):
            continue
        full = int(year) if len(year) == 4 else 2000 + int(year) - (100 if int(year) > 40 else 0)
        try:
            return date(full, int(month), int(day))
        except ValueError:
            continue
    return None


def find_numbers(text: str) -> Iterator[Span]:
    """Telephone, document, case and other long numbers, mail and web addresses, places to live, institutions."""
    for kind, pattern in _NUMBERS:
        for match in pattern.finditer(text):
            start, end = match.span("v") if "v" in pattern.groupindex else match.span()
            while end > start and text[end - 1] in _TRAILING:
                end -= 1
            while start < end and text[start] in _TRAILING:
                start += 1
            if end > start:
                yield Span(start, end, kind)
