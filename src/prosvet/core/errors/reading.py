"""Errors of the reading room: protocols, second readings, studies that are taken."""

from __future__ import annotations

from prosvet.core.errors.base import ProsvetError

__all__ = ["DoubleReadingError", "ProtocolConflict", "ProtocolError", "Taken"]


class DoubleReadingError(ProsvetError):
    """A double reading that refuses. Details: study, reason (under ``double_reasons``)."""

    code = "double_reading"
    http_status = 409
    exit_code = 2
    reasons = "double_reasons"


class Taken(ProsvetError):
    """A study that another reader has taken. Details: study, reader."""

    code = "taken"
    http_status = 409
    exit_code = 2


class ProtocolError(ProsvetError):
    """A step that a protocol refuses. Details: name (of the study), reason."""

    code = "protocol_error"
    http_status = 409
    exit_code = 2
    reasons = "protocol_reasons"


class ProtocolConflict(ProtocolError):
    """A draft that somebody else saved meanwhile. Details: name (of whoever did)."""

    code = "protocol_conflict"
