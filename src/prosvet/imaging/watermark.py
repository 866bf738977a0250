"""An invisible mark in the grey values of every picture that was made and not taken.

A fixed pseudo-random pattern, spread over the middle frequencies of the whole picture, is added at about one percent
of full scale. It is found again by the phases of these frequencies alone (so that brightness, contrast and negatives
do not matter), at every shift at once, for the picture taken whole and for a part of it at its own scale. Header and
text can be lost with one save; this stays, and tells that the picture is synthetic and nothing else.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["THRESHOLD", "add_watermark", "watermark_score", "watermarked"]

FloatImage = NDArray[np.float32]

SIDE = 256  # pixels at which the pattern is laid out
THRESHOLD = 8.0
"""Scores from here on say that the mark is there. Without it a score is the greatest of some 200,000 nearly normal
numbers: 8 is passed by chance less than once in a billion films."""

_LOW, _HIGH = 14.0, 50.0  # cycles across the picture: below lies anatomy, above half the size takes it away
_STRENGTHS = (0.006, 0.008, 0.010, 0.013)  # standard deviation, of full scale: the first that is found with ease
_EASE = 15.0  # score of the mark before anything has happened to it
_SEED = 20261122
_LARGEST_PART = 2 * SIDE  # pixels: a larger picture is no cut of one that was made here


def add_watermark(picture: FloatImage) -> FloatImage:
    """`picture` (H, W) in 0..1 with the mark, as strong as the picture's own grain needs it.

    The change has a standard deviation of 0.6 to 1.3 % of full scale.
    """
    height, width = picture.shape
    pattern = _resized(_pattern(), height, width)
    marked = picture
    for strength in _STRENGTHS:
        # Where the picture is black or white to the end there is no room on one side: give it some.
        room = np.clip(picture, 3 * strength, 1 - 3 * strength)
        marked = np.clip(room + np.float32(strength) * pattern, 0, 1).astype(np.float32)
        if watermark_score(marked) >= _EASE:
            break
    return marked


def watermark_score(picture: NDArray[np.floating] | NDArray[np.integer]) -> float:
    """How much the phases of `picture` (H, W), any grey scale, agree with the mark, in standard deviations.

    Examples
    --------
    >>> film = np.random.default_rng(1).random((256, 256), dtype=np.float32)
    >>> watermark_score(film) < THRESHOLD < watermark_score(add_watermark(np.full((256, 256), 0.5, np.float32)))
    True
    """
    grey = np.asarray(picture, dtype=np.float32)
    height, width = grey.shape
    if min(height, width) < SIDE // 4 or float(np.ptp(grey)) == 0:
        return 0.0
    grey = (grey - grey.min()) / np.float32(np.ptp(grey))
    tried = [_resized(grey, SIDE, SIDE)]
    if max(height, width) <= _LARGEST_PART and (height, width) != (SIDE, SIDE):
        tried += [_part(grey, scale) for scale in (1.0, 2.0, 0.5) if max(height, width) * scale <= SIDE]
    return max(_score(one) for one in tried)


def watermarked(picture: NDArray[np.floating] | NDArray[np.integer]) -> bool:
    """Whether `picture` carries the mark."""
    return watermark_score(picture) >= THRESHOLD


@lru_cache(maxsize=1)
def _band() -> NDArray[np.bool_]:
    rows, columns = np.fft.fftfreq(SIDE, 1 / SIDE)[:, None], np.fft.rfftfreq(SIDE, 1 / SIDE)[None]
    radius = np.hypot(rows, columns)
    # Not the axes: edges of the picture and of what is written on it lie there.
    band: NDArray[np.bool_] = (radius >= _LOW) & (radius <= _HIGH) & (np.abs(rows) > 2) & (np.abs(columns) > 2)
    return band


@lru_cache(maxsize=1)
def _phases() -> NDArray[np.complex64]:
    random = np.random.default_rng(_SEED)
    turned = np.exp(2j * np.pi * random.random((SIDE, SIDE // 2 + 1)))
    return np.where(_band(), turned, 0).astype(np.complex64)


@lru_cache(maxsize=1)
def _pattern() -> FloatImage:
    waves = np.fft.irfft2(_phases(), s=(SIDE, SIDE))
    pattern: FloatImage = (waves / waves.std()).astype(np.float32)
    return pattern


def _score(square: FloatImage) -> float:
    found = np.fft.rfft2(_tapered(square))
    strength = np.abs(found)
    phases = np.where(_band() & (strength > 0), found / np.maximum(strength, 1e-12), 0)
    agreement = np.fft.irfft2(phases * np.conj(_phases()), s=(SIDE, SIDE))
    return float(np.abs(agreement).max() / agreement.std())


@lru_cache(maxsize=1)
def _window() -> FloatImage:
    edge = np.minimum(np.arange(SIDE) + 0.5, SIDE - np.arange(SIDE) - 0.5) / 16
    ramp = np.sin(np.pi / 2 * np.clip(edge, 0, 1)) ** 2
    return np.outer(ramp, ramp).astype(np.float32)


def _tapered(square: FloatImage) -> FloatImage:
    """Without the jump from one edge to the opposite one, which would fill every frequency."""
    tapered: FloatImage = (square - square.mean()) * _window()
    return tapered


def _part(grey: FloatImage, scale: float) -> FloatImage:
    """`grey` at `scale` in the corner of a square of its mean."""
    height, width = round(grey.shape[0] * scale), round(grey.shape[1] * scale)
    out = np.full((SIDE, SIDE), grey.mean(), dtype=np.float32)
    out[:height, :width] = _resized(grey, height, width)
    return out


def _resized(grey: FloatImage, height: int, width: int) -> FloatImage:
    if grey.shape == (height, width):
        return grey
    return np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
