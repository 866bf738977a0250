"""`prosvet compare-readings STUDY`: two models, or the stored reading and a fresh one, on one film."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.app.cli.words import concept_name

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.core.types import Finding
    from prosvet.reading.compare_api import CompareReadingsResult

__all__ = ["compare_readings"]


def compare_readings(
    session: Session,
    study: Annotated[str, typer.Argument(metavar="STUDY", show_default=False)],
    first: Annotated[str, typer.Option("--first")] = "compact",
    second: Annotated[str, typer.Option("--second")] = "compact-int8",
    image: Annotated[int | None, typer.Option("--image", min=1, show_default=False)] = None,
) -> Answer:
    """Findings side by side, differences first."""
    from prosvet.reading.compare_api import CompareReadingsRequest, run

    given = {"study": study, "first": first, "second": second, "image": image, "lang": session.lang}
    result = run(session.request(CompareReadingsRequest, **given), session.context)
    return Answer(result, lambda console: _show(result, session, console))


def _show(result: CompareReadingsResult, session: Session, console: Console) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    names = [f"{one.name} {one.model.revision if one.model else ''}" for one in (result.first, result.second)]
    finding, difference = (session.say(f"cli.compare-readings.columns.{name}") for name in ("finding", "difference"))
    for column in (finding, *names, difference):
        table.add_column(column, header_style="dim")
    for row in result.rows:
        apart = "" if row.difference is None else f"{row.difference:+.2f}"
        cells = (_cell(row.first, session), _cell(row.second, session), apart)
        table.add_row(concept_name(row.concept, session.lang), *cells, style="yellow" if row.changed else None)
    console.print(table)
    console.print(session.say("cli.compare-readings.changed", count=result.changed), style="bold", markup=False)


def _cell(finding: Finding | None, session: Session) -> str:
    if finding is None:
        return ""
    chance = "" if finding.probability is None else f" {finding.probability:.2f}"
    return session.say(f"cli.statuses.{finding.status.value}") + chance
