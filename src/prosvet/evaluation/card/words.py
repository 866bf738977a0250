"""Names and numbers as people read them: words from the locales, the decimal comma in Russian."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from prosvet.core.i18n import Lang, catalogue, numeral, text
from prosvet.evaluation.result import Figure
from prosvet.language.vocabulary import vocabulary

__all__ = [
    "cell",
    "control_name",
    "heading",
    "interval",
    "metric_name",
    "moment",
    "number",
    "say",
    "setting_name",
    "thing_name",
    "value_with_interval",
    "word",
]

_NO_VALUE = "—"
_THIN, _MINUS = "\u202f", "\u2212"


def say(key: str, lang: Lang, **values: object) -> str:
    """The string ``evaluation.card.KEY``."""
    return text(f"evaluation.card.{key}", lang, **values)


@cache
def word(area: str, key: str, lang: Lang) -> str:
    """What ``evaluation.AREA.KEY`` is called; a concept by its name; anything else as it is written.

    Examples
    --------
    >>> word("metrics", "auroc", "en"), word("metrics", "pneumothorax", "en"), word("metrics", "Clinic 4", "en")
    ('AUROC', 'pneumothorax', 'Clinic 4')
    """
    known = catalogue(lang).get(f"evaluation.{area}.{key}")
    if known is not None:
        return known
    base, at, strength = key.partition("@")
    if at and (named := catalogue(lang).get(f"evaluation.{area}.{base}")) is not None:
        return f"{named} {numeral(strength, lang)}"
    concept = vocabulary().concepts.get(key)
    return concept.names[lang] if concept is not None else key


def control_name(name: str, kind: str, lang: Lang) -> str:
    """What a control is called; the same control may have another name in one kind of evaluation.

    Examples
    --------
    >>> control_name("shuffled", "reports", "en"), control_name("shuffled", "retrieval", "en")
    ('images shuffled', "answers to others' queries")
    """
    own = f"{kind}.{name}"
    control, dot, metric = name.partition(".")
    if dot and name not in _keys("controls", lang):
        return f"{control_name(control, kind, lang)}: {metric_name(metric, lang)}"
    return word("controls", own if own in _keys("controls", lang) else name, lang)


def heading(words: str) -> str:
    """`words` with a capital first letter."""
    return words[:1].upper() + words[1:]


def metric_name(name: str, lang: Lang) -> str:
    """The name of a metric: ``recall@5`` is ``Recall@5``, ``auroc.pneumonia`` is ``AUROC, pneumonia``.

    Examples
    --------
    >>> metric_name("recall@5", "en"), metric_name("sensitivity.pneumonia", "ru")
    ('Recall@5', 'Чувствительность: пневмония')
    """
    head, _, tail = name.partition(".")
    base, at, depth = head.partition("@")
    words = word("metrics", base, lang) + at + depth
    return f"{words}: {thing_name(tail, lang)}" if tail else words


def thing_name(name: str, lang: Lang) -> str:
    """What a figure is of: a finding, a definition of relevance, a degradation with its strength, a system.

    Examples
    --------
    >>> thing_name("pneumothorax", "en"), thing_name("noise@0.1", "ru")
    ('pneumothorax', 'шум 0,1')
    """
    base, at, strength = name.partition("@")
    first, over, second = name.partition("_over_")
    if over and name not in _keys("metrics", lang):
        return say("against", lang, first=first, second=second)
    if not at:
        return word("metrics", name, lang)
    words = word("curves", f"robustness.{base}", lang)
    return f"{words} {numeral(strength, lang)}"


def setting_name(name: str, lang: Lang) -> str:
    """The name of a setting: ``threshold.pneumonia`` is ``Threshold: pneumonia``."""
    if name in _keys("settings", lang):
        return word("settings", name, lang)
    base, _, tail = name.partition(".")
    return f"{word('settings', base, lang)}: {word('settings', tail, lang)}" if tail else word("settings", base, lang)


@cache
def _keys(area: str, lang: Lang) -> frozenset[str]:
    prefix = f"evaluation.{area}."
    return frozenset(key.removeprefix(prefix) for key in catalogue(lang) if key.startswith(prefix))


def number(value: float | None, lang: Lang, digits: int = 3) -> str:
    """`value` with `digits` after the point (fewer when it is large); whole numbers in groups of three.

    Examples
    --------
    >>> number(0.8731, "ru"), number(0.8731, "en"), number(None, "en"), number(3955, "en")
    ('0,873', '0.873', '—', '3,955')
    """
    if value is None:
        return _NO_VALUE
    if isinstance(value, int) or abs(value) >= 1000:
        written = f"{value:,.0f}"
        return written.replace(",", _THIN) if lang == "ru" else written
    shown = digits if abs(value) < 10 else max(0, digits - 2)
    written = f"{value:.{shown}f}"
    if float(written) == 0:
        written = written.removeprefix("-")
    return numeral(written, lang).replace("-", _MINUS)


def interval(low: float | None, high: float | None, lang: Lang) -> str:
    """``0.851-0.894`` with a dash, the word "to" between negative numbers, empty without an interval."""
    if low is None or high is None:
        return ""
    start, end = number(low, lang), number(high, lang)
    return f"{start} {say('to', lang)} {end}" if start.startswith(_MINUS) else f"{start}–{end}"


def value_with_interval(figure: Figure, lang: Lang) -> str:
    """``0.873 (0.851-0.894)``.

    Examples
    --------
    >>> value_with_interval(Figure(value=0.5, low=0.4, high=0.6), "en")
    '0.500 (0.400–0.600)'
    """
    inside = interval(figure.low, figure.high, lang)
    return number(figure.value, lang) + (f" ({inside})" if inside else "")


def cell(value: str | int | float | None, area: str, lang: Lang) -> str:
    """One cell of a table or a setting: numbers formatted, words looked up under ``evaluation.AREA``."""
    if isinstance(value, bool):
        return say("yes" if value else "no", lang)
    if value is None or isinstance(value, int | float):
        return number(value, lang)
    return word(area, value, lang)


def moment(at: datetime, lang: Lang) -> str:
    """Day and time, UTC.

    Examples
    --------
    >>> moment(datetime(2026, 11, 22, 8, 5, tzinfo=UTC), "ru")
    '22.11.2026 08:05 UTC'
    """
    return at.astimezone(UTC).strftime("%d.%m.%Y %H:%M UTC" if lang == "ru" else "%Y-%m-%d %H:%M UTC")
