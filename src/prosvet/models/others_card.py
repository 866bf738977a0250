"""What stands in every card of a model of another maker, whose weights the user brings."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from prosvet.core.types import Frozen
from prosvet.models.card import Figure, WeightFile

__all__ = ["OthersCard"]


class OthersCard(Frozen):
    """A model's name, whose it is, and where its weights lie.

    Attributes
    ----------
    source : str
        Where its publisher keeps it, for the user to fetch from: nothing is fetched at run time.
    revision : str
        Pinned by the user when the card is added; empty in a card that only describes a public model.
    weights : str
        Folder with the weights: absolute, or beside the card.
    files : dict
        Hash and size of each file of that folder, filled in by ``prosvet models add``.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    title: dict[str, str]
    source: str = ""
    revision: str = ""
    licence: str
    weights: str = ""
    files: dict[str, WeightFile] = Field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    limits: dict[str, tuple[str, ...]]
    folder: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="after")
    def _in_both_languages(self) -> Self:
        if set(self.title) != {"ru", "en"} or set(self.limits) != {"ru", "en"}:
            raise ValueError("title and limits are needed in ru and en")
        return self

    @property
    def weights_folder(self) -> Path:
        """Where the weights should lie."""
        return (self.folder / self.weights).resolve()
