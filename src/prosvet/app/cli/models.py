"""`prosvet models list|show|verify|add`: the cards and their weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.models.api import ModelsResult
    from prosvet.models.card import Card

__all__ = ["add", "list_", "show", "verify"]


def list_(session: Session) -> Answer:
    """Every card, shipped or of this archive."""
    result = _run(session, "list", None)
    return Answer(result, lambda console: _rows(result, session, console))


def show(session: Session, name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)]) -> Answer:
    """One card: labels, operating points, training data, figures, limits."""
    result = _run(session, "show", name)
    return Answer(result, lambda console: _card(result, session, console))


def verify(
    session: Session, name: Annotated[str | None, typer.Argument(metavar="NAME", show_default=False)] = None
) -> Answer:
    """Exit status 1 when weights are not those that their card describes."""
    result = _run(session, "verify", name)
    return Answer(result, lambda console: _rows(result, session, console), status=int(not result.ok))


def add(
    session: Session,
    card: Annotated[str, typer.Argument(metavar="CARD", show_default=False)],
    weights: Annotated[Path | None, typer.Option("--weights", show_default=False)] = None,
    revision: Annotated[str | None, typer.Option("--revision", show_default=False)] = None,
    replace: Annotated[bool, typer.Option("--replace")] = False,
) -> Answer:
    """Keep a card in ``HOME/models``, its weights hashed and its revision pinned."""
    result = _run(session, "add", card, weights=weights, revision=revision, replace=replace)
    return Answer(result, lambda console: _rows(result, session, console))


def _run(session: Session, action: str, name: str | None, **more: object) -> ModelsResult:
    from prosvet.models.api import ModelsRequest, run

    return run(session.request(ModelsRequest, action=action, name=name, **more), session.context)


def _rows(result: ModelsResult, session: Session, console: Console) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("name", "revision", "size", "licence", "title", "state"):
        table.add_column(session.say(f"cli.models.columns.{column}"), header_style="dim")
    for row in result.models:
        state = {None: row.problem, True: session.say("cli.models.verified"), False: row.problem}[row.verified]
        table.add_row(row.name, row.revision, f"{row.megabytes:.1f} MB", row.licence, row.title, state)
    console.print(table)


def _card(result: ModelsResult, session: Session, console: Console) -> None:
    _rows(result, session, console)
    card = result.card
    if card is None:
        _limits(result.other.limits if result.other is not None else {}, session, console)
        return
    console.print(f"\n{session.say('cli.models.points')}", style="bold", markup=False)
    console.print(_points(card, session))
    if card.figures:
        console.print(f"\n{session.say('cli.models.figures')}", style="bold", markup=False)
        for figure in card.figures:
            interval = "" if figure.low is None else f" ({figure.low:.3f}–{figure.high:.3f})"
            console.print(
                f"  {figure.metric}, {figure.data} (n={figure.n}): {figure.value:.3f}{interval}", markup=False
            )  # fmt: skip
    _limits(card.limits, session, console)


def _limits(limits: Mapping[str, tuple[str, ...]], session: Session, console: Console) -> None:
    console.print(f"\n{session.say('cli.models.limits')}", style="bold", markup=False)
    for limit in limits.get(session.lang, ()):
        console.print(f"  • {limit}", markup=False)


def _points(card: Card, session: Session) -> object:
    from rich.table import Table

    from prosvet.app.cli.words import concept_name

    table = Table(box=None, padding=(0, 2, 0, 2))
    table.add_column(session.say("cli.models.columns.finding"), header_style="dim")
    for name in card.operating_points:
        table.add_column(name, header_style="dim")
    for label in card.labels:
        chosen = (points.get(label) for points in card.operating_points.values())
        cells = ("" if p is None else f"{p.threshold:.3f} ({p.sensitivity:.2f}/{p.specificity:.2f})" for p in chosen)
        table.add_row(concept_name(label, session.lang), *cells)
    return table
