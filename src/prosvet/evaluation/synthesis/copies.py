"""Copies of training films among made pictures: each one's nearest film, and which are too near to be chance.

Two distances. ``outline``: one less the correlation of reduced pictures without their broad shading, over shifts of
a few pixels and both mirrorings, so that contrast, shift, mirror and noise do not hide a copy. ``encoder``: cosine
distance of features, of the picture or its mirror image. What is near enough for a copy is learned from real films of
other patients, which are no copies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

from prosvet.evaluation.resampling import Interval

__all__ = ["Nearest", "Rule", "copied_share", "nearest_by_encoder", "nearest_by_outline", "rule_of"]

Floats = NDArray[np.float32]
_SIDE, _SHIFT = 32, 3  # pixels of the picture that is searched with, and how far it may be moved: about a tenth
_FINE, _ROUND = 64, 2  # pixels of the picture that is compared, and how far around the place that the search found
_GRAIN, _SHADING = 0.7, 3.0  # pixels: finer is noise, broader is exposure and the shape that all chests share
_CANDIDATES = 12
_BLOCK = 512

_SHIFTS = tuple((down, right) for down in range(2 * _SHIFT + 1) for right in range(2 * _SHIFT + 1))
_QUANTILE, _MARGIN = 0.01, 0.8


@dataclass(frozen=True)
class Nearest:
    """Of each of N pictures, its distance to the nearest film (N,) and that film's row (N,)."""

    distance: Floats
    row: NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """What is a copy by one distance: nearer than `bound`.

    The bound is learned from the distances of real films of other patients to the same training films: it is four
    fifths of their 1 % quantile, for one honest picture in a hundred lies nearer than that quantile itself. Where
    some of these films are of the same patients under other names, the quantile and the bound are lower than they
    should be, and slightly changed copies are still far below.
    """

    quantile: float
    bound: float
    films: int

    def copies(self, distance: Floats) -> NDArray[np.bool_]:
        """Which of the distances (N,) are a copy's."""
        near: NDArray[np.bool_] = distance < self.bound
        return near


def rule_of(real: Floats) -> Rule:
    """The rule of the distances (N,) of real films that are no copies."""
    near = float(np.quantile(real, _QUANTILE))
    return Rule(quantile=near, bound=_MARGIN * near, films=len(real))


def copied_share(copied: NDArray[np.bool_]) -> Interval:
    """Share of copies from 0 to its upper one-sided 95 % bound (Clopper and Pearson, 1934).

    Examples
    --------
    >>> round(copied_share(np.zeros(598, dtype=bool)).high, 4)
    0.005
    """
    k, n = int(copied.sum()), len(copied)
    high = 1.0 if k == n else float(stats.beta.ppf(0.95, k + 1, n - k))
    return Interval(k / n, 0.0, high, n, n, 0)


def nearest_by_outline(pictures: NDArray[np.uint8], films: NDArray[np.uint8]) -> Nearest:
    """The nearest of `films` (M, S, S) to each of `pictures` (N, S, S), S a multiple of 64.

    Small pictures find the candidates, mirrored or not, and where they lie; finer ones are compared there.
    """
    found = _search(_reduced(pictures, _SIDE), _reduced(films, _SIDE))
    fine = _reduced(pictures, _FINE)
    distance = np.empty(len(pictures), dtype=np.float32)
    row = np.empty(len(pictures), dtype=np.int64)
    for number, (picture, candidates) in enumerate(zip(fine, found, strict=True)):
        near = _reduced(films[candidates[:, 0]], _FINE)
        alike = [_alike(picture, film, int(way)) for film, way in zip(near, candidates[:, 1], strict=True)]
        best = int(np.argmax(alike))
        distance[number], row[number] = 1 - alike[best], candidates[best, 0]
    return Nearest(distance, row)


def _search(pictures: Floats, films: Floats) -> NDArray[np.int64]:
    """Rows of the candidates of each picture and the way that they fit best, (N, candidates, 2)."""
    inner = _SIDE - 2 * _SHIFT
    asked = pictures[:, _SHIFT : _SHIFT + inner, _SHIFT : _SHIFT + inner]
    mirrored = pictures[:, :, ::-1][:, _SHIFT : _SHIFT + inner, _SHIFT : _SHIFT + inner]
    both = np.concatenate([_unit(asked), _unit(mirrored)]).T
    kept = np.full((0, len(pictures)), -np.inf, dtype=np.float32)
    names = np.zeros((0, len(pictures), 2), dtype=np.int64)
    for start in range(0, len(films), _BLOCK):
        some = films[start : start + _BLOCK]
        best = np.full((len(some), len(pictures)), -np.inf, dtype=np.float32)
        way = np.zeros(best.shape, dtype=np.int64)
        for number, (down, right) in enumerate(_SHIFTS):
            alike = _unit(some[:, down : down + inner, right : right + inner]) @ both
            for mirror, part in enumerate(np.split(alike, 2, axis=1)):
                better = part > best
                best[better], way[better] = part[better], 2 * number + mirror
        rows = np.broadcast_to(np.arange(start, start + len(some))[:, None], best.shape)
        kept, names = _foremost(np.concatenate([kept, best]), np.concatenate([names, np.stack([rows, way], axis=2)]))
    return names.transpose(1, 0, 2)


def _foremost(alike: Floats, names: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    if len(alike) <= _CANDIDATES:
        return alike, names
    first = np.argpartition(-alike, _CANDIDATES - 1, axis=0)[:_CANDIDATES]
    return np.take_along_axis(alike, first, axis=0), np.take_along_axis(names, first[:, :, None], axis=0)


def _alike(picture: Floats, film: Floats, way: int) -> float:
    """Greatest correlation of two fine pictures near the place that the search found."""
    margin = _FINE // _SIDE * _SHIFT + _ROUND
    inner = _FINE - 2 * margin
    number, mirror = divmod(way, 2)
    asked = _unit((picture[:, ::-1] if mirror else picture)[None, margin : margin + inner, margin : margin + inner])[0]
    down, right = (_FINE // _SIDE * at for at in _SHIFTS[number])
    around = film[down : down + inner + 2 * _ROUND, right : right + inner + 2 * _ROUND]
    windows = np.lib.stride_tricks.sliding_window_view(around, (inner, inner)).reshape(-1, inner, inner)
    return float((_unit(windows) @ asked).max())


def _keep_best(alike: Floats, best: Floats, row: NDArray[np.int64]) -> None:
    at = alike.argmax(axis=0)
    found = alike[at, np.arange(alike.shape[1])]
    better = found > best
    best[better], row[better] = found[better], at[better]


def _reduced(pictures: NDArray[np.uint8], to: int) -> Floats:
    """Pictures of `to` pixels without grain and shading."""
    count, side = pictures.shape[:2]
    step = side // to
    small = pictures.reshape(count, to, step, to, step).mean(axis=(2, 4), dtype=np.float32)

    def blurred(sigma: float) -> Floats:
        smooth: Floats = ndimage.gaussian_filter(small, (0, sigma, sigma), mode="nearest")
        return smooth

    return blurred(_GRAIN) - blurred(_SHADING)


def _unit(windows: Floats) -> Floats:
    flat = windows.reshape(len(windows), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    unit: Floats = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    return unit


def nearest_by_encoder(pictures: Floats, mirrored: Floats, films: Floats) -> Nearest:
    """The nearest of films' features (M, D) to pictures' (N, D) or their mirror images' (N, D)."""
    best = np.full(len(pictures), -np.inf, dtype=np.float32)
    row = np.zeros(len(pictures), dtype=np.int64)
    middle = films.mean(axis=0)  # what all films share would make everything alike
    known = _unit_rows(films - middle)
    for way in (pictures, mirrored):
        _keep_best(known @ _unit_rows(way - middle).T, best, row)
    return Nearest(1 - best, row)


def _unit_rows(features: Floats) -> Floats:
    unit: Floats = (features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return unit
