"""Errors of data files that are read, and of what is evaluated from them."""

from __future__ import annotations

from prosvet.core.errors.base import ProsvetError

__all__ = [
    "BadReport",
    "CardsDiffer",
    "InvalidCaptionLine",
    "InvalidCard",
    "InvalidRecord",
    "ReaderStudyError",
    "RecordsDiffer",
]


class InvalidRecord(ProsvetError):
    """A line of a data file that cannot be used. Details: name, line, reason."""

    code = "invalid_record"
    http_status = 422
    exit_code = 2


class BadReport(InvalidRecord):
    """A report that cannot be labelled; the others are. Details: name, line, reason (under ``label_reasons``)."""

    code = "bad_report"
    reasons = "label_reasons"


class RecordsDiffer(ProsvetError):
    """Two files that should speak of the same cases. Details: name, other, missing, extra, examples."""

    code = "records_differ"
    http_status = 422
    exit_code = 2


class InvalidCard(ProsvetError):
    """A file that is not an evaluation card. Details: name, reason."""

    code = "invalid_card"
    http_status = 422
    exit_code = 2


class CardsDiffer(ProsvetError):
    """Two cards that do not measure the same thing on the same cases. Details: reason, and what differs."""

    code = "cards_differ"
    http_status = 422
    exit_code = 2


class InvalidCaptionLine(ProsvetError):
    """A line that is not ``labels | gender | age | caption``. Details: field, position (from 1), reason."""

    code = "invalid_caption_line"
    http_status = 422
    exit_code = 2
    reasons = "caption_reasons"


class ReaderStudyError(ProsvetError):
    """A reader study that refuses. Details: name, reason."""

    code = "reader_study_error"
    http_status = 409
    exit_code = 2
    reasons = "reader_study_reasons"
