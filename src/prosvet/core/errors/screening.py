"""Errors of autonomous screening and of the watch over it."""

from __future__ import annotations

from prosvet.core.errors.base import ProsvetError
from prosvet.core.i18n import Lang

__all__ = ["LineStopped", "MonitoringError", "ScreeningError", "TargetNotProvable"]


class ScreeningError(ProsvetError):
    """A step of screening that refuses. Details: reason (under ``screening_reasons``), and what it names."""

    code = "screening_error"
    http_status = 422
    exit_code = 2
    reasons = "screening_reasons"


class LineStopped(ScreeningError):
    """A release on a line that is stopped. Details: site, reason (under ``screening.stops``, or a sentence)."""

    code = "line_stopped"
    http_status = 409
    exit_code = 1
    reasons = "screening.stops"


class MonitoringError(ProsvetError):
    """A step of monitoring that refuses. Details: reason (under ``monitoring_reasons``), and what it names."""

    code = "monitoring_error"
    http_status = 422
    exit_code = 2
    reasons = "monitoring_reasons"


class TargetNotProvable(ScreeningError):
    """A risk that a sample is too small to prove. Details: kind (under ``kinds``), n, needed, more, best (a share),
    max_missed, confidence.
    """

    code = "target_not_provable"
    exit_code = 1

    def _words(self, lang: Lang) -> dict[str, object]:
        """Shares in percent, as the language writes them."""
        words = super()._words(lang)
        for name in ("max_missed", "confidence", "best"):
            value = words.get(name)
            if isinstance(value, float):
                number = f"{100 * value:.2f}".rstrip("0").rstrip(".")
                words[name] = f"{number.replace('.', ',')} %" if lang == "ru" else f"{number}%"
        return words
