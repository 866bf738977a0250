"""`prosvet train sdxl-lora --recipe R.toml DATA --out DIR`: an adapter of SDXL, its card, the fused pipeline."""

from __future__ import annotations

import logging
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.training.sdxl.api import SdxlLoraResult

__all__ = ["sdxl_lora"]

Step = Literal["prepare", "train", "fuse", "card"]


def sdxl_lora(
    session: Session,
    data: Annotated[Path, typer.Argument(metavar="DATA", file_okay=False, show_default=False)],
    recipe: Annotated[Path, typer.Option("--recipe", metavar="TOML", dir_okay=False, show_default=False)],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", file_okay=False, show_default=False)],
    model: Annotated[Path | None, typer.Option("--model", metavar="DIR", file_okay=False, show_default=False)] = None,
    step: Annotated[Step, typer.Option("--step")] = "train",
) -> Answer:
    """One step of a run; with the same folder it goes on where it was stopped."""
    from prosvet.training.sdxl.api import SdxlLoraRequest, run

    if session.verbosity == 0:
        logging.getLogger("prosvet").setLevel(logging.INFO)  # hours of silence would say nothing of the pace
    request = session.request(SdxlLoraRequest, recipe=recipe, data=data, out=out, model=model, step=step)
    result = run(request, session.context)

    def show(console: Console) -> None:
        if int(os.environ.get("RANK", "0")) == 0:  # one of several processes speaks for all
            _show(console, session, result)

    return Answer(result, show)


def _show(console: Console, session: Session, result: SdxlLoraResult) -> None:
    words = {name: _word(session, value) for name, value in result.facts.items()} | {"path": str(result.path)}
    console.print(session.say(f"sdxl.result.{result.step}", **words), markup=False)
    if result.facts.get("resumed") is not None:
        console.print(session.say("sdxl.result.resumed", step=result.facts["resumed"]), markup=False)
    if result.card is not None:
        if result.card != result.path:
            console.print(session.say("sdxl.result.card", path=result.card), markup=False)
        models = session.context.settings.home / "models"
        console.print(session.say("sdxl.result.card_where", models=models), style="dim", markup=False)


def _word(session: Session, value: str | int | float | None) -> str:
    if isinstance(value, float):
        written = "—" if math.isnan(value) else f"{value:.4f}"
        return written.replace(".", ",") if session.lang == "ru" else written
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f" if session.lang == "ru" else ",")
    return "—" if value is None else value
