"""Real films for the measures: prepared as the networks see them, with what is known of each."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prosvet.archive.readers.detect import detect_reader
from prosvet.archive.readers.item import Item
from prosvet.core.context import Context
from prosvet.core.errors import ImageError, InvalidRequest
from prosvet.core.types import Status, View
from prosvet.evaluation.result import DataRef
from prosvet.imaging.intensity import MEAN, STD
from prosvet.imaging.load import load_bytes
from prosvet.models.prepare import prepare

__all__ = ["SIDE", "Known", "Shots", "frontal_films", "known_of", "read_films", "short"]

log = logging.getLogger(__name__)

SIDE = 256
"""Pixels of a prepared film and of a made picture."""


@dataclass(frozen=True)
class Known:
    """What is known of one film: its id, patient, archive, and the concepts that its labels say are present.

    ``normal`` stands among `present` where the label says so; what is not there may be unknown.
    """

    id: str
    patient: str
    source: str
    present: frozenset[str]


@dataclass(frozen=True)
class Shots:
    """Prepared films (N, 256, 256), and what is known of each, in the same order."""

    pixels: NDArray[np.uint8]
    known: tuple[Known, ...]

    def where(self, keep: Sequence[bool] | NDArray[np.bool_]) -> Shots:
        """The films for which `keep` (N,) is true."""
        return Shots(self.pixels[np.asarray(keep)], tuple(k for k, it in zip(self.known, keep, strict=True) if it))

    def with_finding(self, concept: str) -> NDArray[np.bool_]:
        """Which films (N,) are labelled with it."""
        return np.array([concept in one.present for one in self.known], dtype=bool)

    def of(self, source: str) -> NDArray[np.bool_]:
        """Which films (N,) come from an archive, by its short name; all for an empty one."""
        return np.array([source in ("", one.source) for one in self.known], dtype=bool)

    def halves(self, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Two halves (N,), (N,) that have no patient in common."""
        patients = sorted({one.patient for one in self.known})
        chosen = set(np.random.default_rng(seed).permutation(np.array(patients))[: len(patients) // 2].tolist())
        first = np.array([one.patient in chosen for one in self.known], dtype=bool)
        return first, ~first

    def ref(self, name: str) -> DataRef:
        """The films as an evaluation names them, by the sha256 of their prepared pixels."""
        digest = hashlib.sha256(self.pixels.tobytes()).hexdigest()
        return DataRef(name=name, sha256=digest, n=len(self.known))


def read_films(path: Path, splits: Sequence[str], context: Context) -> Shots:
    """Frontal films of a data set that ``prosvet ingest`` can read, of some of its splits (all when empty).

    A file that is no film is left out with a line in the log.

    Raises
    ------
    NotFound, UnknownLayout, SeveralLayouts, ManifestError
    InvalidRequest
        When no film is left.
    """
    found = [(item.image, known_of(item)) for item in frontal_films(path, splits) if item.image is not None]
    pixels, known = [], []
    for image, facts in context.progress.track(found, "films_read", total=len(found)):
        try:
            film = load_bytes(image.read(), image.name, context.settings)
        except ImageError as error:
            log.warning("a film was left out: %s", error)
            continue
        square, _ = prepare(film).square(SIDE)
        pixels.append(np.round(255 * np.clip(square * STD + MEAN, 0, 1)).astype(np.uint8))
        known.append(facts)
    if not known:
        raise InvalidRequest(name="data", reason="no_films_of_splits", splits=", ".join(splits) or "*")
    return Shots(np.stack(pixels), tuple(known))


def frontal_films(path: Path, splits: Sequence[str]) -> Iterator[Item]:
    """Items of a data set that have a film and are no side views, of some of its splits (all when empty)."""
    _, reader = detect_reader(path)
    for item in reader.items(path):
        if item.image is not None and item.view is not View.LATERAL and (not splits or item.split in splits):
            yield item


def known_of(item: Item) -> Known:
    """What the source of an item says of its film."""
    name = item.image.name if item.image is not None else ""
    present = frozenset(label.concept for label in item.labels if label.status is Status.PRESENT)
    return Known(name, item.patient or name, short(item.source), present)


def short(source: str) -> str:
    """An archive's short name, as a generator's card names its style: ``lundis/mendeley_tb(…)`` is ``mendeley_tb``."""
    return source.split("(")[0].split("/")[-1]
