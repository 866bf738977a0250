"""`prosvet ask QUESTION`: a question about a film, answered from what was read, or an abstention that says why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.reading.ask.api import AskResult

__all__ = ["ask"]


def ask(
    session: Session,
    question: Annotated[str, typer.Argument(metavar="QUESTION", show_default=False)],
    study: Annotated[str | None, typer.Option("--study", metavar="ID", show_default=False)] = None,
    image: Annotated[int | None, typer.Option("--image", min=1, show_default=False)] = None,
    film: Annotated[Path | None, typer.Option("--file", metavar="FILE", dir_okay=False, show_default=False)] = None,
) -> Answer:
    """Of a study of the archive, or of a file."""
    from prosvet.reading.ask.api import AskRequest, run

    given = {"question": question, "study": study, "image": image, "film": film, "lang": session.lang}
    result = run(session.request(AskRequest, **given), session.context)
    return Answer(result, lambda console: _show(result, session, console))


def _show(result: AskResult, session: Session, console: Console) -> None:
    console.print(result.text, style="bold" if result.answered else "yellow", markup=False)
    for one in result.because:
        evidence = "; ".join(one.evidence)
        console.print(f"  • {one.name}: {evidence}" if evidence else f"  • {one.name}", markup=False)
    if result.can:
        console.print(session.say("cli.ask.can"), style="dim", markup=False)
        for example in result.can:
            console.print(f"  {example}", style="dim", markup=False)
    model = result.model
    console.print(f"{result.file}, {model.name} {model.revision}, {model.operating_point}", style="dim", markup=False)
