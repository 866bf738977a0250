"""The films that an adapter is fitted on or compared on: labels beside the model's own scores and vectors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cases", "folds", "shuffled"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cases:
    """N films of one site and K findings of its model.

    Attributes
    ----------
    scores : ndarray, shape (N, K)
        The model's own probabilities, as the archive keeps them (to four places).
    vectors : ndarray, shape (N, 512)
    labels : ndarray, shape (N, K)
        1, 0, or NaN where nobody has said.
    patients, studies : ndarray of str, shape (N,)
    dates : ndarray of str, shape (N,)
        ISO days, empty where unknown.
    """

    findings: tuple[str, ...]
    scores: Floats
    vectors: Floats
    labels: Floats
    patients: NDArray[np.str_]
    studies: NDArray[np.str_]
    dates: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.patients)

    def rows(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Cases:
        """Some of the films."""
        return Cases(
            self.findings, self.scores[which], self.vectors[which], self.labels[which], self.patients[which],
            self.studies[which], self.dates[which],
        )  # fmt: skip

    def digest(self) -> str:
        """sha256 of labels, scores, vectors and ids, whatever the order of the films."""
        order = np.argsort(self.studies, kind="stable")
        arrays = (self.scores, self.vectors, self.labels)
        parts = [np.round(array[order], 6).astype("<f4").tobytes() for array in arrays]
        names = "\n".join([*self.findings, *self.studies[order], *self.patients[order]]).encode()
        return hashlib.sha256(b"\0".join([names, *parts])).hexdigest()


def folds(patients: NDArray[np.str_], strata: Floats, count: int, seed: int) -> NDArray[np.int64]:
    """The fold of each film: patients are never split, and those with a finding are spread evenly.

    Parameters
    ----------
    strata : ndarray, shape (N,)
        A film's stratum (how much is found on it); a patient stands in its highest.
    """
    names, of = np.unique(patients, return_inverse=True)
    highest = np.full(len(names), -np.inf)
    np.maximum.at(highest, of, strata)
    random = np.random.default_rng(seed)
    order = np.lexsort((random.random(len(names)), highest))
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names)) % count
    found: NDArray[np.int64] = place[of]
    return found


def shuffled(cases: Cases, seed: int) -> Cases:
    """The same films with the labels of others: a control, from which nothing may be learnt."""
    order = np.random.default_rng(seed).permutation(len(cases))
    return replace(cases, labels=cases.labels[order])
