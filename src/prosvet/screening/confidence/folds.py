"""Splits that never tear a patient apart, the same at every run and on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

__all__ = ["folds", "set_aside"]

_WHOLE = 2**64


def folds(groups: Sequence[str], k: int) -> NDArray[np.intp]:
    """The fold (0..k-1) of each row: groups in the order of their hashes, dealt in turn.

    Examples
    --------
    >>> folds(["a", "b", "a", "c"], 2).tolist()
    [1, 0, 1, 0]
    """
    names = sorted(set(groups), key=_hash)
    of = {name: n % k for n, name in enumerate(names)}
    return np.array([of[name] for name in groups], dtype=np.intp)


def set_aside(group: str, share: float) -> bool:
    """Whether a patient is among the `share` that is set aside: decided by the name alone, whatever the other rows.

    Examples
    --------
    >>> sum(set_aside(f"p{n}", 0.3) for n in range(1000))
    282
    """
    return _hash(group) < share * _WHOLE


def _hash(name: str) -> int:
    return int.from_bytes(sha256(f"confidence\0{name}".encode()).digest()[:8], "big")
