"""`prosvet export sr|text_sr|seg|sc|pdf`: a study's results as DICOM objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.exported import exported
from prosvet.app.cli.session import Answer, Session
from prosvet.core.i18n import Lang

if TYPE_CHECKING:
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
    return exported(run(request, session.context), out, session)
