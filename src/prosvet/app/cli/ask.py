"""`prosvet ask FILE QUESTION`: a question about a film, answered from what was read, or an abstention that says why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.app.asking import AskResult

__all__ = ["ask", "film_and_words"]


def ask(
    session: Session,
    words: Annotated[list[str], typer.Argument(metavar="[FILE] QUESTION", show_default=False)],
    study: Annotated[str | None, typer.Option("--study", metavar="ID", show_default=False)] = None,
    image: Annotated[int | None, typer.Option("--image", min=1, show_default=False)] = None,
    reader: Annotated[str | None, typer.Option("--reader", metavar="NAME", show_default=False)] = None,
    after: Annotated[list[str] | None, typer.Option("--after", metavar="QUESTION", show_default=False)] = None,
    similar: Annotated[int, typer.Option("--similar", min=0, max=20)] = 0,
) -> Answer:
    """Of a file, or of a study of the archive."""
    from prosvet.app.asking import AskRequest, run

    film, question = film_and_words(words, study, session.say("cli.ask.one_film"))
    given = {"study": study, "image": image, "film": film, "reader": reader, "history": tuple(after or ())}
    asked = session.request(AskRequest, question=question, lang=session.lang, similar=similar, **given)
    result = run(asked, session.context)
    return Answer(result, lambda console: _show(result, session, console))


def film_and_words(words: list[str], study: str | None, complaint: str) -> tuple[Path | None, str]:
    """The file and what is said of it; of a study of the archive, what is said alone.

    Raises
    ------
    UsageError
    """
    if len(words) != (1 if study is not None else 2):
        raise UsageError(reason=complaint)
    return (None, words[0]) if study is not None else (Path(words[0]), words[1])


def _show(result: AskResult, session: Session, console: Console) -> None:
    if result.understood_as is not None:
        console.print(session.say("cli.ask.understood_as", question=result.understood_as), style="dim", markup=False)
    console.print(result.answer, style="yellow" if result.abstained else "bold", markup=False)
    for one in result.evidence:
        reasons = "; ".join(one.reasons)
        console.print(f"  • {one.name}: {reasons}" if reasons else f"  • {one.name}", markup=False)
    if result.reader is not None and result.reader.flags:
        console.print(session.say("cli.ask.flags"), style="red", markup=False)
        for flag in result.reader.flags:
            console.print(f"  • {flag}", markup=False)
    if result.can:
        console.print(session.say("cli.ask.can"), style="dim", markup=False)
        for example in result.can:
            console.print(f"  {example}", style="dim", markup=False)
    _show_similar(result, session, console)
    console.print(_footer(result, session), style="dim", markup=False)


def _show_similar(result: AskResult, session: Session, console: Console) -> None:
    if result.similar_note:
        console.print(result.similar_note, style="yellow", markup=False)
    if not result.similar:
        return
    console.print(session.say("ask.page.similar") + ":", style="dim", markup=False)
    for rank, case in enumerate(result.similar, start=1):
        console.print(f"{rank:3d}. {case.file}  {case.study}", markup=False)
        for reason in case.reasons:
            console.print(f"     • {reason}", markup=False)


def _footer(result: AskResult, session: Session) -> str:
    model, told = result.model, [result.file]
    if result.confidence is not None:
        told.append(session.say("cli.ask.confidence", value=session.decimal(result.confidence, 2)))
    if result.reader is not None:
        told.append(f"{result.reader.name} {result.reader.revision}")
    return ", ".join([*told, f"{model.name} {model.revision}", model.operating_point])
