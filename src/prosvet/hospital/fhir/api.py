"""The capability `fhir`: what was read or signed of a stored study as FHIR, returned or sent to a server."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import InvalidSettings
from prosvet.core.i18n import Lang
from prosvet.core.types import Frozen
from prosvet.hospital.config import FILE, load_config
from prosvet.hospital.fhir.making import bundle, write
from prosvet.hospital.fhir.scene import Version
from prosvet.hospital.objects.export import Export
from prosvet.hospital.objects.study_results import study_results

__all__ = ["FhirRequest", "FhirResult", "run"]


class FhirRequest(Frozen):
    """Which study, in which version, and whether it goes to the server."""

    study: str = Field(min_length=1, max_length=200, description="Id of the study.")
    version: Version | None = Field(default=None, description="By default the configured server's, else R4.")
    lang: Lang | None = Field(default=None, description="Of an unsigned result; a signed one speaks its own.")
    push: bool = Field(default=False, description="Send it to the server of hospital.toml.")


class FhirResult(Export):
    """One bundle.

    Attributes
    ----------
    pushed : {"no", "taken", "newer_there"}
        What became of it on the server.
    """

    version: Version
    pushed: Literal["no", "taken", "newer_there"]

    @property
    def file(self) -> str:
        """A name for it that tells nothing of the patient."""
        return f"{self.study}-fhir.json"


def run(request: FhirRequest, context: Context) -> FhirResult:
    """Make the bundle of one study, and send it where that is asked for.

    Raises
    ------
    NotFound, Forbidden, ResultError, ImageError
        As for DICOM results.
    InvalidSettings
        When it is to be sent and ``[fhir]`` is not there.
    PeerUnreachable, PeerError
        When the server does not take it.
    """
    config = load_config(context).fhir
    if request.push and config is None:
        raise InvalidSettings(name=FILE, reason="[fhir] is needed")
    version: Version = request.version or (config.version if config is not None else "R4")
    found = study_results(request.study, request.lang, context)
    data = write(bundle(found.sources.headers, found.results, at=found.at, version=version))
    pushed: Literal["no", "taken", "newer_there"] = "no"
    if request.push and config is not None:
        found.ensure_named()
        from prosvet.hospital.peers.fhir import push  # its library comes with the extra

        pushed = "newer_there" if push(data, config).newer else "taken"
    AuditLog.from_context(context).write(
        "export_fhir", study=request.study, basis=found.basis, identified=found.sources.identified, pushed=pushed
    )
    return FhirResult.of(found, data, version=version, pushed=pushed)
