"""`prosvet train projector|text`: two models joined, encoders and language models adapted, by a recipe."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["projector", "text"]

Recipe = Annotated[Path, typer.Option("--recipe", metavar="TOML", dir_okay=False, show_default=False)]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", file_okay=False, show_default=False)]


def projector(session: Session, recipe: Recipe, out: Out) -> Answer:
    """What sees: joined to a language model, or pretrained."""
    return _train(session, "projector", recipe, out)


def text(session: Session, recipe: Recipe, out: Out) -> Answer:
    """What reads: a text encoder or a language model."""
    return _train(session, "text", recipe, out)


def _train(session: Session, verb: str, recipe: Path, out: Path) -> Answer:
    from prosvet.training.vlm.chain.api import ChainRequest, run

    if session.verbosity == 0:
        logging.getLogger("prosvet").setLevel(logging.INFO)  # hours of silence would say nothing of the pace
    result = run(session.request(ChainRequest, verb=verb, recipe=recipe, out=out), session.context)
    done = session.say("cli.train.done", path=result.path, minutes=f"{result.seconds / 60:.1f}")

    def show(console: Console) -> None:
        if int(os.environ.get("RANK", "0")):  # one of several processes speaks for all
            return
        for name, value in result.figures.items():
            console.print(f"{name:32} {_number(session, value)}", markup=False)
        console.print(done, markup=False)

    return Answer(result, show)


def _number(session: Session, value: float) -> str:
    """Counts as they are, the rest to four places, with the comma of Russian."""
    return session.decimal(value, 0 if float(value).is_integer() and abs(value) > 1 else 4)
