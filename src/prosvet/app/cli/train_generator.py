"""`prosvet train generator --recipe R.toml DATA --out DIR`: the compact generator of synthetic films."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from prosvet.app.cli.session import Answer, Session

__all__ = ["generator"]


def generator(
    session: Session,
    data: Annotated[Path, typer.Argument(metavar="DATA", file_okay=False, show_default=False)],
    recipe: Annotated[Path, typer.Option("--recipe", metavar="FILE", dir_okay=False, show_default=False)],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", file_okay=False, show_default=False)],
    revision: Annotated[str, typer.Option("--revision")] = "1",
) -> Answer:
    """Autoencoder, flow and card; with the same folder a run goes on where it was stopped."""
    from prosvet.core.optional import require

    require("torch", "train")
    from prosvet.training.generator.api import TrainGeneratorRequest, run

    if session.verbosity == 0:
        logging.getLogger("prosvet").setLevel(logging.INFO)  # hours of silence would say nothing of the pace
    request = session.request(TrainGeneratorRequest, recipe=recipe, data=data, out=out, revision=revision)
    result = run(request, session.context)
    words = session.say("cli.train.done", path=result.card, minutes=f"{result.seconds / 60:.1f}")
    return Answer(result, lambda console: console.print(words, markup=False))
