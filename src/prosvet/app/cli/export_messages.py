"""`prosvet export fhir|hl7`: a study's results for systems that speak no DICOM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.i18n import Lang

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.hospital.fhir.api import FhirResult
    from prosvet.hospital.hl7.api import Hl7Result

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
    return _answer(result, out, result.pushed if push else None, session)


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
    return _answer(result, out, "taken" if push else None, session)


def _answer(result: FhirResult | Hl7Result, out: Path | None, pushed: str | None, session: Session) -> Answer:
    """What was sent is written to a file only where one is named: it names the patient."""
    path = None
    if out is not None or pushed is None:
        path = Path(result.file) if out is None else out / result.file if out.is_dir() else out
        path.write_bytes(result.data)
    made = {**result.model_dump(mode="json"), "file": str(path) if path else None}

    def show(console: Console) -> None:
        if path is not None:
            words = session.say(f"cli.export.{result.basis}", file=path, bytes=result.size)
            console.print(words, markup=False, soft_wrap=True)
        if pushed is not None:
            console.print(session.say(f"cli.export.pushed.{pushed}"), markup=False, soft_wrap=True)
        if not result.identified:
            console.print(session.say("cli.export.pseudonyms"), style="yellow", markup=False, soft_wrap=True)

    return Answer(made, show)
