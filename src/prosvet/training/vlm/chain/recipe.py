"""Recipes of this folder: one TOML file each, told apart by ``kind``; every key known, every number with its range."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from prosvet.core.types import Frozen
from prosvet.models.backends.chain_parts import EyesKind, ProjectorShape
from prosvet.models.vlm.weights import described
from prosvet.models.vlm.weights import digest as file_digest
from prosvet.training.recipes import read_recipe
from prosvet.training.vlm.recipe import Lora

__all__ = [
    "AnyRecipe", "Contrastive", "Eyes", "Language", "LanguageModel", "Loop", "Masked", "Pairs", "ProjectorRecipe",
    "TinyRun", "digest", "load_chain_recipe",
]  # fmt: skip

PLAIN_LANGUAGE = r".*layers\.\d+\.(self_attn\.(q|k|v|o)_proj|mlp\.(gate|up|down)_proj)"
"""The linear layers of a Llama-like language model."""
_NAME = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")


class Loop(Frozen):
    """Steps of one stage. ``batch`` is that of one process.

    Attributes
    ----------
    save_every : int
        Steps between checkpoints, from which the same folder goes on.
    precision : str
        ``bf16`` needs a device that computes in it.
    """

    steps: int = Field(ge=1)
    batch: int = Field(default=8, ge=1)
    accumulate: int = Field(default=1, ge=1)
    lr: float = Field(gt=0, lt=1)
    warmup: float = Field(default=0.03, ge=0, le=1, description="Share of the steps in which the rate rises.")
    weight_decay: float = Field(default=0.0, ge=0)
    clip: float = Field(default=1.0, gt=0)
    seed: int = Field(default=1, ge=0, le=2**31)
    save_every: int = Field(default=200, ge=1)
    precision: Literal["no", "bf16"] = "no"


class Eyes(Frozen):
    """The visual encoder; it stays frozen.

    Attributes
    ----------
    kind : str
        ``compact``: the shipped encoder, a token a place: its maps there and the film's vector. ``siglip``: the patches
        of a SigLIP in `path`.
    """

    kind: EyesKind
    path: Path | None = None


class LanguageModel(Frozen):
    """A folder with a language model and its tokenizer; nothing is fetched."""

    path: Path
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"


class ProjectorRecipe(Frozen):
    """A visual encoder joined to a language model: the projector first, then adapters in the language model too.

    Attributes
    ----------
    data : Path
        A listing: JSON Lines of ``{"images", "roles", "text", "patient"}``, see :mod:`.listing`.
    """

    kind: Literal["projector"]
    name: str = _NAME
    eyes: Eyes
    language: LanguageModel
    projector: ProjectorShape = ProjectorShape()
    lora: Lora = Lora(targets=PLAIN_LANGUAGE)
    data: Path
    instruction: str = Field(default="Опиши рентгенограмму.", min_length=1)
    longest: int = Field(default=512, ge=8, le=8192, description="Tokens of a prompt with its answer.")
    first: Loop
    second: Loop


class Masked(Frozen):
    """An encoder learns from pictures alone: what was covered is to be drawn again (SimMIM, Xie et al., 2022).

    Attributes
    ----------
    share : float
        Of a picture's patches that are covered, in blocks of `block` patches a side.
    """

    kind: Literal["masked"]
    name: str = _NAME
    encoder: Path
    data: Path
    share: float = Field(default=0.5, gt=0, lt=1)
    block: int = Field(default=2, ge=1)
    loop: Loop


class Pairs(Frozen):
    """An encoder learns from pictures with reports, by the sigmoid loss of SigLIP (Zhai et al., 2023).

    Attributes
    ----------
    views : str
        ``single``: each study by its first picture. ``multi``: all its pictures, put together by attention.
        ``prior``: the same, with the earlier picture among them, told apart by its role.
    """

    kind: Literal["pairs"]
    name: str = _NAME
    encoder: Path
    data: Path
    views: Literal["single", "multi", "prior"] = "single"
    most: int = Field(default=4, ge=1, le=16, description="Pictures of one study.")
    longest: int = Field(default=64, ge=4, le=512)
    loop: Loop


class Contrastive(Frozen):
    """A text encoder learns which report says what another says, in the other language or as a list of findings.

    Attributes
    ----------
    encoder : Path
        A folder of transformers with an encoder and its tokenizer.
    pairs : tuple of str
        ``translation``: the Russian and the English rendering of one state. ``finding``: a finding's name and a
        sentence that states it.
    states : int
        Different sets of findings that are rendered; a tenth of them, by hash, is frozen and never trained on.
    """

    kind: Literal["contrastive"]
    name: str = _NAME
    encoder: Path
    pairs: tuple[Literal["translation", "finding"], ...] = ("translation", "finding")
    states: int = Field(default=4000, ge=50)
    longest: int = Field(default=128, ge=8, le=512)
    temperature: float = Field(default=0.05, gt=0)
    loop: Loop


class Language(Frozen):
    """A language model reads on: reports rendered from findings, and texts of your own.

    Attributes
    ----------
    texts : Path or None
        UTF-8, one report a line; a tenth of the lines, by hash, is frozen and never trained on.
    lora : Lora or None
        None trains every weight.
    """

    kind: Literal["language"]
    name: str = _NAME
    model: LanguageModel
    texts: Path | None = None
    rendered: Literal["ru", "en", "both", "none"] = "ru"
    states: int = Field(default=4000, ge=50)
    longest: int = Field(default=256, ge=8, le=4096)
    lora: Lora | None = None
    loop: Loop


class TinyRun(Frozen):
    """The tiny model that is shipped.

    Attributes
    ----------
    data : Path
        Folder with ``cxr/manifest.csv`` and its archives.
    nih_dev : float
        Share of NIH patients that are kept out, as the second of the shipped encoders kept them out.
    """

    kind: Literal["tiny"]
    name: str = _NAME
    data: Path
    nih_dev: float = Field(default=0.25, ge=0, le=0.9)
    steps: int = Field(default=3000, ge=1)
    width: int = Field(default=128, ge=16)
    layers: int = Field(default=4, ge=1)
    heads: int = Field(default=4, ge=1)
    seed: int = 1


AnyRecipe = Annotated[ProjectorRecipe | Masked | Pairs | Contrastive | Language | TinyRun, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[AnyRecipe] = TypeAdapter(AnyRecipe)


def load_chain_recipe(path: Path) -> AnyRecipe:
    """Read and check a recipe. Paths in it are taken from the folder where the program was started.

    Raises
    ------
    NotFound
        When there is no such file.
    InvalidSettings
        With the key and the reason, for anything that is not understood.
    """
    return read_recipe(path, _ADAPTER.validate_python)


def digest(recipe: AnyRecipe, *used: Path) -> str:
    """A hash of everything in the recipe and of every byte that it starts from: a folder of another run is refused.

    Parameters
    ----------
    used : Path
        Files, and folders of models, that the run reads.
    """
    body = json.dumps(recipe.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(json.dumps([body, *(_bytes_of(path) for path in used)]).encode()).hexdigest()


def _bytes_of(path: Path) -> list[str]:
    if path.is_file():
        return [file_digest(path)]
    return [f"{name} {entry.sha256}" for name, entry in sorted(described(path).items())]
