"""What is promised, in words and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prosvet.core.i18n import Lang, catalogue, numeral, text
from prosvet.screening.control import Controlled

__all__ = ["doubt", "guarantee", "percent", "stop_words"]


_LEAST_TOLD = 20  # of fewer studies a share would say little


def percent(share: float, lang: Lang, digits: int = 2) -> str:
    """A share as the locale writes it, with as many digits as it has, at most `digits`: ``0,25 %``.

    Examples
    --------
    >>> percent(0.0025, "ru"), percent(0.01, "en"), percent(0.95, "en")
    ('0,25 %', '1%', '95%')
    """
    number = numeral(f"{100 * share:.{digits}f}".rstrip("0").rstrip("."), lang)
    return f"{number} %" if lang == "ru" else f"{number}%"


def guarantee(risks: Sequence[Controlled], confidence: float, lang: Lang) -> str:
    """The promise of a release, as a sentence a risk."""
    sentences = [
        text(f"screening.guarantee.{risk.kind}", lang, max_missed=percent(risk.max_missed, lang),
             confidence=percent(confidence, lang), n=risk.n, missed=risk.missed)
        for risk in risks
    ]  # fmt: skip
    return " ".join([*sentences, text("screening.guarantee.meaning", lang)])


def doubt(unsure: dict[str, Any] | None, lang: Lang) -> str:
    """What is known of the studies that a calibration's rule keeps back, as the end of a sentence, or nothing.

    Told are the studies that the model calls normal and that the rule was not made of: how many of them were abnormal.
    """
    found = (unsure or {}).get("wrong") or {}
    if found.get("n", 0) < _LEAST_TOLD:
        return ""
    return text("confidence.doubt", lang, wrong=found["k"], n=found["n"])


def stop_words(reason: str, lang: Lang) -> str:
    """Why the line was stopped: a known reason in `lang`, any other as it was written."""
    return catalogue(lang).get(f"screening.stops.{reason}", reason)
