"""The judge: a findings network trained on films that the generator never saw, from an ONNX file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import ModelError, NotFound
from prosvet.imaging.intensity import standardise
from prosvet.models.backends.onnx import OnnxGraph
from prosvet.models.card import verified_path
from prosvet.models.deployed import in_force
from prosvet.models.findings import FINDINGS

__all__ = ["Judge", "Judged"]

_BATCH = 8


@dataclass(frozen=True)
class Judged:
    """Of N pictures: logits (N, findings), features (N, D), and the features of their mirror images (N, D)."""

    logits: NDArray[np.float64]
    features: NDArray[np.float64]
    mirrored: NDArray[np.float64]

    def score(self, concept: str) -> NDArray[np.float64]:
        """How strongly each picture (N,) speaks for a finding, or for ``normal``."""
        if concept == "normal":
            return -self.logits[:, FINDINGS.index("abnormal")]
        return self.logits[:, FINDINGS.index(concept)]

    def where(self, keep: NDArray[np.bool_]) -> Judged:
        """Those for which `keep` (N,) is true."""
        return Judged(self.logits[keep], self.features[keep], self.mirrored[keep])


class Judge:
    """A network of logits in the order of :data:`prosvet.models.findings.FINDINGS`, and features.

    Parameters
    ----------
    path : Path
    size : int
        Side of its squares, pixels.
    features : str
        Which of its outputs is features (N, D).
    apart : bool
        It learned from films that the generator never saw: only then does it judge what a picture shows.

    Raises
    ------
    ModelError
        When the file is no such network.
    """

    def __init__(self, path: Path, size: int, threads: int, *, features: str = "features", apart: bool = True) -> None:
        self.name, self.size, self.apart = path.name, size, apart
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self._graph = OnnxGraph(path, threads)
        if self._graph.inputs != ("image",) or not {"logits", features} <= set(self._graph.outputs):
            raise ModelError(name=path.name, reason=f"not a network of image to logits and {features}")
        self._at = [self._graph.outputs.index(name) for name in ("logits", features)]
        found = self._run(np.zeros((1, 1, size, size), dtype=np.float32))[0].shape[1]
        if found != len(FINDINGS):
            raise ModelError(name=path.name, reason=f"{found} logits instead of {len(FINDINGS)}")

    @classmethod
    def given(cls, path: Path, size: int, threads: int) -> Self:
        """The judge in a file that :func:`prosvet.training.export.export_member` wrote.

        Raises
        ------
        NotFound, ModelError
        """
        if not path.is_file():
            raise NotFound(kind="judge", name=str(path))
        return cls(path, size, threads)

    @classmethod
    def of_pack(cls, context: Context) -> Self:
        """The encoder of the pack that reads: for distances alone, as it may have learned from the same films.

        Raises
        ------
        ModelError, ModelHashMismatch
        """
        card = in_force(context.settings).card
        threads = context.settings.threads
        return cls(verified_path(card, "encoder"), card.input.size, threads, features="vector", apart=False)

    def look(self, pictures: NDArray[np.uint8]) -> Judged:
        """What it says of prepared pictures (N, 256, 256): the mean over each and its mirror image."""
        parts: list[tuple[NDArray[np.floating[Any]], ...]] = []
        for start in range(0, len(pictures), _BATCH):
            squares = self._squares(pictures[start : start + _BATCH])
            (logits, features), (others, mirrored) = self._run(squares), self._run(squares[..., ::-1])
            parts.append(((logits + others) / 2, features, mirrored))
        return Judged(*(np.concatenate(part).astype(np.float64) for part in zip(*parts, strict=True)))

    def _run(self, squares: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        answer = self._graph(image=squares)
        return answer[self._at[0]], answer[self._at[1]]

    def _squares(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        to = (self.size, self.size)
        grey = [np.asarray(Image.fromarray(one).resize(to, Image.Resampling.BILINEAR)) for one in pictures]
        return standardise(np.stack(grey).astype(np.float32) / np.float32(255))[:, None]
