"""`prosvet train encoder|anatomy|gates|pack`: the compact pack from labelled films."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from prosvet.app.cli.session import Answer, Session

__all__ = ["anatomy", "encoder", "gates", "pack"]

Data = Annotated[Path, typer.Argument(metavar="DATA", file_okay=False, show_default=False)]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", file_okay=False, show_default=False)]
Images = Annotated[int | None, typer.Option("--images", min=64)]
Seed = Annotated[int, typer.Option("--seed")]


def encoder(
    session: Session,
    data: Data,
    out: Out,
    images: Images = None,
    seed: Seed = 1,
    holdout: Annotated[str, typer.Option("--holdout", metavar="SOURCE", show_default=False)] = "",
    nih_dev: Annotated[float, typer.Option("--nih-dev", min=0.0, max=0.9)] = 0.0,
) -> Answer:
    """The finding network."""
    return _train(
        session, part="encoder", data=data, out=out, images=images, seed=seed, holdout=holdout, nih_dev=nih_dev
    )


def anatomy(session: Session, data: Data, out: Out, images: Images = None, seed: Seed = 1) -> Answer:
    """The network of lungs and heart."""
    return _train(session, part="anatomy", data=data, out=out, images=images, seed=seed)


def gates(
    session: Session,
    data: Data,
    out: Out,
    images: Images = None,
    seed: Seed = 1,
    photographs: Annotated[list[Path] | None, typer.Option("--photographs", metavar="DIR", show_default=False)] = None,
) -> Answer:
    """The network of gates."""
    return _train(
        session, part="gates", data=data, out=out, images=images, seed=seed, photographs=photographs or []
    )  # fmt: skip


def pack(
    session: Session,
    data: Data,
    out: Out,
    encoders: Annotated[list[Path], typer.Option("--encoder", metavar="DIR", show_default=False)],
    gates: Annotated[Path, typer.Option("--gates", metavar="DIR", show_default=False)],
    anatomy: Annotated[Path, typer.Option("--anatomy", metavar="DIR", show_default=False)],
    revision: Annotated[str, typer.Option("--revision")] = "1",
) -> Answer:
    """Calibration, operating points, ONNX files and the card."""
    return _train(
        session, part="pack", data=data, out=out, encoders=encoders, gates=gates, anatomy=anatomy, revision=revision
    )  # fmt: skip


def _train(session: Session, **asked: object) -> Answer:
    from prosvet.training.api import TrainRequest, run

    if session.verbosity == 0:
        logging.getLogger("prosvet").setLevel(logging.INFO)  # hours of silence would say nothing of the pace
    result = run(session.request(TrainRequest, **asked), session.context)
    words = session.say("cli.train.done", path=result.path, minutes=f"{result.seconds / 60:.1f}")
    return Answer(result, lambda console: console.print(words, markup=False))
