"""`prosvet search TEXT`: images and reports by words, by a film or by a report, each with its reasons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.search.api import Hit, SearchResult

__all__ = ["search", "show_hits"]


def search(
    session: Session,
    query: Annotated[str | None, typer.Argument(metavar="TEXT", show_default=False)] = None,
    image: Annotated[Path | None, typer.Option("--image", metavar="FILE", dir_okay=False)] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="FILE", dir_okay=False)] = None,
    in_: Annotated[Literal["images", "reports"] | None, typer.Option("--in")] = None,
    where: Annotated[str, typer.Option("--where", metavar="TEXT", show_default=False)] = "",
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=1000)] = 10,
) -> Answer:
    """Words, a film or a report: one of the three, or conditions alone."""
    from prosvet.search.api import SearchRequest, run

    request = session.request(
        SearchRequest, text=query, image=image, report_file=report, in_=in_, where=where, k=k, lang=session.lang
    )
    result = run(request, session.context)
    return Answer(result, lambda console: show_hits(result, session, console))


def show_hits(result: SearchResult, session: Session, console: Console) -> None:
    """Print the hits with their reasons, and how many were considered."""
    for rank, hit in enumerate(result.hits, start=1):
        _hit(rank, hit, session, console)
    if result.note:
        console.print(result.note, style="yellow", markup=False)
    if not result.total:  # the note has said why nothing could be looked through
        return
    words = session.say("cli.search.count", shown=len(result.hits), total=result.total)
    console.print(words, style="dim", markup=False)


def _hit(rank: int, hit: Hit, session: Session, console: Console) -> None:
    from rich.text import Text

    from prosvet.app.cli.show_reading import bar

    kind = session.say(f"cli.search.kinds.{hit.kind}")
    head = Text.assemble(
        (f"{rank:3d}. ", "dim"), (hit.file, "bold"), f"  {kind}, {hit.study}  ", (f"{bar(hit.score, 8)} ", "cyan"),
        (f"{hit.score:.2f}", "cyan"),
    )  # fmt: skip
    console.print(head)
    for reason in hit.reasons:
        console.print(f"     • {reason}", markup=False)
