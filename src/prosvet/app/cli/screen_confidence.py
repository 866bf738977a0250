"""`prosvet screen confidence`: which measure of doubt knows the studies on which the model is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.screening.confidence.api import ConfidenceResult

__all__ = ["confidence"]


def confidence(
    session: Session,
    labels: Annotated[Path, typer.Option("--labels", metavar="CSV", show_default=False)],
    across: Annotated[Literal["patient", "source"], typer.Option("--across")] = "patient",
    views: Annotated[bool, typer.Option("--views")] = False,
    resamples: Annotated[int, typer.Option("--resamples")] = 1000,
    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", file_okay=False, show_default=False)] = None,
) -> Answer:
    """Compare the measures on the site's own labelled studies."""
    from prosvet.screening.confidence.api import ConfidenceRequest, run

    request = session.request(ConfidenceRequest, labels=labels, across=across, views=views, resamples=resamples)
    result = run(request, session.context)
    if out is not None:
        _write(result, out, session)
    return Answer(result, lambda console: _show(result, out, session, console))


def _write(result: ConfidenceResult, out: Path, session: Session) -> None:
    from prosvet.app.confidence_curves import curves_csv, curves_file
    from prosvet.archive.files import room_for

    out.mkdir(parents=True, exist_ok=True)
    files = {
        "result.json": result.model_dump_json(indent=1), "curves.csv": curves_csv(result.methods),
        "curves.svg": curves_file(result, session.lang),
    }  # fmt: skip
    for name, content in files.items():
        with room_for(out / name):
            (out / name).write_text(content, encoding="utf-8")


def _show(result: ConfidenceResult, out: Path | None, session: Session, console: Console) -> None:
    from rich.table import Table

    from prosvet.app.web.words import filters

    say, decimal, percent = session.say, filters(session.lang)["decimal"], filters(session.lang)["percent"]
    counts = say("cli.screen.confidence.counts", n=result.n, patients=result.patients, wrong=result.wrong.k,
                 point=decimal(result.point, 3))  # fmt: skip
    console.print(counts, markup=False)
    table = Table(box=None, pad_edge=False)
    table.add_column(say("confidence_page.method"))
    table.add_column(say("confidence_page.aurc"), justify="right")
    table.add_column(say("confidence_page.versus"), justify="right")
    for coverage in result.coverages[:-1]:
        table.add_column(percent(coverage), justify="right")
    for one in result.methods:
        apart = one.difference
        told = "" if apart is None else f"{decimal(apart.value, 4)} ({decimal(apart.low, 4)}; {decimal(apart.high, 4)})"
        name = say(f"confidence.methods.{one.method}")
        table.add_row(name, decimal(one.aurc.value, 4), told, *(percent(risk.value, 1) for risk in one.risks[:-1]),
                      style="bold" if one.method == result.chosen else None)  # fmt: skip
    console.print(table)
    console.print(result.words, markup=False)
    for warning in result.warnings:
        console.print(warning, style="yellow", markup=False)
    if out is not None:
        console.print(say("cli.screen.confidence.written", folder=str(out)), style="dim", markup=False)
