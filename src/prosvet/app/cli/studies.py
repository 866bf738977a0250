"""`prosvet studies list|show|erase`: what the archive holds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.archive.studies_api import StudiesResult, StudyView

__all__ = ["erase", "list_", "show"]

_ON_SCREEN = 50
_AT_ONCE = 10_000


def list_(
    session: Session,
    where: Annotated[str, typer.Option("--where", metavar="TEXT", show_default=False)] = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1)] = None,
    offset: Annotated[int, typer.Option("--offset", min=0)] = 0,
) -> Answer:
    """All that match with ``--json``; the first fifty on the screen, unless a limit is given."""
    from prosvet.archive.studies_api import StudiesRequest, run
    from prosvet.search.where import parse_where

    wanted = limit or (None if session.json else _ON_SCREEN)
    filters, found, total = parse_where(where), list["StudyView"](), 0
    while wanted is None or len(found) < wanted:
        page = min(_AT_ONCE, wanted - len(found)) if wanted else _AT_ONCE
        request = session.request(
            StudiesRequest, action="list", filters=filters, limit=page, offset=offset + len(found)
        )  # fmt: skip
        result = run(request, session.context)
        found, total = [*found, *result.studies], result.total
        if len(result.studies) < page:
            break
    body = {"action": "list", "total": total, "studies": found}
    return Answer(body, lambda console: _rows(found, total, session, console))


def show(session: Session, study: Annotated[str, typer.Argument(metavar="STUDY", show_default=False)]) -> Answer:
    """One study: whose, when, its files, findings and reports."""
    result = _one(session, "show", study)
    return Answer(result.studies[0], lambda console: _study(result.studies[0], session, console))


def erase(
    session: Session,
    study: Annotated[str, typer.Argument(metavar="STUDY", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", "-y")] = False,
) -> Answer:
    """Asks first when a person sits at the terminal."""
    if not yes and not session.json and sys.stdin.isatty() and sys.stdout.isatty():
        typer.confirm(session.say("cli.studies.erase.sure", study=study), abort=True)
    result = _one(session, "erase", study)
    words = session.say("cli.studies.erase.done", study=study, images=result.studies[0].images)
    return Answer(result.studies[0], lambda console: console.print(words, markup=False))


def _one(session: Session, action: str, study: str) -> StudiesResult:
    from prosvet.archive.studies_api import StudiesRequest, run

    return run(session.request(StudiesRequest, action=action, study=study), session.context)


def _rows(studies: list[StudyView], total: int, session: Session, console: Console) -> None:
    from rich.table import Table

    from prosvet.app.cli.words import concept_name

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("study", "sex", "age", "date", "source", "files", "concepts"):
        table.add_column(session.say(f"cli.studies.columns.{column}"), header_style="dim", no_wrap=column == "study")
    for study in studies:
        age = "" if study.age is None else f"{study.age:g}"
        files = ", ".join(study.files[:3]) + (" …" if len(study.files) > 3 else "")
        names = ", ".join(concept_name(concept, session.lang) for concept in study.concepts)
        table.add_row(study.id, study.sex or "", age, str(study.date or ""), study.source, files, names)
    console.print(table)
    console.print(session.say("cli.studies.count", shown=len(studies), total=total), style="dim", markup=False)


def _study(study: StudyView, session: Session, console: Console) -> None:
    from prosvet.app.cli.words import concept_name, place

    _rows([study], 1, session, console)
    for finding in study.findings:
        chance = "" if finding.probability is None else f" {finding.probability:.0%}"
        where = place(finding.side, finding.zone, session)
        words = (
            f"  {concept_name(finding.concept, session.lang)}: {session.say(f'cli.statuses.{finding.status.value}')}"
        )
        console.print(f"{words}{chance}{f', {where}' if where else ''} ({finding.origin})", markup=False)
    for report in study.texts:
        for part in (report.indication, report.findings, report.impression):
            if part:
                console.print(f"\n{part}", markup=False)
