"""Films as the tiny model sees them: the compact encoder run once over a folder of labelled films."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prosvet.imaging.film import Film
from prosvet.models.backends.tiny_features import FEATURES, features_of
from prosvet.models.examine import Examiner

__all__ = ["Seen", "joined", "manifest", "seen_films"]


@dataclass(frozen=True)
class Seen:
    """Features (N, 528) of films and their manifest rows, in one order."""

    features: NDArray[np.float32]
    rows: list[dict[str, str]]

    def where(self, keep: NDArray[np.bool_]) -> Seen:
        """The films for which `keep` (N,) is true."""
        return Seen(self.features[keep], [row for row, k in zip(self.rows, keep, strict=True) if k])


def manifest(data: Path, splits: Sequence[str]) -> list[dict[str, str]]:
    """Rows of ``cxr/manifest.csv`` in `splits`."""
    with (data / "cxr" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        return [row for row in csv.DictReader(stream) if row["split"] in splits]


def seen_films(data: Path, splits: Sequence[str], cache: Path, examiner: Examiner) -> Seen:
    """Films of `splits` that the gates let through, with features; these are kept in `cache` once made.

    Raises
    ------
    FileNotFoundError
        When the manifest is missing.
    """
    stored = [cache / f"features-{split}.npz" for split in splits]
    for split, path in zip(splits, stored, strict=True):
        if not path.is_file():
            _encode(data, split, path, examiner)
    parts = [joined(manifest(data, (split,)), path) for split, path in zip(splits, stored, strict=True)]
    return Seen(np.concatenate([part.features for part in parts]), [row for part in parts for row in part.rows])


def joined(rows: Sequence[Mapping[str, str]], stored: Path) -> Seen:
    """Manifest rows that have features in the file `stored`, with them.

    Raises
    ------
    ValueError
        When the file holds features of another length.
    """
    with np.load(stored) as kept:
        at = {str(name): n for n, name in enumerate(kept["ids"])}
        features = kept["features"].astype(np.float32)
    if features.shape[1:] != (FEATURES,):
        raise ValueError(f"{stored} holds {features.shape[1:]} numbers a film, not {FEATURES}")
    have = [dict(row) for row in rows if row["id"] in at]
    return Seen(features[[at[row["id"]] for row in have]], have)


def _encode(data: Path, split: str, path: Path, examiner: Examiner) -> None:
    ids, made = [], []
    for name, film in _films(data, split):
        seen = examiner.examine(film, anatomy=False)
        if seen.vector is not None:
            ids.append(name)
            made.append(features_of(seen.scores, seen.vector))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, ids=np.array(ids), features=np.stack(made).astype(np.float16))


def _films(data: Path, split: str) -> Iterator[tuple[str, Film]]:
    for archive in sorted((data / "cxr").glob(f"{split}-*.tar")):
        with tarfile.open(archive) as members:
            for member in members:
                stream = members.extractfile(member)
                if stream is None:
                    continue
                grey = np.asarray(Image.open(io.BytesIO(stream.read())).convert("L"), dtype=np.float32)
                yield Path(member.name).stem, Film(grey, Path(member.name).name, "", "jpeg")
