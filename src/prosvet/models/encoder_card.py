"""Cards of image encoders of other makers: SigLIP, CLIP, DINOv2 and DenseNets, for search and second findings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from prosvet.core.types import Frozen
from prosvet.models.card import Figure, WeightFile
from prosvet.models.vlm.card import ImagePolicy, Load

__all__ = ["EncoderCard"]


class EncoderCard(Frozen):
    """Everything that is known of an encoder.

    Attributes
    ----------
    backend : str
        ``transformers``: two towers or one, by its class there; ``densenet``: DenseNet-121 of torchxrayvision.
    pooling : str
        What of a picture tower is its vector: ``features`` (what it is compared with texts by), ``pooler``, ``cls``
        (the first token), ``mean`` (of all tokens).
    text : str
        How a query is worded before the text tower, ``{text}`` its place; empty where there is no such tower.
    languages : tuple of str
        Those that the text tower knows.
    labels : tuple of str
        Of a DenseNet: the concept id of each output, in order; empty for one that has no place among ours.
    files, weights, revision
        As in the cards of vision-language models.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    title: dict[str, str]
    task: Literal["encode"]
    backend: Literal["transformers", "densenet"]
    source: str = ""
    revision: str = ""
    licence: str
    weights: str = ""
    files: dict[str, WeightFile] = Field(default_factory=dict)
    images: ImagePolicy = ImagePolicy()
    load: Load = Load()
    pooling: Literal["features", "pooler", "cls", "mean"] = "features"
    text: str = ""
    languages: tuple[Literal["ru", "en"], ...] = ()
    labels: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    limits: dict[str, tuple[str, ...]]
    folder: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if set(self.title) != {"ru", "en"} or set(self.limits) != {"ru", "en"}:
            raise ValueError("title and limits are needed in ru and en")
        if bool(self.text) != bool(self.languages) or (self.text and "{text}" not in self.text):
            raise ValueError("text needs its place {text} and its languages")
        if bool(self.labels) != (self.backend == "densenet"):
            raise ValueError("labels belong to a densenet, and it needs them")
        return self

    @property
    def weights_folder(self) -> Path:
        """Where the weights should lie."""
        return (self.folder / self.weights).resolve()
