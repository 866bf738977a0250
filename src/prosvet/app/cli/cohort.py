"""`prosvet cohort save|list|show|export|delete`: named sets of studies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.clock import local

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from prosvet.search.cohorts.shapes import CohortFile, CohortMember, CohortResult, CohortView

__all__ = ["delete", "export", "list_", "save", "show"]


def save(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    query: Annotated[str | None, typer.Argument(metavar="TEXT", show_default=False)] = None,
    where: Annotated[str, typer.Option("--where", metavar="TEXT", show_default=False)] = "",
    top: Annotated[int | None, typer.Option("--top", min=1, max=1000)] = None,
    study: Annotated[list[str] | None, typer.Option("--study", metavar="STUDY", show_default=False)] = None,
) -> Answer:
    """All studies that meet the query, the best so many, or the named ones."""
    from prosvet.search.api import SearchRequest

    search = None
    if not study:
        search = session.request(SearchRequest, text=query, where=where, k=top or 10, lang=session.lang)
    how = "top" if top else "all"
    result = _run(session, action="save", name=name, search=search, how=how, studies=tuple(study or ()))
    kept = result.cohorts[0]
    words = session.say("cli.cohort.save.done", name=kept.name, id=kept.id, size=kept.size)
    return Answer(kept, lambda console: console.print(words, markup=False))


def list_(session: Session) -> Answer:
    """One's own; a senior sees everybody's."""
    result = _run(session, action="list")
    return Answer(result.cohorts, lambda console: _cohorts(result.cohorts, session, console))


def show(
    session: Session,
    cohort: Annotated[str, typer.Argument(metavar="COHORT", show_default=False)],
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 50,
    offset: Annotated[int, typer.Option("--offset", min=0)] = 0,
) -> Answer:
    """Its question and its studies."""
    result = _run(session, action="show", cohort=cohort, limit=limit, offset=offset)
    return Answer(result, lambda console: _members(result, session, console))


def export(
    session: Session,
    cohort: Annotated[str, typer.Argument(metavar="COHORT", show_default=False)],
    format_: Annotated[Literal["csv", "manifest", "dicom"], typer.Option("--format")] = "csv",
    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", file_okay=False)] = None,
) -> Answer:
    """On the screen, or into a folder; a manifest takes its films there too."""
    result = _run(session, action="export", cohort=cohort, format=format_, folder=out)
    return Answer(result, lambda console: _file(result.file, out, session, console))


def delete(
    session: Session,
    cohort: Annotated[str, typer.Argument(metavar="COHORT", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", "-y")] = False,
) -> Answer:
    """Asks first when a person sits at the terminal; the studies stay in the archive."""
    if not yes and not session.json and sys.stdin.isatty() and sys.stdout.isatty():
        typer.confirm(session.say("cli.cohort.delete.sure", name=cohort), abort=True)
    result = _run(session, action="delete", cohort=cohort)
    words = session.say("cli.cohort.delete.done", name=result.cohorts[0].name)
    return Answer(result.cohorts[0], lambda console: console.print(words, markup=False))


def _run(session: Session, **values: object) -> CohortResult:
    from prosvet.search.cohorts.api import CohortRequest, run

    return run(session.request(CohortRequest, **values), session.context)


def _cohorts(cohorts: Sequence[CohortView], session: Session, console: Console) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("id", "name", "size", "owner", "created", "question"):
        table.add_column(session.say(f"cli.cohort.columns.{column}"), header_style="dim")
    for cohort in cohorts:
        created = local(cohort.created).strftime("%d.%m.%Y" if session.lang == "ru" else "%Y-%m-%d")
        table.add_row(str(cohort.id), cohort.name, str(cohort.size), cohort.owner, created, cohort.origin.text)
    console.print(table)


def _members(result: CohortResult, session: Session, console: Console) -> None:
    from rich.table import Table

    _cohorts(result.cohorts, session, console)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("study", "sex", "age", "date", "source", "files", "concepts"):
        table.add_column(session.say(f"cli.studies.columns.{column}"), header_style="dim", no_wrap=column == "study")
    for member in result.studies:
        table.add_row(*_cells(member, session))
    console.print(table)
    words = session.say("cli.studies.count", shown=len(result.studies), total=result.total)
    console.print(words, style="dim", markup=False)


def _cells(member: CohortMember, session: Session) -> tuple[str, ...]:
    from prosvet.app.cli.words import concept_name

    age = "" if member.age is None else f"{member.age:g}"
    names = ", ".join(concept_name(concept, session.lang) for concept in member.concepts)
    files = ", ".join(member.files[:3]) + (" …" if len(member.files) > 3 else "")
    return member.study, member.sex or "", age, str(member.date or ""), member.source, files, names


def _file(file: CohortFile | None, out: Path | None, session: Session, console: Console) -> None:
    if file is None:
        return
    if out is None:
        console.out(file.text, end="", highlight=False)
    else:
        words = session.say("cli.cohort.export.done", file=out / file.name, rows=file.rows)
        console.print(words, markup=False)
    if file.left_out:
        words = session.say("cli.cohort.export.left_out", count=len(file.left_out))
        console.print(words, style="yellow", markup=False)
