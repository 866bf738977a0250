"""Cards of image encoders of other makers: SigLIP, CLIP, DINOv2 and DenseNets, for search and second findings."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from prosvet.models.others_card import OthersCard
from prosvet.models.vlm.card import ImagePolicy, Load

__all__ = ["EncoderCard"]


class EncoderCard(OthersCard):
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
    """

    task: Literal["encode"]
    backend: Literal["transformers", "densenet"]
    images: ImagePolicy = ImagePolicy()
    load: Load = Load()
    pooling: Literal["features", "pooler", "cls", "mean"] = "features"
    text: str = ""
    languages: tuple[Literal["ru", "en"], ...] = ()
    labels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.text) != bool(self.languages) or (self.text and "{text}" not in self.text):
            raise ValueError("text needs its place {text} and its languages")
        if bool(self.labels) != (self.backend == "densenet"):
            raise ValueError("labels belong to a densenet, and it needs them")
        return self
