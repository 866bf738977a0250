"""The capability `fhir.hl7`: what was read or signed of a stored study, as an HL7 v2 message, returned or sent."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import InvalidSettings
from prosvet.core.i18n import Lang
from prosvet.core.types import Frozen
from prosvet.hospital.config import FILE, Hl7, load_config
from prosvet.hospital.hl7.message import oru
from prosvet.hospital.objects.export import Export
from prosvet.hospital.objects.study_results import study_results
from prosvet.hospital.peers import mllp

__all__ = ["Hl7Request", "Hl7Result", "run"]

Encoding = Literal["UNICODE UTF-8", "8859/5"]


class Hl7Request(Frozen):
    """Which study, in which encoding, and whether it goes to the receiver."""

    study: str = Field(min_length=1, max_length=200, description="Id of the study.")
    encoding: Encoding | None = Field(default=None, description="By default the configured receiver's, else UTF-8.")
    lang: Lang | None = Field(default=None, description="Of an unsigned result; a signed one speaks its own.")
    push: bool = Field(default=False, description="Send it to the receiver of hospital.toml.")


class Hl7Result(Export):
    """One message, without the frame of MLLP.

    Attributes
    ----------
    acknowledged : str or None
        ``AA`` or ``CA`` of the receiver; None when it was not sent.
    """

    encoding: Encoding
    acknowledged: str | None

    @property
    def file(self) -> str:
        """A name for it that tells nothing of the patient."""
        return f"{self.study}.hl7"


def run(request: Hl7Request, context: Context) -> Hl7Result:
    """Make the message of one study, and send it where that is asked for.

    Raises
    ------
    NotFound, Forbidden, ResultError, ImageError
        As for DICOM results.
    InvalidSettings
        When it is to be sent and ``[hl7]`` is not there.
    PeerUnreachable, PeerError
        When the receiver does not take it.
    """
    configured = load_config(context).hl7
    if request.push and configured is None:
        raise InvalidSettings(name=FILE, reason="[hl7] is needed")
    config = configured or Hl7(host="localhost", port=2575)  # the names in the header are all that is used of it
    if request.encoding is not None:
        config = config.model_copy(update={"encoding": request.encoding})
    found = study_results(request.study, request.lang, context)
    data = oru(found.sources.headers, found.results, at=found.at, config=config, made_of=found.made_of)
    code = None
    if request.push:
        found.ensure_named()
        code = mllp.send(data, config).code
    AuditLog.from_context(context).write(
        "export_hl7", study=request.study, basis=found.basis, identified=found.sources.identified,
        acknowledged=code or "",
    )  # fmt: skip
    return Hl7Result.of(found, data, encoding=config.encoding, acknowledged=code)
