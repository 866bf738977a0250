"""`prosvet double-reading list|record|resolve|agreement`: two blind opinions, and the third who resolves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.clock import local
from prosvet.core.errors import InvalidRecord, NotFound
from prosvet.core.i18n import numeral

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.core.context import Context
    from prosvet.evaluation.second_opinions.agreement_api import AgreementResult, Share
    from prosvet.reading.double.queues import Queues

__all__ = ["agreement", "list_", "record", "resolve"]

_Study = Annotated[str, typer.Argument(metavar="STUDY", show_default=False)]
_Reader = Annotated[str, typer.Option("--reader", metavar="NAME", show_default=False)]


def list_(
    session: Session,
    queue: Annotated[Literal["mine", "others", "disagreements", "finished"], typer.Option("--queue")] = "mine",
    reader: _Reader = "",
) -> Answer:
    """One queue, and how many stand in each."""
    from prosvet.reading.double.api import DoubleReadingRequest, run

    request = session.request(DoubleReadingRequest, action="list", queue=queue, limit=1000)
    found = run(request, _named(session, reader)).queues
    return Answer(found, lambda console: _show_queue(found, session, console) if found else None)


def record(
    session: Session,
    study: _Study,
    findings: Annotated[Path | None, typer.Option("--findings", metavar="FILE", show_default=False)] = None,
    reader: _Reader = "",
    send: Annotated[bool, typer.Option("--send")] = False,
    program: Annotated[bool, typer.Option("--program")] = False,
    sign: Annotated[bool, typer.Option("--sign")] = False,
) -> Answer:
    """Send it, begin it, keep what the file says, sign it: as far as asked."""
    from prosvet.reading.double.api import DoubleReadingRequest, run

    context = _named(session, reader)
    said = _json(findings) if findings is not None else None
    if send:
        second = "program" if program else "person"
        run(session.request(DoubleReadingRequest, action="send", studies=(study,), second=second), context)
    result = run(session.request(DoubleReadingRequest, action="show", study=study), context)
    if said is not None:
        run(session.request(DoubleReadingRequest, action="begin", study=study), context)
        result = run(session.request(DoubleReadingRequest, action="save", study=study, findings=said), context)
    if sign:
        result = run(session.request(DoubleReadingRequest, action="sign", study=study), context)
    state = result.reading.state if result.reading else "waiting"
    words = session.say(f"cli.double-reading.state.{state}")
    return Answer(result.reading, lambda console: console.print(f"{study}: {words}", markup=False))


def resolve(
    session: Session,
    study: _Study,
    decisions: Annotated[Path, typer.Option("--decisions", metavar="FILE", show_default=False)],
    reader: _Reader = "",
) -> Answer:
    """Decide every difference."""
    from prosvet.reading.double.api import DoubleReadingRequest, run

    request = session.request(DoubleReadingRequest, action="resolve", study=study, decisions=_json(decisions))
    result = run(request, _named(session, reader)).reading
    words = session.say("cli.double-reading.state.done")
    return Answer(result, lambda console: console.print(f"{study}: {words}", markup=False))


def agreement(
    session: Session,
    with_: Annotated[Literal["person", "program"], typer.Option("--with")] = "person",
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    resamples: Annotated[int, typer.Option("--resamples", min=100, max=100_000)] = 1000,
) -> Answer:
    """By finding: pairs, share of equal answers, kappa."""
    from prosvet.evaluation.second_opinions.agreement_api import AgreementRequest, run

    result = run(session.request(AgreementRequest, second=with_, seed=seed, resamples=resamples), session.context)
    return Answer(result, lambda console: _show_agreement(result, session, console))


def _named(session: Session, reader: str) -> Context:
    """On one's own computer whoever types says who reads; the name is taken on trust."""
    from prosvet.core.actor import Actor

    return session.context.child(actor=Actor(reader, "senior")) if reader else session.context


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise NotFound(kind="file", name=path.name)
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidRecord(name=path.name, line=1, reason=str(error)) from None
    if not isinstance(body, dict):
        raise InvalidRecord(name=path.name, line=1, reason="not_an_object")
    return body


def _show_queue(found: Queues, session: Session, console: Console) -> None:
    from rich.table import Table

    from prosvet.app.cli.words import concept_name

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("study", "sent", "second", "signed", "differences"):
        table.add_column(session.say(f"double.columns.{column}"), header_style="dim")
    for row in found.rows:
        names = ", ".join(concept_name(concept, session.lang) for concept in row.differences)
        second = session.say(f"double.second.{row.second}")
        signed = session.say("double.signed_of", n=row.signed)
        table.add_row(row.study, f"{local(row.sent):%Y-%m-%d}", second, signed, names)
    if found.rows:
        console.print(table)
    console.print(session.say("cli.double-reading.counts", **found.counts), style="dim", markup=False)


def _show_agreement(result: AgreementResult, session: Session, console: Console) -> None:
    from rich.table import Table

    from prosvet.app.cli.words import concept_name

    if not result.pairs:
        console.print(session.say("double.agreement.none"), markup=False)
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(session.say("double.finding"), header_style="dim")
    for column in ("n", "prevalence", "percent", "kappa"):
        table.add_column(session.say(f"double.agreement.{column}"), header_style="dim", justify="right")
    for row in result.findings:
        if row.n:
            figures = (_share(row.prevalence, session), _share(row.percent, session), _share(row.kappa, session))
            table.add_row(concept_name(row.concept, session.lang), str(row.n), *figures)
    console.print(table)


def _share(share: Share, session: Session) -> str:
    """``0.71 (0.42 to 0.90)``, or why there is none."""

    def number(value: float) -> str:
        return numeral(f"{value:.2f}", session.lang)

    if share.value is None:
        reason = session.say(f"double.agreement.reasons.{share.reason}")
        return session.say("double.agreement.undefined", reason=reason)
    if share.low is None or share.high is None:
        return number(share.value)
    bounds = session.say("double.agreement.interval", low=number(share.low), high=number(share.high))
    return f"{number(share.value)} ({bounds})"
