"""Errors of any part of the program: requests, settings, names, the process itself."""

from __future__ import annotations

from prosvet.core.errors.base import ProsvetError
from prosvet.core.i18n import Lang
from prosvet.core.worded import refused_value

__all__ = [
    "AddressTaken",
    "BlindReading",
    "Cancelled",
    "Forbidden",
    "InternalError",
    "InvalidRequest",
    "InvalidSettings",
    "JobRefused",
    "LoopbackOnly",
    "MethodRefused",
    "MissingExtra",
    "NotFound",
    "UnknownName",
    "UsageError",
]


class InternalError(ProsvetError):
    """A defect of this program, caught at the edge of the process. Details: kind (the exception's class)."""

    code = "internal"
    exit_code = 70


class Cancelled(ProsvetError):
    """The user stopped the work. No details."""

    code = "cancelled"
    http_status = 499
    exit_code = 130


class UsageError(ProsvetError):
    """A command line that cannot be parsed. Details: reason."""

    code = "usage"
    http_status = 400
    exit_code = 2


class InvalidRequest(ProsvetError):
    """A request that its model refuses. Details: name (of the field), reason."""

    code = "invalid_request"
    http_status = 422
    exit_code = 2

    def _words(self, lang: Lang) -> dict[str, object]:
        words = super()._words(lang)
        return words | {"reason": refused_value(str(words["reason"]), lang).rstrip(".")} if "reason" in words else words


class NotFound(ProsvetError):
    """Details: kind (study, image, ...), name."""

    code = "not_found"
    http_status = 404
    exit_code = 3


class Forbidden(ProsvetError):
    """Whoever asks may not. Details: role (the least that may)."""

    code = "forbidden"
    http_status = 403
    exit_code = 2


class BlindReading(Forbidden):
    """Whoever asks reads this study blind and has not signed yet. Details: study."""

    code = "blind_reading"


class LoopbackOnly(ProsvetError):
    """A request that names folders of the server, which is reached by others too. No details."""

    code = "loopback_only"
    http_status = 403
    exit_code = 2


class MethodRefused(ProsvetError):
    """An address that does not take this HTTP method. Details: method."""

    code = "method_refused"
    http_status = 405
    exit_code = 2


class AddressTaken(ProsvetError):
    """The server cannot listen there. Details: host, port, reason (the system's words)."""

    code = "address_taken"
    http_status = 503
    exit_code = 4


class UnknownName(ProsvetError):
    """Details: kind, name, known (comma-separated valid names)."""

    code = "unknown_name"
    http_status = 400
    exit_code = 2


class InvalidSettings(ProsvetError):
    """Details: name, reason."""

    code = "invalid_settings"
    http_status = 400
    exit_code = 2


class MissingExtra(ProsvetError):
    """Details: package, extra."""

    code = "missing_extra"
    http_status = 501
    exit_code = 4


class JobRefused(ProsvetError):
    """What cannot be done with a job in its state. Details: id, state, reason (under ``job_reasons``)."""

    code = "job_refused"
    http_status = 409
    exit_code = 2
    reasons = "job_reasons"
