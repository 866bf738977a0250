"""`prosvet read FILE…`: findings and a draft protocol of films."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.errors import NotFound, Retold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from prosvet.reading.api import ReadItem

__all__ = ["read"]

Shape = Literal["json", "line", "free"]


def read(
    session: Session,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", show_default=False)],
    overlay: Annotated[Path | None, typer.Option("--overlay", file_okay=False)] = None,
    csv: Annotated[Path | None, typer.Option("--csv", dir_okay=False)] = None,
    similar: Annotated[int, typer.Option("--similar", min=0, max=50)] = 0,
    reader: Annotated[str | None, typer.Option("--reader", metavar="NAME", show_default=False)] = None,
    alone: Annotated[bool, typer.Option("--alone")] = False,
    shape: Annotated[Shape | None, typer.Option("--shape", show_default=False)] = None,
    prior: Annotated[Path | None, typer.Option("--prior", dir_okay=False, show_default=False)] = None,
) -> Answer:
    """One file alone: its reading, or its error. Several, or a folder, or a table: a row for each.

    With `similar`, one file's reading also names so many like it in the archive: as references, never as text.
    """
    many = csv is not None or len(files) > 1 or files[0].is_dir()
    asked = {"reader": reader, "told_findings": not alone, "shape": shape, "prior": prior}
    rows = _rows(session, files, overlay, report=csv is None, **asked)
    if csv is not None:
        return _table(session, rows, csv)
    items = list(rows)
    if not many:
        error = items[0].error
        if error is not None:
            raise Retold(error.code, error.message, error.hint)
    if similar and not many and items[0].result is not None:
        return _with_similar(session, items, files[0], similar)
    failed = any(item.error is not None for item in items)
    result: Any = {"items": items} if many else items[0].result
    return Answer(result, lambda console: _show(items, session, console), status=int(failed))


def _with_similar(session: Session, items: list[ReadItem], film: Path, k: int) -> Answer:
    from prosvet.app.cli.search import show_hits
    from prosvet.search.api import SearchRequest, run

    found = run(session.request(SearchRequest, image=film, k=k, lang=session.lang), session.context)
    result = {**dict(items[0].result or {}), "similar": found.hits}

    def show(console: Console) -> None:
        _show(items, session, console)
        show_hits(found, session, console)

    return Answer(result, show)


def _rows(
    session: Session, files: list[Path], overlay: Path | None, *, report: bool, **asked: object
) -> Iterator[ReadItem]:  # fmt: skip
    from prosvet.reading.api import Failure, ReadItem, ReadRequest, stream

    there = [path for path in files if path.exists()]
    for path in files:
        if path not in there:
            error = NotFound(kind="file", name=path.name)
            if len(files) == 1:
                raise error
            words = Failure(code=error.code, message=error.message(session.lang), hint=error.hint(session.lang))
            yield ReadItem(file=path.name, error=words)
    if there:
        given = {"files": there, "lang": session.lang, "overlay": overlay, "report": report}
        request = session.request(ReadRequest, **given, **asked)
        yield from stream(request, session.context)


def _table(session: Session, rows: Iterator[ReadItem], csv: Path) -> Answer:
    from prosvet.app.cli.csv_out import write_rows

    done, failed = write_rows(csv, rows, session.context)
    result = {"csv": str(csv), "rows": done, "failed": failed}
    words = session.say("cli.read.written", file=csv, rows=done, failed=failed)
    return Answer(result, lambda console: console.print(words, markup=False), status=int(failed > 0))


def _show(items: list[ReadItem], session: Session, console: Console) -> None:
    from prosvet.app.cli.show_reading import show_item

    for item in items:
        show_item(item, session, console)
