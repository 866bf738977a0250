"""Errors of the archive: its files, its lists, its one writer."""

from __future__ import annotations

from prosvet.core.errors.base import ProsvetError

__all__ = [
    "AlreadyRunning",
    "ArchiveBusy",
    "ArchiveError",
    "CohortError",
    "DiskFull",
    "ManifestError",
    "MissingColumns",
    "QueryError",
    "QueryLanguage",
    "SeveralLayouts",
    "UnknownLayout",
]


class QueryError(ProsvetError):
    """A query that cannot be answered. Details: reason (a key under ``query_reasons``)."""

    code = "bad_query"
    http_status = 400
    exit_code = 2
    reasons = "query_reasons"


class QueryLanguage(QueryError):
    """Text in neither Russian nor English. No details."""

    code = "query_language"


class CohortError(ProsvetError):
    """A cohort that cannot be kept or compared. Details: reason (under ``cohort_reasons``), and what it names."""

    code = "cohort_error"
    http_status = 422
    exit_code = 2
    reasons = "cohort_reasons"


class ArchiveError(ProsvetError):
    """Details: reason."""

    code = "archive_error"
    exit_code = 6


class ManifestError(ArchiveError):
    """Details: name, line, reason."""

    code = "manifest_error"
    http_status = 422


class UnknownLayout(ManifestError):
    """Details: name, expected (what the readers look for)."""

    code = "unknown_layout"


class SeveralLayouts(ManifestError):
    """Details: name, layouts (names of the readers that fit)."""

    code = "several_layouts"


class MissingColumns(ManifestError):
    """Details: name, columns."""

    code = "missing_columns"


class AlreadyRunning(ArchiveError):
    """A second writer. Details: home."""

    code = "already_running"
    http_status = 409


class ArchiveBusy(AlreadyRunning):
    """Another writer held the archive for as long as we may wait. Details: home, seconds."""

    code = "archive_busy"


class DiskFull(ArchiveError):
    """Details: path."""

    code = "disk_full"
    http_status = 507
