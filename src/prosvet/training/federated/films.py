"""What a site trains on: a file of numbers that stays in the hospital.

For a correction: scores and vectors of the frozen model with labels. For the whole network: the prepared films
themselves. There are no names, dates or identifiers in it; still it is data of patients and never leaves the house.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import FederationError
from prosvet.training.federated.heads import Design, design
from prosvet.training.federated.packet import read_packet, write_packet
from prosvet.training.federated.plan import Plan

__all__ = ["FilmSet", "load_films", "save_films"]


@dataclass(frozen=True)
class FilmSet:
    """Films of one site as numbers.

    Attributes
    ----------
    base : str
        ``MODEL@REVISION`` that gave scores and vectors; empty where there are only pixels.
    labels : ndarray of int8, shape (N, K)
        1 present, 0 absent, -1 unknown.
    scores : ndarray, shape (N, K) or None
    vectors : ndarray of float16, shape (N, 512) or None
    pixels : ndarray of uint8, shape (N, S, S) or None
        Prepared films (:func:`prosvet.training.data.prepare`).
    data_sha256 : str
        Of labels, scores and vectors as the archive held them.
    seen : tuple of str
        Keys of the patients, as an adapter's card keeps them, so that it is never judged on them.
    """

    base: str
    findings: tuple[str, ...]
    labels: NDArray[np.int8]
    scores: NDArray[np.float64] | None = None
    vectors: NDArray[np.float16] | None = None
    pixels: NDArray[np.uint8] | None = None
    labels_from: str = ""
    data_sha256: str = ""
    seen: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """Films with and without each finding, of those that speak of it."""
        return {
            name: (int((column == 1).sum()), int((column == 0).sum()))
            for name, column in zip(self.findings, self.labels.T, strict=True)
        }

    def design(self, plan: Plan) -> Design:
        """The numbers of a correction.

        Raises
        ------
        FederationError
            ``other_base``, ``other_findings``, ``no_vectors``, ``too_many``.
        """
        self.check(plan)
        if self.scores is None or self.vectors is None:
            raise FederationError(reason="no_vectors")
        if self.base != plan.base:
            raise FederationError(reason="other_base", found=self.base, wanted=plan.base)
        return design(self.scores, self.vectors, self.labels)

    def check(self, plan: Plan) -> None:
        """Refuse a plan that speaks of other findings, or of fewer films than there are."""
        if self.findings != plan.findings:
            raise FederationError(reason="other_findings", wanted=", ".join(plan.findings))
        if not 0 < len(self) <= plan.largest:
            raise FederationError(reason="too_many", n=len(self), largest=plan.largest)


def save_films(path: Path, films: FilmSet) -> str:
    """Write `films`; returns the file's SHA-256."""
    parts = {"labels": films.labels, "scores": films.scores, "vectors": films.vectors, "pixels": films.pixels}
    header = {
        "kind": "films", "base": films.base, "findings": list(films.findings), "n": len(films),
        "labels_from": films.labels_from, "data_sha256": films.data_sha256, "seen": list(films.seen),
    }  # fmt: skip
    return write_packet(path, header, {name: part for name, part in parts.items() if part is not None}, {})


def load_films(path: Path) -> tuple[FilmSet, str]:
    """Read films and the file's SHA-256.

    Raises
    ------
    NotFound, FederationError
        When the file is not there, is not one of films, or was damaged.
    """
    packet = read_packet(path, "films")
    header, arrays = packet.header, packet.arrays
    findings = tuple(map(str, header.get("findings", ())))
    labels = arrays.get("labels", np.zeros((0, 0)))
    n = len(labels)
    shapes = {"scores": (n, len(findings)), "vectors": (n, 512)}
    wrong = labels.shape != (n, len(findings)) or not set(np.unique(labels).tolist()) <= {-1, 0, 1}
    wrong |= any(name in arrays and arrays[name].shape != shape for name, shape in shapes.items())
    if wrong or ("pixels" in arrays and (arrays["pixels"].ndim != 3 or len(arrays["pixels"]) != n)):
        raise FederationError(reason="not_a_packet", name=path.name)
    made: dict[str, Any] = {name: arrays.get(name) for name in ("scores", "vectors", "pixels")}
    return FilmSet(
        base=str(header.get("base", "")), findings=findings, labels=labels.astype(np.int8), **made,
        labels_from=str(header.get("labels_from", "")), data_sha256=str(header.get("data_sha256", "")),
        seen=tuple(map(str, header.get("seen", ()))),
    ), packet.sha256  # fmt: skip
