"""The pictures that were asked for, made by the generator and kept, so that a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prosvet.archive.files import write_whole
from prosvet.core.context import Context
from prosvet.evaluation.synthesis.films import SIDE
from prosvet.evaluation.synthesis.plan import Asked
from prosvet.synthesis.card import GeneratorCard
from prosvet.synthesis.loaded import Loaded
from prosvet.synthesis.make import Task

__all__ = ["made"]

log = logging.getLogger(__name__)

_SHEET = 50  # pictures that are kept together


def made(
    plan: Sequence[Asked], card: GeneratorCard, steps: int, guidance: float, keep: Path | None, context: Context
) -> NDArray[np.uint8]:
    """Pictures (N, 256, 256) of `plan`, without the invisible watermark; those kept in `keep` are not made again.

    Raises
    ------
    ModelNotFound, ModelError, SynthesisError
    """
    out = np.zeros((len(plan), SIDE, SIDE), dtype=np.uint8)
    starts = range(0, len(plan), _SHEET)
    settings = {"card": card.model_dump_json(exclude={"figures", "title"}), "steps": steps, "guidance": guidance}
    for start in context.progress.track(starts, "synthesis_made", total=len(starts)):
        some = plan[start : start + _SHEET]
        kept = keep / f"{_key(some, settings)}.npy" if keep is not None else None
        if kept is not None and kept.exists():
            out[start : start + len(some)] = np.load(kept)
            continue
        with context.get(Loaded).using(card.name) as network:
            for number, one in enumerate(some, start):
                task = Task(prompt=one.prompt, seed=one.seed, steps=steps, guidance=guidance, style=one.style)
                out[number] = np.round(255 * network.make(task)).astype(np.uint8)
        if kept is not None:
            _write(kept, out[start : start + len(some)])
    return out


def _key(some: Sequence[Asked], settings: dict[str, object]) -> str:
    """Whatever decides these pictures decides the name."""
    said = json.dumps([settings, [asdict(one) for one in some]], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def _write(path: Path, pictures: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = BytesIO()
    np.save(stream, pictures)
    write_whole(path, [stream.getvalue()])
