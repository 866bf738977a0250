"""Errors towards the hospital: its systems, results, de-identification, back-ups."""

from __future__ import annotations

from prosvet.core.errors.base import ProsvetError

__all__ = ["BackupError", "DeidentifyError", "HospitalError", "PeerError", "PeerUnreachable", "ResultError"]


class HospitalError(ProsvetError):
    """Something of the hospital's side that refuses."""

    code = "hospital_error"
    http_status = 422
    exit_code = 2


class DeidentifyError(HospitalError):
    """An export for research that is refused. Details: name, reason (a key under ``deidentify_reasons``)."""

    code = "deidentify_error"
    http_status = 422
    exit_code = 2
    reasons = "deidentify_reasons"


class ResultError(HospitalError):
    """A result that cannot be made an object. Details: reason (under ``result_reasons``), and what it names."""

    code = "result_error"
    http_status = 409
    reasons = "result_reasons"


class BackupError(HospitalError):
    """A back-up or a restore that is refused. Details: name, reason (a key under ``backup_reasons``)."""

    code = "backup_error"
    http_status = 409
    exit_code = 2
    reasons = "backup_reasons"


class PeerError(HospitalError):
    """A system of the hospital that refuses: the same again would be refused, too.

    Details: peer, reason (under ``peer_reasons``), and what it names. Never what was asked for.
    """

    code = "peer_error"
    http_status = 502
    exit_code = 4
    reasons = "peer_reasons"


class PeerUnreachable(PeerError):
    """One that does not answer, or is busy: later it may. Details as above."""

    code = "peer_unreachable"
    http_status = 503
