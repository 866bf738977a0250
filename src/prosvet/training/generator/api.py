"""The capability `train generator`: labelled films in; a decoder, a flow, and in the end a card, out."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.types import Frozen
from prosvet.models.backends.onnx import OnnxNetwork
from prosvet.models.card import verified_path
from prosvet.models.deployed import in_force
from prosvet.models.text import SentenceEncoder
from prosvet.training.data import Films
from prosvet.training.generator.coder import Coder, CoderRecipe, fit_components, train_decoder
from prosvet.training.generator.conditions import conditions_of
from prosvet.training.generator.films import generator_films, judge_films
from prosvet.training.generator.flow import FlowRecipe, latents_of, train_flow
from prosvet.training.generator.measured import measure_all
from prosvet.training.generator.pack import build_generator, load_networks
from prosvet.training.recipes import read_recipe

__all__ = ["GeneratorRecipe", "TrainGeneratorRequest", "TrainGeneratorResult", "run"]

log = logging.getLogger(__name__)

_OTHERS = 1500  # films of other patients, by which the limit of a near copy is found


class _Coder(Frozen):
    images: int = Field(ge=64)
    batch: int = Field(ge=1)
    lr: float = Field(gt=0)
    details: float = Field(ge=0)
    noise: float = Field(ge=0)


class _Flow(Frozen):
    images: int = Field(ge=64)
    batch: int = Field(ge=1)
    lr: float = Field(gt=0)
    copies: int = Field(ge=1)


class GeneratorRecipe(Frozen):
    """A recipe file: the seed, and what :class:`CoderRecipe` and :class:`FlowRecipe` are given."""

    seed: int
    coder: _Coder
    flow: _Flow


class TrainGeneratorRequest(BaseModel):
    """What to train by, on what, and where to put it.

    Attributes
    ----------
    recipe : Path
        TOML file of a :class:`GeneratorRecipe`.
    data : Path
        Folder with ``cxr/manifest.csv`` and its archives.
    out : Path
        Folder of the run. Starting again with the same folder goes on from the last checkpoint.
    revision : str
        The card's revision.
    """

    model_config = ConfigDict(extra="forbid")

    recipe: Path
    data: Path
    out: Path
    revision: str = "1"


class TrainGeneratorResult(Frozen):
    """Where the card lies, how many films it learned from, and how long it took, seconds."""

    card: Path
    films: int
    seconds: float


def run(request: TrainGeneratorRequest, context: Context) -> TrainGeneratorResult:
    """Train both networks and write the card; resumable.

    Raises
    ------
    NotFound
        When the data or the recipe are not there.
    InvalidSettings
        When the recipe is not one.
    """
    recipe = read_recipe(request.recipe, GeneratorRecipe.model_validate)
    if not (request.data / "cxr" / "manifest.csv").is_file():
        raise NotFound(kind="manifest", name=str(request.data / "cxr" / "manifest.csv"))
    torch.set_num_threads(context.settings.threads)
    began, out = time.monotonic(), request.out
    films = generator_films(request.data, out / "cache")
    pixels = torch.from_numpy(films.pixels)
    weights = train_decoder(pixels, out / "coder", CoderRecipe(**recipe.coder.model_dump(), seed=recipe.seed))
    net = Coder()
    fit_components(pixels, net, seed=recipe.seed)
    latents = latents_of(pixels, net, recipe.flow.copies, recipe.seed)
    measures = _measures(films, out, context)
    conditions = conditions_of(films, measures, context.get(SentenceEncoder), recipe.seed)
    steps = FlowRecipe(**recipe.flow.model_dump(exclude={"copies"}), seed=recipe.seed)
    flow = train_flow(latents, conditions, drawn(films), net.size, out / "flow", steps)
    others = judge_films(request.data, out / "cache").pixels
    others = others[:: max(1, len(others) // _OTHERS)]  # of all archives: they lie in the manifest one after another
    card = build_generator(films, others, measures, *load_networks(weights, flow), out / "pack", request.revision)
    return TrainGeneratorResult(card=card, films=len(films.rows), seconds=round(time.monotonic() - began, 1))


def _measures(films: Films, out: Path, context: Context) -> NDArray[np.float32]:
    kept = out / "cache" / f"measures-{len(films.rows)}.npy"
    if kept.exists():
        return np.asarray(np.load(kept), dtype=np.float32)
    card = in_force(context.settings).card
    found = measure_all(films.pixels, OnnxNetwork(verified_path(card, "anatomy"), context.settings.threads))
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.save(kept, found)
    log.info("measured %d films", len(found))
    return found


def drawn(films: Films) -> Tensor:
    """Chance of each film (N,): by one over the square root of how many share its archive and labels.

    Else nine films in ten would be the normals and the children's pneumonias of two archives.
    """
    group = np.array([f"{row['source'].split('(')[0]}|{row['labels']}" for row in films.rows])
    _, which, count = np.unique(group, return_inverse=True, return_counts=True)
    return torch.from_numpy(1 / np.sqrt(count[which].astype(np.float64)))
