"""`prosvet retrospective run|list|judge|export|tally`: the current model over the archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.evaluation.second_opinions.tally_api import TallyResult
    from prosvet.reading.retrospective.api import RetrospectiveResult
    from prosvet.reading.retrospective.lists import RunView

__all__ = ["export", "judge", "list_", "run_", "tally"]

_Number = Annotated[int | None, typer.Option("--run", min=1, show_default=False)]


def run_(
    session: Session,
    where: Annotated[str, typer.Option("--where", metavar="TEXT", show_default=False)] = "",
    number: _Number = None,
) -> Answer:
    """Begin a run, or go on with one that was stopped."""
    from prosvet.reading.retrospective.api import RetrospectiveRequest, run
    from prosvet.search.where import parse_where

    request = session.request(RetrospectiveRequest, action="run", filters=parse_where(where), number=number)
    result = run(request, session.context).run
    return Answer(result, lambda console: _show_run(result, session, console) if result else None)


def list_(
    session: Session,
    number: _Number = None,
    only: Annotated[Literal["open", "judged", "all"], typer.Option("--only")] = "all",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 20,
) -> Answer:
    """The ranked list."""
    from prosvet.reading.retrospective.api import RetrospectiveRequest, run

    request = session.request(RetrospectiveRequest, action="list", number=number, only=only, limit=limit)
    result = run(request, session.context)
    return Answer(result, lambda console: _show_rows(result, session, console))


def judge(
    session: Session,
    study: Annotated[str, typer.Argument(metavar="STUDY", show_default=False)],
    verdict: Annotated[Literal["missed", "model_wrong", "unclear"], typer.Argument(show_default=False)],
    comment: Annotated[str, typer.Option("--comment", metavar="TEXT", show_default=False)] = "",
    number: _Number = None,
) -> Answer:
    """Say who was right."""
    from prosvet.reading.retrospective.api import RetrospectiveRequest, run

    request = session.request(
        RetrospectiveRequest, action="judge", number=number, study=study, verdict=verdict, comment=comment
    )  # fmt: skip
    result = run(request, session.context)
    words = f"{study}: {session.say(f'retro.verdict.{verdict}')}"
    return Answer(result, lambda console: console.print(words, markup=False))


def export(
    session: Session,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", show_default=False)],
    number: _Number = None,
) -> Answer:
    """A line for each disagreement."""
    from prosvet.reading.retrospective.api import RetrospectiveRequest, run

    result = run(session.request(RetrospectiveRequest, action="export", number=number), session.context)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(result.csv or "", encoding="utf-8")
    words = session.say("cli.retrospective.exported", name=out.name)
    return Answer({"run": result.run, "out": out.name}, lambda console: console.print(words, markup=False))


def tally(session: Session, number: _Number = None) -> Answer:
    """Verdicts with Wilson's intervals."""
    from prosvet.evaluation.second_opinions.tally_api import TallyRequest, run

    result = run(session.request(TallyRequest, number=number), session.context)
    return Answer(result, lambda console: _show_tally(result, session, console))


def _show_run(run: RunView, session: Session, console: Console) -> None:
    words = session.say(
        "cli.retrospective.summary", id=run.id, model=run.model, done=run.done, wanted=run.wanted,
        differing=run.differing, failed=run.failed,
    )  # fmt: skip
    console.print(words, markup=False)


def _show_rows(result: RetrospectiveResult, session: Session, console: Console) -> None:
    from rich.table import Table

    from prosvet.app.cli.words import concept_name

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("place", "study", "disagreement", "kind", "probability", "source", "score", "verdict"):
        table.add_column(session.say(f"retro.columns.{column}"), header_style="dim", no_wrap=column == "study")
    for row in result.page.rows if result.page else ():
        worst = row.disagreements[0]
        table.add_row(
            str(row.place), row.study, concept_name(worst.concept, session.lang),
            session.say(f"retro.kinds.{worst.kind}"), f"{worst.probability:.2f}",
            session.say(f"retro.sources.{worst.source}"), f"{row.rank:.3f}",
            session.say(f"retro.verdict.{row.verdict}") if row.verdict else "",
        )  # fmt: skip
    console.print(table)
    if result.run is not None:
        _show_run(result.run, session, console)


def _show_tally(result: TallyResult, session: Session, console: Console) -> None:
    if not result.judged:
        console.print(session.say("retro.tally_none"), markup=False)
        return
    for one in result.shares:
        words = session.say(
            "retro.tally_of", k=one.k, n=one.n, share=f"{one.share or 0:.0%}", low=f"{one.low or 0:.0%}",
            high=f"{one.high or 0:.0%}",
        )  # fmt: skip
        console.print(f"{session.say(f'retro.verdict.{one.verdict}')}: {words}", markup=False)
