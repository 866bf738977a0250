"""The card of a generator: its weights, what it can be asked, what its measurements mean, its known limits."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from prosvet.core.types import Frozen
from prosvet.models.card import Figure, Source, WeightFile, load_task_card

__all__ = ["GeneratorCard", "Pattern", "load_generator_card"]


class Pattern(Frozen):
    """Mean measurements of training films whose grey stands out at one place, and how many these were.

    ``zones`` are upper, middle and lower of the right, then of the left lung, in standard deviations of the lungs.
    """

    side: Literal["right", "left", "bilateral"]
    zone: Literal["upper", "middle", "lower", ""]
    zones: tuple[float, float, float, float, float, float]
    films: int


class GeneratorCard(Frozen):
    """Everything a user of a generator must know.

    Attributes
    ----------
    findings : tuple of str
        Concept ids that it was told of in training, in the order of its input.
    films_of : dict of str to int
        Training films with each finding: what is rare there is made badly.
    styles : dict of str to int
        Names of looks (archives) and their numbers; ``any`` leaves it open.
    latent : tuple of int
        Shape of the latents of one film.
    heart : dict of str to float
        Cardiothoracic ratio asked for ``absent``, ``small``, ``moderate``, ``large`` cardiomegaly.
    patterns : tuple of Pattern
    near : float or None
        Share of differing bits of prints (file ``seen``) below which a picture counts as a near copy of a film of
        training: 1 in 200 films of other patients lies so near.
    limits : dict of language to tuple of str
    """

    name: str
    title: dict[str, str]
    task: Literal["synthesis"]
    backend: Literal["onnx"]
    revision: str
    licence: str
    files: dict[str, WeightFile]
    size: int = Field(gt=0)
    findings: tuple[str, ...]
    films_of: dict[str, int]
    styles: dict[str, int]
    latent: tuple[int, int, int]
    heart: dict[str, float]
    patterns: tuple[Pattern, ...]
    near: float | None = Field(default=None, gt=0, lt=1)
    training: tuple[Source, ...]
    figures: tuple[Figure, ...] = ()
    limits: dict[str, tuple[str, ...]]
    folder: Path = Field(default=Path(), exclude=True)


def load_generator_card(name: str, home: Path | None = None) -> GeneratorCard:
    """Read and check the card of the generator `name`.

    Raises
    ------
    ModelNotFound, ModelError
    """
    return load_task_card(name, GeneratorCard, "synthesis", home)
