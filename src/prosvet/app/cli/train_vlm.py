"""`prosvet train vlm`: a vision-language model tuned by a recipe."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.training.vlm.api import TuneResult

__all__ = ["vlm"]

Step = Literal["count", "train", "score", "ablate", "merge", "promote"]
_WAYS = ("image", "image_case", "other_image", "blank", "published")
_METRICS = ("rouge_1", "rouge_2", "rouge_l", "bleu_1", "bleu_4", "meteor", "bertscore_f1")


def vlm(
    session: Session,
    recipe: Annotated[Path, typer.Option("--recipe", metavar="TOML", dir_okay=False, show_default=False)],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", file_okay=False, show_default=False)],
    step: Annotated[Step, typer.Option("--step")] = "train",
    model: Annotated[Path | None, typer.Option("--model", metavar="DIR", file_okay=False, show_default=False)] = None,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", file_okay=False, show_default=False)] = None,
) -> Answer:
    """One step of a run."""
    from prosvet.training.vlm.api import TuneRequest, run

    if session.verbosity == 0:
        logging.getLogger("prosvet").setLevel(logging.INFO)  # hours of silence would say nothing of the pace
    request = session.request(TuneRequest, recipe=recipe, out=out, step=step, model=model, data=data)
    result = run(request, session.context)

    def show(console: Console) -> None:
        if int(os.environ.get("RANK", "0")) == 0:  # one of several processes speaks for all
            _show(console, session, result)

    return Answer(result, show)


def _show(console: Console, session: Session, result: TuneResult) -> None:
    words = {name: _word(session, value) for name, value in result.facts.items()} | {"path": str(result.path)}
    if result.step == "count":
        words["share"] = _number(session, 100 * float(result.facts["share"] or 0), 2) + " %"
    if result.step == "score":
        _score_table(console, session, result)
    else:
        console.print(session.say(f"tuning.result.{result.step}", **words), markup=False)
        _differences(console, session, result)
    if result.facts.get("resumed") is not None:
        console.print(session.say("tuning.result.resumed", step=result.facts["resumed"]), markup=False)
    if result.missing:
        console.print(session.say("tuning.result.missing", names=", ".join(result.missing)), markup=False)


def _score_table(console: Console, session: Session, result: TuneResult) -> None:
    from rich.table import Table

    metrics = [name for name in _METRICS if any(key.endswith(f".{name}") for key in result.figures)]
    ways = [way for way in _WAYS if f"before.{way}.rouge_l" in result.figures]
    for when in ("before", "after"):
        table = Table(title=session.say(f"tuning.table.{when}"), title_justify="left")
        table.add_column(session.say("tuning.table.way"))
        for name in metrics:
            table.add_column(session.say(f"evaluation.metrics.{name}"), justify="right")
        for way in ways:
            cells = [_number(session, result.figures.get(f"{when}.{way}.{name}", (None,))[0]) for name in metrics]
            table.add_row(session.say(f"tuning.ways.{way}"), *cells)
        console.print(table)
    for when in ("before", "after"):
        name = f"{session.say('tuning.figures.film_adds')}, {session.say(f'tuning.table.{when}').lower()}"
        console.print(f"{name}: {_interval(session, result.figures[f'film_adds.{when}'])}", markup=False)
    console.print(session.say("tuning.result.n", n=result.facts["n"]), markup=False)
    if "published" in ways:
        console.print(session.say("tuning.result.leak"), markup=False)


def _differences(console: Console, session: Session, result: TuneResult) -> None:
    for name, figure in result.figures.items():
        console.print(f"{session.say(f'tuning.figures.{name}')}: {_interval(session, figure)}", markup=False)


def _interval(session: Session, figure: tuple[float | None, float | None, float | None]) -> str:
    value, low, high = (_number(session, number) for number in figure)
    return f"{value} [{low}; {high}]"


def _word(session: Session, value: str | int | float | None) -> str:
    if isinstance(value, int):
        grouped = f"{value:,}"
        return grouped.replace(",", "\u202f") if session.lang == "ru" else grouped
    return _number(session, value, 4) if isinstance(value, float) or value is None else value


def _number(session: Session, value: float | None, digits: int = 3) -> str:
    return "—" if value is None else session.decimal(value, digits)
