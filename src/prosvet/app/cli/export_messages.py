"""`prosvet export fhir|hl7`: a study's results for systems that speak no DICOM."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prosvet.app.cli.exported import exported
from prosvet.app.cli.session import Answer, Session
from prosvet.core.i18n import Lang

__all__ = ["fhir", "hl7"]

_Study = Annotated[str, typer.Argument(metavar="STUDY", show_default=False)]
_Out = Annotated[Path | None, typer.Option("--out", metavar="FILE|DIR", show_default=False)]
_In = Annotated[Lang | None, typer.Option("--in", show_default=False)]
_Push = Annotated[bool, typer.Option("--push")]


def fhir(
    session: Session,
    study: _Study,
    out: _Out = None,
    version: Annotated[str | None, typer.Option("--version", metavar="R4|R5", show_default=False)] = None,
    language: _In = None,
    push: _Push = False,
) -> Answer:
    """A bundle: DiagnosticReport, Observations, ImagingStudy, Provenance."""
    from prosvet.core.optional import require

    require("fhir.resources", "hospital")
    from prosvet.hospital.fhir.api import FhirRequest, run

    request = session.request(FhirRequest, study=study, version=version, lang=language, push=push)
    result = run(request, session.context)
    return exported(result, out, session, pushed=result.pushed if push else None)


def hl7(
    session: Session,
    study: _Study,
    out: _Out = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="UNICODE UTF-8|8859/5", show_default=False)
    ] = None,
    language: _In = None,
    push: _Push = False,
) -> Answer:
    """A message, ORU^R01."""
    from prosvet.core.optional import require

    require("hl7apy", "hospital")
    from prosvet.hospital.hl7.api import Hl7Request, run

    request = session.request(Hl7Request, study=study, encoding=encoding, lang=language, push=push)
    result = run(request, session.context)
    return exported(result, out, session, pushed="taken" if push else None)
