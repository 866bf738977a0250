"""One picture by a generator: counted and stopped through the context's progress, with looks at it on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prosvet import __version__
from prosvet.core.context import Context
from prosvet.imaging.provenance import Provenance, png_bytes
from prosvet.synthesis.door import Generator
from prosvet.synthesis.gallery import Gallery
from prosvet.synthesis.make import Task
from prosvet.synthesis.marked import marked
from prosvet.synthesis.zones import Region

__all__ = ["made_by", "provenance_of"]

_LOOKS = 8  # previews of one picture
_LABEL = "synthesize"


def made_by(generator: Generator, task: Task, name: str | None, context: Context) -> NDArray[np.float32]:
    """The picture of `task`; with `name`, previews are kept there while it is made.

    Raises
    ------
    Cancelled, SynthesisError
    """
    share = task.start.strength if task.start is not None else 1.0
    steps = max(1, round(share * task.steps))
    # The generator calls us after each step: going on with the counted loop from there lets it be stopped there.
    counted = context.progress.track(range(steps), _LABEL, steps)
    every = max(1, steps // _LOOKS)

    def look(step: int, of: int, so_far: Callable[[], NDArray[np.float32]]) -> None:
        next(counted, None)
        if name is not None and step % every == 0 and step < of:
            _show(so_far(), generator, task, name, context)

    picture = generator.make(task, look)
    for _ in counted:  # to its end, so that the bar is full
        pass
    return picture


def _show(picture: NDArray[np.float32], generator: Generator, task: Task, name: str, context: Context) -> None:
    pixels, made = marked(picture, burn_in=False), provenance_of(generator, task, None)
    context.get(Gallery).write(name, "preview.png", png_bytes(Image.fromarray(pixels), made))


def provenance_of(generator: Generator, task: Task, region: Region | None) -> Provenance:
    """What is written into the file."""
    start, worn = task.start, generator.adapter
    return Provenance(
        generator=generator.card.name,
        revision=generator.card.revision,
        prompt=task.prompt,
        negative=task.negative,
        seed=task.seed,
        steps=task.steps,
        guidance=task.guidance,
        scheduler=task.scheduler,
        style=task.style,
        kind="text" if start is None else "image" if start.mask is None else "inpainting",
        region=region,
        strength=start.strength if start is not None else None,
        adapter=worn,
        adapter_strength=task.adapter_strength if worn is not None else None,
        date=datetime.now(UTC).replace(microsecond=0),
        version=__version__,
    )
