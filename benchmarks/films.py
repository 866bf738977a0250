"""The labelled films for benchmarks: manifest rows with their images, and what the product says of them."""

from __future__ import annotations

import argparse
import csv
import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common import ROOT, parser
from prosvet.core.context import Context
from prosvet.core.settings import Settings
from prosvet.imaging import load_bytes
from prosvet.imaging.film import Film
from prosvet.models.examine import Examiner
from prosvet.training.data import ALIAS

__all__ = ["Answers", "arguments", "examine_all", "films_of", "rows_of"]


def arguments(description: str | None, **folders: str) -> tuple[argparse.Namespace, Path]:
    """The command line with ``--data`` and more `folders`, and the development data.

    The data lie where ``--data`` says, where ``PROSVET_SHARED`` says, or beside the repository.
    """
    made = parser(description)
    for name, words in ({"data": "folder with cxr/manifest.csv"} | folders).items():
        made.add_argument(f"--{name}", type=Path, default=None, help=words)
    given = made.parse_args()
    shared = Path(os.environ.get("PROSVET_SHARED", str(ROOT.parent / "shared")))
    return given, given.data or shared / "data"


def rows_of(data: Path, splits: Sequence[str]) -> list[dict[str, str]]:
    """Manifest rows of the splits, with ``concepts`` (space-separated, our ids) added."""
    with (data / "cxr" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] in splits]
    for row in rows:
        row["concepts"] = " ".join(ALIAS.get(label, label) for label in row["labels"].split("|") if label)
    return rows


def films_of(data: Path, rows: Sequence[dict[str, str]]) -> Iterator[Film]:
    """The films of `rows`, in order, through the product's own loader."""
    settings = Settings(home=Path("unused"))
    stored: dict[str, bytes] = {}
    for split in {row["split"] for row in rows}:
        for path in sorted((data / "cxr").glob(f"{split}-*.tar")):
            with tarfile.open(path) as archive:
                for member in archive:
                    stream = archive.extractfile(member)
                    if stream is not None:
                        stored[Path(member.name).name] = stream.read()
    for row in rows:
        name = Path(row["file"]).name
        yield load_bytes(stored[name], name, settings)


@dataclass(frozen=True)
class Answers:
    """What the product says of N films: probability by concept (N,), vectors (N, 512), gate verdicts (N,)."""

    scores: dict[str, NDArray[np.float64]]
    vectors: NDArray[np.float32]
    readable: NDArray[np.bool_]


def examine_all(data: Path, rows: Sequence[dict[str, str]], model: str = "compact") -> Answers:
    """Examine every film. A refused film scores one half everywhere: a refusal is not an answer."""
    with Context(Settings(home=Path("unused"), model=model)) as context:
        examiner = context.get(Examiner)
        scores: list[dict[str, float]] = []
        vectors: list[NDArray[np.float32]] = []
        block: list[Film] = []
        films = films_of(data, rows)
        while block := list(islice(films, 64)):
            for examination in examiner.examine_many(block, anatomy=True):
                scores.append(examination.scores)
                vectors.append(
                    examination.vector if examination.vector is not None else np.zeros(512, dtype=np.float32)
                )
        labels = examiner.card.labels
    table = {label: np.array([s.get(label, 0.5) for s in scores]) for label in labels}
    return Answers(table, np.stack(vectors), np.array([bool(s) for s in scores]))
