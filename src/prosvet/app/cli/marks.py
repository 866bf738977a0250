"""`prosvet marks queue|list|export|import`: films to mark, and marks in other tools' formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.training.queue.api import MarksResult

__all__ = ["export", "import_", "list_", "queue"]

_Format = Annotated[Literal["label-studio", "coco", "csv"], typer.Option("--format")]


def queue(
    session: Session,
    n: Annotated[int, typer.Option("--n", min=1, max=10_000)] = 50,
    random: Annotated[float, typer.Option("--random", min=0.0, max=1.0)] = 0.2,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
) -> Answer:
    """Choose films."""
    result = _run(session, action="queue", n=n, random_share=random, seed=seed)
    return Answer(result, lambda console: _show_draw(result, session, console))


def list_(
    session: Session,
    state: Annotated[Literal["waiting", "mine", "marked", "skipped", "all"], typer.Option("--state")] = "waiting",
    kind: Annotated[str | None, typer.Option("--kind", metavar="REASON", show_default=False)] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 20,
) -> Answer:
    """The queue."""
    result = _run(session, action="list", state=state, kind=kind, limit=limit)
    return Answer(result, lambda console: _show_rows(result, session, console))


def export(
    session: Session,
    format_: _Format = "csv",
    which: Annotated[Literal["marked", "waiting", "all"], typer.Option("--which")] = "marked",
    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", file_okay=False, show_default=False)] = None,
    films: Annotated[bool, typer.Option("--films")] = False,
) -> Answer:
    """Marks as a file, on the screen or in a folder."""
    result = _run(session, action="export", format=format_, which=which, folder=out, pictures=films)
    return Answer(result.file, lambda console: _show_file(result, out, session, console))


def import_(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    format_: _Format = "csv",
) -> Answer:
    """All of the file or nothing."""
    done = _run(session, action="import", file=file, format=format_).imported
    words = session.say("marks.imported", **done.model_dump()) if done is not None else ""
    return Answer(done, lambda console: console.print(words, markup=False))


def _run(session: Session, **values: object) -> MarksResult:
    from prosvet.training.queue.api import MarksRequest, run

    return run(session.request(MarksRequest, **values), session.context)


def _show_draw(result: MarksResult, session: Session, console: Console) -> None:
    if result.queue is not None:
        draw = next(one for one in result.queue.draws if one.id == result.draw)
        words = session.say(
            "cli.marks.queue.done", draw=draw.id, drawn=draw.drawn, random=draw.random, eligible=draw.eligible
        )
        console.print(words, markup=False)
        _show_kinds(result, session, console)


def _show_kinds(result: MarksResult, session: Session, console: Console) -> None:
    from prosvet.training.queue.words import kind_words

    progress = result.queue.progress if result.queue is not None else None
    if progress is None:
        return
    kinds = (f"{kind_words(kind, session.lang)} {done}/{all_}" for kind, (done, all_) in progress.by_kind.items())
    done = session.say("marks.done_of", marked=progress.marked, total=progress.total)
    left = session.say("marks.left", waiting=progress.waiting, skipped=progress.skipped)
    console.print(f"{done}; {left}. " + ", ".join(kinds), style="dim", markup=False)


def _show_rows(result: MarksResult, session: Session, console: Console) -> None:
    from rich.table import Table

    from prosvet.training.queue.words import detail_words, kind_words

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("case", "study", "why", "state"):
        table.add_column(session.say(f"cli.marks.columns.{column}"), header_style="dim", no_wrap=column == "study")
    for row in result.queue.rows if result.queue is not None else ():
        said = [(kind_words(why.kind, session.lang), detail_words(why, session.lang)) for why in row.why]
        why = "; ".join(f"{kind}: {detail}" if detail else kind for kind, detail in said)
        state = session.say(f"marks.row_states.{row.state}")
        table.add_row(str(row.case), row.study, why or kind_words("blind", session.lang), state)
    console.print(table)
    _show_kinds(result, session, console)
    _show_errors(result, session, console)


def _show_errors(result: MarksResult, session: Session, console: Console) -> None:
    wrong = result.errors.wrong if result.errors is not None else None
    if wrong is None or wrong.value is None or wrong.low is None or wrong.high is None:
        return
    shares = {name: f"{getattr(wrong, name):.0%}" for name in ("value", "low", "high")}
    console.print(session.say("cli.marks.list.errors", k=wrong.k, n=wrong.n, **shares), markup=False)


def _show_file(result: MarksResult, out: Path | None, session: Session, console: Console) -> None:
    made = result.file
    if made is None:
        return
    if out is None:
        console.out(made.text, end="", highlight=False)
        return
    words = session.say(
        "cli.marks.export.done", name=made.name, films=made.films, marks=made.marks, pictures=made.pictures
    )
    console.print(words, markup=False)
