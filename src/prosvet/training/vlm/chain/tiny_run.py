"""The whole way of the tiny model: films seen once, words learned, files written that run without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.models.card import load_card
from prosvet.models.examine import Examiner
from prosvet.training.data import Films
from prosvet.training.encoder import nih_dev
from prosvet.training.vlm.chain.features import seen_films
from prosvet.training.vlm.chain.recipe import TinyRun
from prosvet.training.vlm.chain.tiny import TinyRecipe, load_tiny, train_tiny
from prosvet.training.vlm.chain.tiny_export import export_tiny

__all__ = ["run_tiny"]


def run_tiny(recipe: TinyRun, out: Path, context: Context) -> Path:
    """Train on the folder's ``train`` films and write ``out/files``; returns that folder.

    Raises
    ------
    NotFound
        When the data are not there.
    ModelError
        When the written files do not say what torch says.
    """
    if not (recipe.data / "cxr" / "manifest.csv").is_file():
        raise NotFound(kind="manifest", name=str(recipe.data / "cxr" / "manifest.csv"))
    eyes = load_card("compact")
    examiner = Examiner(eyes, context.settings.threads, "balanced")
    seen = seen_films(recipe.data, ("train",), out.parent / "cache", examiner)
    nothing = np.zeros((0, 0, 0), dtype=np.uint8)
    seen = seen.where(~nih_dev(Films(nothing, seen.rows), recipe.nih_dev))
    tiny = TinyRecipe(
        steps=recipe.steps, width=recipe.width, layers=recipe.layers, heads=recipe.heads, seed=recipe.seed
    )
    train_tiny(seen, out, tiny)
    return export_tiny(*load_tiny(out), eyes, out / "files")
