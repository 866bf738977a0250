"""One tree of errors. Each class carries its code, HTTP status and exit status; the words live in the locales.

An error is raised with the facts (``TooSmall(name="a.png", width=40, height=30)``) and spoken in the user's
language by :meth:`ProsvetError.message`. A failure never becomes a value: no score 0, no empty report.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from prosvet.core.i18n import Lang, catalogue, text

__all__ = [
    "AccessError",
    "AccountRefused",
    "AccountsNeeded",
    "AddressTaken",
    "AlreadyRunning",
    "ArchiveBusy",
    "ArchiveError",
    "BackupError",
    "BadMarks",
    "BadReport",
    "BadZip",
    "BlindReading",
    "BodyTooLarge",
    "Busy",
    "Cancelled",
    "CardRefused",
    "CardsDiffer",
    "ChallengerNotAssessed",
    "ChallengerWorse",
    "CohortError",
    "ColourPhotograph",
    "DecompressionBomb",
    "DeidentifyError",
    "DeploymentError",
    "DiskFull",
    "DoubleReadingError",
    "FederationError",
    "Forbidden",
    "ForgedRequest",
    "HospitalError",
    "ImageError",
    "InsecureConnection",
    "InternalError",
    "InvalidCaptionLine",
    "InvalidCard",
    "InvalidRecord",
    "InvalidRequest",
    "InvalidSettings",
    "JobRefused",
    "LineStopped",
    "LoopbackOnly",
    "ManifestError",
    "MarkError",
    "MethodRefused",
    "MissingColumns",
    "MissingExtra",
    "ModelError",
    "ModelHashMismatch",
    "ModelNotFound",
    "MonitoringError",
    "NotAnImage",
    "NotChestXray",
    "NotFound",
    "NotFrontal",
    "NotSignedIn",
    "OversizedFile",
    "PeerError",
    "PeerUnreachable",
    "ProsvetError",
    "ProtocolConflict",
    "ProtocolError",
    "QueryError",
    "QueryLanguage",
    "RecordsDiffer",
    "ResultError",
    "Retold",
    "RetrainingError",
    "ScopeMissing",
    "ScreeningError",
    "SeveralLayouts",
    "SignInRefused",
    "SiteError",
    "SynthesisError",
    "Taken",
    "TargetNotProvable",
    "TooManyAttempts",
    "TooSmall",
    "TruncatedFile",
    "TunedWorse",
    "TuningError",
    "UnknownLayout",
    "UnknownName",
    "UnsupportedFile",
    "UsageError",
    "VlmAnswerInvalid",
    "VlmError",
    "VlmRefused",
    "VlmTimeout",
    "VlmUnreachable",
    "WrongHost",
    "by_code",
    "plain_details",
]


class ProsvetError(Exception):
    """Root of every error a user may see.

    Attributes
    ----------
    code : str
        Stable machine-readable name, for example ``not_an_image``.
    http_status, exit_code : int
        What the HTTP and the command-line faces answer.
    reasons : str
        Where in the locales the detail ``reason`` is looked up; one that is not there is quoted as it is.
        ``kind`` is looked up under ``kinds`` in the same way.
    details : dict
        The facts that fill the message's places; never patient identity.
    """

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    reasons: ClassVar[str] = "reasons"

    def __init__(self, **details: object) -> None:
        self.details = details
        super().__init__(self.message("en"))

    def __reduce__(self) -> tuple[Callable[[type[ProsvetError], dict[str, object]], ProsvetError], tuple[object, ...]]:
        """So that it can travel between processes."""
        return _again, (type(self), self.details)

    def message(self, lang: Lang) -> str:
        """What happened, in `lang`."""
        return text(f"errors.{self.code}.message", lang, **self._words(lang))

    def hint(self, lang: Lang) -> str:
        """What the user can do about it, in `lang`."""
        return text(f"errors.{self.code}.hint", lang, **self._words(lang))

    def _words(self, lang: Lang) -> dict[str, object]:
        """The details, with ``kind`` and ``reason`` in words; a reason may have places of its own."""
        words = dict(self.details)
        for name, place in (("reason", self.reasons), ("kind", "kinds"), ("role", "roles")):
            known = catalogue(lang).get(f"{place}.{words.get(name)}")
            if known is not None:
                words[name] = known.format(**self.details)
        return words


def _again(kind: type[ProsvetError], details: dict[str, object]) -> ProsvetError:
    return kind(**details)


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


class ImageError(ProsvetError):
    """A file that cannot be read as a chest X-ray."""

    http_status = 422
    exit_code = 2


class NotAnImage(ImageError):
    """Details: name."""

    code = "not_an_image"


class TruncatedFile(ImageError):
    """Details: name."""

    code = "truncated_file"


class UnsupportedFile(ImageError):
    """Details: name, reason."""

    code = "unsupported_file"


class DecompressionBomb(ImageError):
    """Details: name, pixels, limit."""

    code = "decompression_bomb"


class OversizedFile(DecompressionBomb):
    """More bytes than are accepted, as they lie or inflated. Details: name, size, limit (bytes)."""

    code = "oversized_file"


class BadZip(ImageError):
    """A ZIP archive that is not opened. Details: name, reason (under ``zip_reasons``), and what it names."""

    code = "bad_zip"
    reasons = "zip_reasons"


class TooSmall(ImageError):
    """Details: name, width, height, least."""

    code = "too_small"


class ColourPhotograph(ImageError):
    """Details: name."""

    code = "colour_photograph"


class NotChestXray(ImageError):
    """Details: name, probability (0..1 that it is a chest X-ray)."""

    code = "not_chest_xray"


class NotFrontal(ImageError):
    """Details: name, probability (0..1 that it is a lateral view)."""

    code = "not_frontal"


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


class ModelError(ProsvetError):
    """Details: name, reason."""

    code = "model_error"
    exit_code = 5


class ModelNotFound(ModelError):
    """Details: name, known."""

    code = "model_not_found"
    http_status = 404


class ModelHashMismatch(ModelError):
    """Details: name, file, expected, found."""

    code = "model_hash_mismatch"


class CardRefused(ModelError):
    """A model's card that is not taken in. Details: name, reason (under ``card_reasons``), facts."""

    code = "card_refused"
    http_status = 422
    exit_code = 2
    reasons = "card_reasons"


class VlmError(ModelError):
    """A vision-language model gives no answer. Details: name, reason (under ``vlm_reasons``), facts."""

    code = "vlm_error"
    http_status = 502
    reasons = "vlm_reasons"


class VlmUnreachable(VlmError):
    """The server of a model does not answer. Details: name, address, reason."""

    code = "vlm_unreachable"
    http_status = 503


class VlmTimeout(VlmError):
    """Details: name, seconds."""

    code = "vlm_timeout"
    http_status = 504


class VlmAnswerInvalid(VlmError):
    """The answer is not in the form that was asked for. Details: name, reason."""

    code = "vlm_answer_invalid"


class VlmRefused(VlmError):
    """Something that must be allowed expressly. Details: name, reason (under ``vlm_reasons``), word, address."""

    code = "vlm_refused"
    http_status = 403
    exit_code = 2


class DeploymentError(ModelError):
    """What a site reads with cannot be changed or read. Details: reason (under ``deployment_reasons``), facts."""

    code = "deployment_error"
    http_status = 409
    reasons = "deployment_reasons"


class SiteError(ProsvetError):
    """A step of a site's adaptation that refuses. Details: reason (under ``site_reasons``), and what it names."""

    code = "site_error"
    http_status = 422
    exit_code = 2
    reasons = "site_reasons"


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


class JobRefused(ProsvetError):
    """What cannot be done with a job in its state. Details: id, state, reason (under ``job_reasons``)."""

    code = "job_refused"
    http_status = 409
    exit_code = 2
    reasons = "job_reasons"


class DiskFull(ArchiveError):
    """Details: path."""

    code = "disk_full"
    http_status = 507


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


class SynthesisError(ProsvetError):
    """A picture that was not made. Details: reason (under ``synthesis_reasons``), and what it names."""

    code = "synthesis_error"
    http_status = 422
    exit_code = 2
    reasons = "synthesis_reasons"


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


class ReaderStudyError(ProsvetError):
    """A reader study that refuses. Details: name, reason."""

    code = "reader_study_error"
    http_status = 409
    exit_code = 2
    reasons = "reader_study_reasons"


class ProtocolError(ProsvetError):
    """A step that a protocol refuses. Details: name (of the study), reason."""

    code = "protocol_error"
    http_status = 409
    exit_code = 2
    reasons = "protocol_reasons"


class ProtocolConflict(ProtocolError):
    """A draft that somebody else saved meanwhile. Details: name (of whoever did)."""

    code = "protocol_conflict"


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


class AccessError(ProsvetError):
    """A request that is not let in."""

    code = "access_refused"
    http_status = 403
    exit_code = 2


class NotSignedIn(AccessError):
    """Nobody has signed in, or the session or token has ended. No details."""

    code = "not_signed_in"
    http_status = 401


class SignInRefused(AccessError):
    """Wrong name or password, or a closed account: which of them is not told. No details."""

    code = "sign_in_refused"
    http_status = 401


class TooManyAttempts(AccessError):
    """Sign-in is closed for a while. Details: minutes."""

    code = "too_many_attempts"
    http_status = 429


class ForgedRequest(AccessError):
    """A change asked for by something other than a page of ours. No details."""

    code = "forged_request"


class ScopeMissing(AccessError):
    """A token that is not for this. Details: scope."""

    code = "scope_missing"


class WrongHost(AccessError):
    """An address in the request that is not this computer's own. Details: host."""

    code = "wrong_host"
    http_status = 400


class InsecureConnection(AccessError):
    """A password over an open connection. No details."""

    code = "insecure_connection"


class BodyTooLarge(AccessError):
    """A request's body above the limit. Details: megabytes (the limit)."""

    code = "body_too_large"
    http_status = 413


class Busy(AccessError):
    """Too many uploads at once. No details."""

    code = "busy"
    http_status = 503


class AccountsNeeded(AccessError):
    """An address that others can reach, and nobody who may manage accounts. Details: host."""

    code = "accounts_needed"


class AccountRefused(AccessError):
    """A change of an account that cannot be. Details: name, reason (a key under ``account_reasons``)."""

    code = "account_refused"
    http_status = 409
    reasons = "account_reasons"


def plain_details(error: ProsvetError) -> dict[str, str | int | float | bool]:
    """The facts of `error` that go into JSON: those that are plain values."""
    return {key: value for key, value in error.details.items() if isinstance(value, str | int | float | bool)}


def by_code() -> dict[str, type[ProsvetError]]:
    """Every error class under its code, in the order of the codes."""

    def below(kind: type[ProsvetError]) -> list[type[ProsvetError]]:
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    return {kind.code: kind for kind in sorted(below(ProsvetError), key=lambda kind: kind.code) if kind is not Retold}


class Retold(ProsvetError):
    """An error that travelled as a row's words, raised again: it says what the row said."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        kind = by_code().get(code, ProsvetError)
        self.code, self.http_status, self.exit_code = code, kind.http_status, kind.exit_code  # type: ignore[misc]
        self._told = {"message": message, "hint": hint}
        super().__init__()

    def message(self, lang: Lang) -> str:
        """The row's message, in the language it was written in."""
        return self._told["message"]

    def hint(self, lang: Lang) -> str:
        """The row's hint, in the language it was written in."""
        return self._told["hint"]
