"""The encoder that the settings name, for search beside the reading model: vectors of films, of texts, and findings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from prosvet.core.context import Context
from prosvet.core.errors import VlmError
from prosvet.core.i18n import Lang
from prosvet.core.registry import Registry
from prosvet.imaging.film import Film
from prosvet.models.card import cards, load_task_card
from prosvet.models.encoder_card import EncoderCard
from prosvet.models.vlm.pictures import prepared
from prosvet.models.vlm.types import Picture

__all__ = ["BACKENDS", "Encoder", "encoders", "load_encoder_card"]

BACKENDS = Registry(
    "encoder backend",
    {
        "transformers": "prosvet.models.backends.transformers_encoder:TransformersEncoder",
        "densenet": "prosvet.models.backends.densenet:DenseNet",
    },
)


def encoders(home: Path | None = None) -> dict[str, Path]:
    """Names of all cards of encoders, shipped and of this archive, with their files."""
    return cards(home, task="encode")


def load_encoder_card(name: str, home: Path | None = None) -> EncoderCard:
    """Read and check the card of an encoder.

    Raises
    ------
    ModelNotFound, ModelError
    """
    return load_task_card(name, EncoderCard, "encode", home)


class Encoder:
    """One encoder, loaded on first use; one batch at a time."""

    def __init__(self, card: EncoderCard) -> None:
        if not card.revision:
            raise VlmError(name=card.name, reason="no_revision")
        self.card = card
        self._network: Any = None
        self._running = Lock()

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The encoder of the setting ``encoder``.

        Raises
        ------
        ModelNotFound, VlmError
        """
        return cls(load_encoder_card(context.settings.encoder, context.settings.home))

    @property
    def space(self) -> str:
        """``NAME@REVISION``: vectors of two spaces are never compared."""
        return f"{self.card.name}@{self.card.revision}"

    def films(self, films: Sequence[Film]) -> tuple[NDArray[np.float32], list[dict[str, float]]]:
        """Unit vectors (N, D) of upright films, and of each its findings: empty for an encoder that has none.

        Findings are the network's own probabilities, with no threshold of ours: they say what it thinks, and nothing
        is present or absent by them.
        """
        policy, name = self.card.images, self.card.name
        pictures = [prepared([Picture(film.pixels)], policy, name)[0] for film in films]
        with self._running:
            vectors, scores = self._loaded().run(pictures)
        named = [dict(zip(self.card.labels, row, strict=True)) for row in scores] if scores is not None else []
        kept = [{label: round(float(p), 4) for label, p in row.items() if label} for row in named]
        return _unit(vectors), kept or [{} for _ in films]

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (N, D) of texts, in the same space.

        Raises
        ------
        VlmError
            When it has no tower for texts.
        """
        if not self.card.text:
            raise VlmError(name=self.card.name, reason="no_text_tower")
        with self._running:
            return _unit(self._loaded().texts(texts))

    def knows(self, lang: Lang) -> bool:
        """Whether its text tower knows a language."""
        return lang in self.card.languages

    def _loaded(self) -> Any:
        if self._network is None:
            self._network = BACKENDS[self.card.backend].open(self.card)
        return self._network


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    made: NDArray[np.float32] = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)).astype(
        np.float32
    )
    return made
