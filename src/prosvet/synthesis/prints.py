"""Prints of films: which film that a generator learned from is a picture nearest to, without keeping those films.

A print is one bit for each low frequency of a film: whether it has more or less of it than training films have on
average. Contrast and noise hardly move it; the picture that is asked about is also tried mirrored and shifted. Such
hashes are the common way to find copies of a picture (Zauner 2010, "Implementation and Benchmarking of Perceptual Image
Hash Functions"); taking the mean film off first tells chest X-rays apart, which are all alike at a glance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import ModelError

__all__ = ["BITS", "Nearest", "Prints", "distances_apart"]

_SIDE = 64  # pixels to which a film is reduced
_LOW = 15  # frequencies each way
_CUT = 4  # of the 64 pixels: an edge that is left out, so that a shifted picture has the same
_SHIFTS = (-2, -1, 0, 1, 2)  # of the 64 pixels
BITS = _LOW * _LOW - 1


@dataclass(frozen=True)
class Nearest:
    """The nearest film of training: its number there, and how many of the bits differ, 0..1."""

    film: int
    distance: float


@dataclass(frozen=True)
class Prints:
    """Bits (N, 28), packed, of N films in the order of training, and the mean frequencies (224,) taken off."""

    bits: NDArray[np.uint8]
    mean: NDArray[np.float32]

    @classmethod
    def of(cls, pictures: NDArray[np.uint8]) -> Self:
        """Of prepared films (N, 256, 256)."""
        waves = np.concatenate([_waves(_small(one), 0, 0)[None] for one in pictures])
        mean = waves.mean(axis=0).astype(np.float32)
        return cls(np.packbits(waves > mean, axis=1), mean)

    @classmethod
    def load(cls, path: Path) -> Self:
        """As kept by :meth:`save`.

        Raises
        ------
        ModelError
            When the file is not one of prints.
        """
        try:
            with np.load(path, allow_pickle=False) as kept:
                made = cls(kept["bits"], kept["mean"])
        except (OSError, ValueError, KeyError):
            raise ModelError(name=path.name, reason="no prints in it") from None
        if made.bits.dtype != np.uint8 or made.bits.shape[1:] != (BITS // 8,) or made.mean.shape != (BITS,):
            raise ModelError(name=path.name, reason=f"prints of another kind: {made.bits.shape}, {made.mean.shape}")
        return made

    def save(self, path: Path) -> None:
        """Into an ``.npz`` file."""
        np.savez(path, bits=self.bits, mean=self.mean)

    def nearest(self, picture: NDArray[np.floating] | NDArray[np.uint8]) -> Nearest:
        """The film nearest to a picture (256, 256), tried as it is, mirrored, and shifted by up to 8 pixels."""
        best = Nearest(-1, 1.0)
        for waves in _tries(_small(picture)):
            asked = np.packbits(waves > self.mean)
            apart = np.bitwise_count(self.bits ^ asked).sum(axis=1, dtype=np.int64)
            film = int(apart.argmin())
            best = min(best, Nearest(film, int(apart[film]) / BITS), key=lambda one: one.distance)
        return best


def distances_apart(prints: Prints, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Distance of each picture (N, 256, 256) to its nearest film."""
    return np.array([prints.nearest(one).distance for one in pictures])


def _small(picture: NDArray[np.floating] | NDArray[np.uint8]) -> NDArray[np.float32]:
    """Reduced to (64, 64) by means of squares."""
    step = picture.shape[0] // _SIDE
    small: NDArray[np.float32] = picture.reshape(_SIDE, step, _SIDE, step).mean(axis=(1, 3), dtype=np.float32)
    return small


def _tries(small: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    for seen in (small, small[:, ::-1]):
        for down in _SHIFTS:
            for right in _SHIFTS:
                yield _waves(seen, down, right)


def _waves(small: NDArray[np.float32], down: int, right: int) -> NDArray[np.float32]:
    """Low frequencies (224,) of the middle of a reduced film, of mean square one."""
    from scipy.fft import dctn

    side = _SIDE - 2 * _CUT
    cut = small[_CUT + down : _CUT + down + side, _CUT + right : _CUT + right + side]
    low = dctn(cut, norm="ortho")[:_LOW, :_LOW].ravel()[1:]
    size = float(np.sqrt(np.square(low).mean())) or 1.0
    waves: NDArray[np.float32] = (low / size).astype(np.float32)
    return waves
