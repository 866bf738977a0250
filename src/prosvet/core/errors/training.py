"""Errors of learning: marks, adapters, retraining, federation, tuning."""

from __future__ import annotations

from prosvet.core.errors.base import ProsvetError

__all__ = [
    "BadMarks",
    "ChallengerNotAssessed",
    "ChallengerWorse",
    "FederationError",
    "MarkError",
    "RetrainingError",
    "SiteError",
    "TunedWorse",
    "TuningError",
]


class SiteError(ProsvetError):
    """A step of a site's adaptation that refuses. Details: reason (under ``site_reasons``), and what it names."""

    code = "site_error"
    http_status = 422
    exit_code = 2
    reasons = "site_reasons"


class RetrainingError(ProsvetError):
    """A step of retraining that refuses. Details: reason (under ``retraining_reasons``), and what it names."""

    code = "retraining_error"
    http_status = 422
    exit_code = 2
    reasons = "retraining_reasons"


class ChallengerWorse(RetrainingError):
    """A challenger that is worse, or not shown to be no worse. Details: name, reason, findings (comma-separated)."""

    code = "challenger_worse"
    http_status = 409
    exit_code = 1


class ChallengerNotAssessed(RetrainingError):
    """A challenger with findings that nobody could judge. Details: name, reason, findings (comma-separated)."""

    code = "challenger_not_assessed"
    http_status = 409
    exit_code = 1


class MarkError(ProsvetError):
    """A step of marking that refuses. Details: reason (under ``mark_reasons``), and what it names."""

    code = "mark_error"
    http_status = 422
    exit_code = 2
    reasons = "mark_reasons"


class BadMarks(MarkError):
    """A file of marks that is not taken in, wholly. Details: row (where it stands in the file), reason."""

    code = "bad_marks"


class FederationError(ProsvetError):
    """A step of a federation that refuses. Details: reason (under ``federation_reasons``), and what it names."""

    code = "federation_error"
    http_status = 422
    exit_code = 2
    reasons = "federation_reasons"


class TuningError(ProsvetError):
    """A step of tuning a model that refuses. Details: reason (under ``tuning_reasons``), and what it names."""

    code = "tuning_error"
    http_status = 422
    exit_code = 2
    reasons = "tuning_reasons"


class TunedWorse(TuningError):
    """A tuned model that is worse than the former, or not shown to be no worse. Details: reason, and the figures."""

    code = "tuned_worse"
    http_status = 409
    exit_code = 1
