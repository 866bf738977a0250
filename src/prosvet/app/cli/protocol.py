"""`prosvet protocol show|draft|sign|history`: the report of a study."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.clock import local
from prosvet.core.errors import InvalidRequest
from prosvet.core.i18n import Lang

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.reading.protocols.api import ProtocolResult
    from prosvet.reading.protocols.versions import Version

__all__ = ["draft", "history", "show", "sign"]

_Study = Annotated[str, typer.Argument(metavar="STUDY", show_default=False)]


def show(session: Session, study: _Study) -> Answer:
    """The text, who signed it, and its addenda."""
    return _answer(session, _run(session, action="show", study=study))


def draft(session: Session, study: _Study, language: Annotated[Lang | None, typer.Option("--in")] = None) -> Answer:
    """An existing report is shown as it is."""
    return _answer(session, _run(session, action="draft", study=study, lang=language or session.lang))


def sign(
    session: Session, study: _Study, reason: Annotated[list[str] | None, typer.Option("--reason")] = None
) -> Answer:
    """Signs what stands now; refused while errors stand without a reason."""
    reasons = {}
    for one in reason or []:
        rule, sign_, words = one.partition("=")
        if not sign_:
            raise InvalidRequest(name="--reason", reason="RULE=REASON")
        reasons[rule.strip()] = words.strip()
    base = _run(session, action="show", study=study).base
    return _answer(session, _run(session, action="sign", study=study, base=base, reasons=reasons))


def history(session: Session, study: _Study) -> Answer:
    """Every version, the latest first."""
    result = _run(session, action="history", study=study)
    return Answer(result, lambda console: _lines(result, session, console))


def _run(session: Session, **values: object) -> ProtocolResult:
    from prosvet.reading.protocols.api import ProtocolRequest, run

    return run(session.request(ProtocolRequest, **values), session.context)


def _answer(session: Session, result: ProtocolResult) -> Answer:
    return Answer(result, lambda console: _show(result, session, console))


def _show(result: ProtocolResult, session: Session, console: Console) -> None:
    version = result.protocol
    if version is None:
        console.print(session.say("cli.protocol.none", study=result.study), markup=False)
        return
    console.print(version.text, markup=False, soft_wrap=True)
    if version.state == "signed":
        words = session.say("cli.protocol.signed_by", author=version.author, time=_time(version), hash=version.sha256)
    else:
        words = session.say("cli.protocol.draft_of", number=version.number, author=_author(version.author, session))
    console.print(words, style="dim", markup=False, soft_wrap=True)
    if version.model:
        console.print(session.say("cli.protocol.model", model=version.model), style="dim", markup=False)
    for one in result.addenda:
        head = session.say("cli.protocol.addendum_by", number=one.number, author=one.author, time=_time(one))
        console.print(f"\n{head}", style="dim", markup=False)
        console.print(one.text, markup=False, soft_wrap=True)


def _lines(result: ProtocolResult, session: Session, console: Console) -> None:
    styles = {"added": "green", "removed": "red", "same": ""}
    for entry in result.history:
        state = session.say(f"cli.protocol.state.{entry.state}")
        time = _local(entry.signed or entry.saved)
        words = session.say(
            "cli.protocol.line", number=entry.number, state=state, author=_author(entry.author, session), time=time
        )
        console.print(words, style="bold", markup=False)
        if entry.intact is False:
            console.print(session.say("cli.protocol.broken"), style="bold red", markup=False)
        for piece in entry.changes:
            console.print(piece.text, style=styles[piece.kind], markup=False, end="", soft_wrap=True)
        console.print()


def _author(name: str, session: Session) -> str:
    return session.say("cli.protocol.program") if name == "program" else name


def _time(version: Version) -> str:
    return _local(version.signed or version.created)


def _local(moment: datetime) -> str:
    return f"{local(moment):%Y-%m-%d %H:%M}"
