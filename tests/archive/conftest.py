"""A stand-in for the networks, so that the archive is tested on what it does itself, and small films to take in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.types import Gates, ModelRef, View
from prosvet.imaging.film import Film
from prosvet.models.examine import Examination


class StandIn:
    """Answers from the pixels alone: flat films are no chest X-rays, tall ones are side views."""

    ref = ModelRef(name="stand-in", revision="1", operating_point="balanced")
    card = SimpleNamespace(operating_points={"balanced": {"nodule": SimpleNamespace(threshold=0.5)}})

    @classmethod
    def from_context(cls, context: Context) -> Self:
        return cls()

    def examine_many(self, films: Sequence[Film]) -> list[Examination]:
        return [self._examine(film) for film in films]

    def _examine(self, film: Film) -> Examination:
        chest = float(film.pixels.std()) > 1
        view = View.LATERAL if film.shape[0] > 1.5 * film.shape[1] else View.FRONTAL
        gates = Gates(
            is_chest_xray=chest, chest_xray_probability=0.9 if chest else 0.1, view=view if chest else View.UNKNOWN,
            lateral_probability=0.1, inverted=False, inverted_probability=0.0, rotated=0,
        )  # fmt: skip
        if not chest or view is View.LATERAL:
            return Examination(film, gates, self.ref)
        seed = int.from_bytes(hashlib.sha256(film.pixels.tobytes()).digest()[:4], "big")
        vector = np.random.default_rng(seed).normal(size=512).astype(np.float32)
        scores = {"nodule": (seed % 1000) / 1000, "mass": 0.25}
        return Examination(film, gates, self.ref, scores, vector / np.linalg.norm(vector))


class StandInEncoder:
    """A direction for each sentence, from its hash."""

    name = "use-multilingual-v3"
    width = 512

    @classmethod
    def from_context(cls, context: Context) -> Self:
        return cls()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") for text in texts]
        rows = [np.random.default_rng(seed).normal(size=self.width) for seed in seeds]
        matrix = np.array(rows, dtype=np.float32).reshape(len(texts), self.width)
        return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    """Puts the stand-in where ingest looks for its examiner."""
    monkeypatch.setattr("prosvet.archive.ingest.Examiner", StandIn)
    return StandIn


def film(path: Path, seed: int, *, size: tuple[int, int] = (96, 96)) -> Path:
    """A film of noise of (width, height), told apart by its seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 255, (size[1], size[0])).astype(np.uint8)
    Image.fromarray(noise).save(path)
    return path


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder: three films, a copy of the first, a side view, a flat picture, a broken one."""
    folder = tmp_path / "films"
    for seed in range(3):
        film(folder / f"{seed}.png", seed)
    (folder / "copy.png").write_bytes((folder / "0.png").read_bytes())
    film(folder / "side.png", 7, size=(80, 160))
    Image.new("L", (96, 96), 30).save(folder / "flat.png")
    (folder / "broken.png").write_bytes((folder / "1.png").read_bytes()[:300])
    return folder
