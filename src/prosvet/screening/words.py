"""What is promised, in words and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from prosvet.core.i18n import Lang, catalogue, text
from prosvet.screening.control import Controlled

__all__ = ["guarantee", "percent", "stop_words"]


def percent(share: float, lang: Lang) -> str:
    """A share as the locale writes it, with as many digits as it has, at most two: ``0,25 %``.

    Examples
    --------
    >>> percent(0.0025, "ru"), percent(0.01, "en"), percent(0.95, "en")
    ('0,25 %', '1%', '95%')
    """
    number = f"{100 * share:.2f}".rstrip("0").rstrip(".")
    return f"{number.replace('.', ',')} %" if lang == "ru" else f"{number}%"


def guarantee(risks: Sequence[Controlled], confidence: float, lang: Lang) -> str:
    """The promise of a release, as a sentence a risk."""
    sentences = [
        text(f"screening.guarantee.{risk.kind}", lang, max_missed=percent(risk.max_missed, lang),
             confidence=percent(confidence, lang), n=risk.n, missed=risk.missed)
        for risk in risks
    ]  # fmt: skip
    return " ".join([*sentences, text("screening.guarantee.meaning", lang)])


def stop_words(reason: str, lang: Lang) -> str:
    """Why the line was stopped: a known reason in `lang`, any other as it was written."""
    return catalogue(lang).get(f"screening.stops.{reason}", reason)
