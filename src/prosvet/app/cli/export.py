"""`prosvet export sr|text_sr|seg|sc|pdf`: a study's results as DICOM objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.i18n import Lang

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.hospital.objects.api import ResultsResult
    from prosvet.hospital.objects.kinds import Kind

__all__ = ["pdf", "sc", "seg", "sr", "text_sr"]

_Study = Annotated[str, typer.Argument(metavar="STUDY", show_default=False)]
_Out = Annotated[Path | None, typer.Option("--out", metavar="FILE|DIR", show_default=False)]
_In = Annotated[Lang | None, typer.Option("--in", show_default=False)]
_Old = Annotated[bool, typer.Option("--iso-ir-144")]


def sr(session: Session, study: _Study, out: _Out = None, language: _In = None, old: _Old = False) -> Answer:
    """Comprehensive SR: coded findings and measurements."""
    return _export(session, "sr", study, out, language, old)


def text_sr(session: Session, study: _Study, out: _Out = None, language: _In = None, old: _Old = False) -> Answer:
    """Basic Text SR: the protocol's words."""
    return _export(session, "text_sr", study, out, language, old)


def seg(session: Session, study: _Study, out: _Out = None, language: _In = None, old: _Old = False) -> Answer:
    """Segmentation: lungs, heart, areas of findings."""
    return _export(session, "seg", study, out, language, old)


def sc(session: Session, study: _Study, out: _Out = None, language: _In = None, old: _Old = False) -> Answer:
    """Secondary Capture: the film with everything drawn into it."""
    return _export(session, "sc", study, out, language, old)


def pdf(session: Session, study: _Study, out: _Out = None, language: _In = None, old: _Old = False) -> Answer:
    """Encapsulated PDF of the report."""
    return _export(session, "pdf", study, out, language, old)


def _export(session: Session, kind: Kind, study: str, out: Path | None, lang: Lang | None, old: bool) -> Answer:
    from prosvet.core.optional import require

    require("highdicom", "hospital")
    from prosvet.hospital.objects.api import ResultsRequest, run

    charset = "ISO_IR 144" if old else "ISO_IR 192"
    request = session.request(ResultsRequest, study=study, kind=kind, lang=lang, charset=charset)
    result = run(request, session.context)
    path = Path(result.file) if out is None else out / result.file if out.is_dir() else out
    path.write_bytes(result.data)
    return Answer({**result.model_dump(mode="json"), "file": str(path)}, lambda c: _show(result, path, session, c))


def _show(result: ResultsResult, path: Path, session: Session, console: Console) -> None:
    words = session.say(f"cli.export.{result.basis}", file=path, bytes=result.size)
    console.print(words, markup=False, soft_wrap=True)
    if not result.identified:
        console.print(session.say("cli.export.pseudonyms"), style="yellow", markup=False, soft_wrap=True)
