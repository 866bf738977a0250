"""The capability `results`: what was read or signed of a stored study, as a DICOM object of that study."""

from __future__ import annotations

from pydantic import Field

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.i18n import Lang
from prosvet.core.types import Frozen
from prosvet.hospital.objects.export import Export
from prosvet.hospital.objects.frame import write
from prosvet.hospital.objects.kinds import Charset, Kind
from prosvet.hospital.objects.making import make
from prosvet.hospital.objects.study_results import study_results

__all__ = ["ResultsRequest", "ResultsResult", "run"]


class ResultsRequest(Frozen):
    """Which result of which study."""

    study: str = Field(min_length=1, max_length=200, description="Id of the study.")
    kind: Kind = Field(description="sr, text_sr, seg, sc or pdf.")
    lang: Lang | None = Field(default=None, description="Of an unsigned result; a signed one speaks its own.")
    charset: Charset = Field(default="ISO_IR 192", description="UTF-8, or ISO_IR 144 for old viewers.")


class ResultsResult(Export):
    """One object."""

    kind: Kind
    sop_class: str
    sop_uid: str

    @property
    def file(self) -> str:
        """A name for it that tells nothing of the patient."""
        return f"{self.study}-{self.kind}.dcm"


def run(request: ResultsRequest, context: Context) -> ResultsResult:
    """Make one result.

    Raises
    ------
    NotFound, Forbidden, ResultError, ImageError
        As :func:`prosvet.hospital.objects.study_results.study_results`.
    """
    found = study_results(request.study, request.lang, context, kind=request.kind)
    dataset = make(
        request.kind, found.sources.headers, found.results, made_of=found.made_of, at=found.at, charset=request.charset
    )
    data = write(dataset)
    AuditLog.from_context(context).write(
        "export_result", study=request.study, kind=request.kind, basis=found.basis,
        identified=found.sources.identified,
    )  # fmt: skip
    uids = {"sop_class": str(dataset.SOPClassUID), "sop_uid": str(dataset.SOPInstanceUID)}
    return ResultsResult.of(found, data, kind=request.kind, **uids)
