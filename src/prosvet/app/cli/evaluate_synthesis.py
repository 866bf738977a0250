"""`prosvet evaluate synthesis`: a generator's pictures against real films, with the copies that it may have made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prosvet.app.cli.evaluate import Card, Resamples, Seed, evaluated
from prosvet.app.cli.session import Answer, Session

__all__ = ["synthesis"]


def synthesis(
    session: Session,
    data: Annotated[Path, typer.Argument(metavar="DATA", show_default=False)],
    generator: Annotated[str, typer.Option("--generator", metavar="NAME")] = "compact-generator",
    judge: Annotated[Path | None, typer.Option("--judge", metavar="ONNX", dir_okay=False, show_default=False)] = None,
    judge_size: Annotated[int, typer.Option("--judge-size", min=32, max=512)] = 128,
    trained_on: Annotated[list[str] | None, typer.Option("--trained-on", metavar="SPLIT", show_default="train")] = None,
    reference: Annotated[list[str] | None, typer.Option("--reference", metavar="SPLIT", show_default="val")] = None,
    likenesses: Annotated[int, typer.Option("--likenesses", min=20)] = 600,
    per_finding: Annotated[int, typer.Option("--per-finding", min=2)] = 100,
    pairs: Annotated[int, typer.Option("--pairs", min=1)] = 100,
    steps: Annotated[int, typer.Option("--steps", min=2, max=150)] = 20,
    guidance: Annotated[float, typer.Option("--guidance", min=0, max=20)] = 3.0,
    keep: Annotated[Path | None, typer.Option("--keep", metavar="DIR", file_okay=False, show_default=False)] = None,
    sheet: Annotated[Path | None, typer.Option("--sheet", metavar="PNG", dir_okay=False, show_default=False)] = None,
    card: Card = None,
    seed: Seed = 0,
    resamples: Resamples = 1000,
) -> Answer:
    """Fidelity, adherence, anatomy, diversity, copies and detection, each beside the same of real films."""
    asked = {
        "data": data, "generator": generator, "judge": judge, "judge_size": judge_size,
        "trained_on": tuple(trained_on or ("train",)), "reference": tuple(reference or ("val",)),
        "likenesses": likenesses, "per_finding": per_finding, "pairs": pairs, "steps": steps, "guidance": guidance,
        "keep": keep, "sheet": sheet, "lang": session.lang, "seed": seed, "resamples": resamples,
    }  # fmt: skip
    return evaluated(session, "synthesis.api:SynthesisRequest", card, None, asked)
