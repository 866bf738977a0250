"""A recipe of an SDXL adapter: one TOML file, every key known, every number with its range."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from prosvet.core.types import Frozen
from prosvet.training.recipes import read_recipe

__all__ = ["ATTENTION", "Lora", "Recipe", "Selection", "Steps", "load_recipe"]

ATTENTION = r".*\.attn[12]\.to_(q|k|v|out\.0)"
"""The projections of every attention of the UNet, to itself and to the words."""


class Selection(Frozen):
    """Which cleaned rows are learned, and how their prompts begin.

    Attributes
    ----------
    rows, films : str
        The file of ``prosvet clean`` (.jsonl or .csv) and the folder of films, both below DATA.
    kind : str
        ``all``: every row as it is. ``single``: rows of one finding and as many normal ones.
    trigger : str
        Stands in front of the prompts of the finding, and of no others.
    findings : tuple of str
        Headings of codes that make a row one of the finding, without regard to case.
    most_findings : int
        Diagnoses that a row of the finding may have.
    without : tuple of str
        Words; a row of the finding with a code or diagnosis that has one of them is left out.
    size : int
        Side of the square, pixels.
    """

    rows: str = "rows.jsonl"
    films: str = "images"
    kind: Literal["all", "single"] = "all"
    trigger: str = ""
    findings: tuple[str, ...] = ()
    most_findings: int = Field(default=3, ge=1)
    without: tuple[str, ...] = ()
    size: int = Field(default=1024, ge=64, le=2048, multiple_of=8)
    limit: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind == "single" and not (self.trigger and self.findings):
            raise ValueError("a set of a single finding needs its findings and a trigger")
        if self.kind == "all" and (self.trigger or self.findings or self.without):
            raise ValueError("trigger, findings and without belong to a set of a single finding")
        return self


class Lora(Frozen):
    """Which layers of the UNet get an adapter, and how wide.

    Attributes
    ----------
    targets : str
        Regular expression that a layer's whole name must match.
    """

    rank: int = Field(default=16, ge=1, le=512)
    alpha: float = Field(default=16.0, gt=0)
    targets: str = Field(default=ATTENTION, min_length=1)


class Steps(Frozen):
    """How it is trained; ``batch`` is that of one process.

    Attributes
    ----------
    precision : str
        Of the UNet; ``auto``: ``fp16`` on a GPU, ``no`` on a processor. The coder of pictures computes in float32.
    optimiser : str
        ``adamw8bit`` where bitsandbytes has a GPU, else ``adamw``, which the log says.
    bad : int
        Steps in a row without a finite loss or gradient after which it ends.
    """

    lr: float = Field(default=1e-4, gt=0, lt=1)
    batch: int = Field(default=1, ge=1)
    accumulate: int = Field(default=4, ge=1)
    most: int = Field(default=1500, ge=1)
    checkpoint_every: int = Field(default=500, ge=1)
    precision: Literal["auto", "fp16", "bf16", "no"] = "auto"
    optimiser: Literal["adamw8bit", "adamw"] = "adamw8bit"
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0)
    gradient_checkpointing: bool = True
    seed: int = Field(default=42, ge=0, le=2**31)
    bad: int = Field(default=20, ge=1)


class Recipe(Frozen):
    """All of it, as one file says. ``model`` is the folder of an SDXL pipeline; nothing is fetched."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")
    model: Path
    data: Selection
    lora: Lora = Lora()
    steps: Steps = Steps()

    def digest(self) -> str:
        """A hash of all that decides what is trained; where the base lies is not part of it."""
        body = self.model_dump(mode="json", exclude={"model"})
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises
    ------
    NotFound, InvalidSettings
    """
    return read_recipe(path, Recipe.model_validate)
