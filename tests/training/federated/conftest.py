"""Three sites: real films of three sources, as the shipped model sees them."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.imaging import load_bytes
from prosvet.models.examine import Examiner
from prosvet.training.data import FINDINGS, label_matrix
from prosvet.training.federated.films import FilmSet

SOURCES = {"north": "nih", "south": "lundis/mendeley_tb", "west": "kermany"}
FEW = ("abnormal", "pneumonia", "tuberculosis")
_FILMS = 14


def few_rows(shared: Path, source: str) -> list[dict[str, str]]:
    """The first films of a source, as many without findings as with."""
    with (shared / "cxr" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream) if r["split"] == "train" and r["source"].startswith(source)]
    well = [row for row in rows if row["labels"] == "normal"][: _FILMS // 2]
    return well + [row for row in rows if row["labels"] not in ("normal", "")][: _FILMS // 2]


def pictures(shared: Path, rows: list[dict[str, str]]) -> dict[str, bytes]:
    """The bytes of the films of `rows`, by name."""
    wanted = {Path(row["file"]).name for row in rows}
    found: dict[str, bytes] = {}
    for path in sorted((shared / "cxr").glob("train-*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                if Path(member.name).name in wanted:
                    stream = archive.extractfile(member)
                    assert stream is not None
                    found[Path(member.name).name] = stream.read()
    return found


def few_labels(rows: list[dict[str, str]]) -> np.ndarray:
    """Labels (N, 3) of FEW."""
    labels, weights = label_matrix(rows)
    columns = [FINDINGS.index(name) for name in FEW]
    return np.where(weights > 0, labels, -1).astype(np.int8)[:, columns]


@pytest.fixture(scope="session")
def sites(shared_data: Path) -> Mapping[str, FilmSet]:
    """Films of the three sites with scores and vectors of the shipped model."""
    made = {}
    settings = load_settings({}, home=Path("unused"))
    with Context(settings) as context:
        examiner = context.get(Examiner)
        rows = {site: few_rows(shared_data, source) for site, source in SOURCES.items()}
        found = pictures(shared_data, [row for part in rows.values() for row in part])
        for site, part in rows.items():
            films = [load_bytes(found[Path(r["file"]).name], r["id"], settings) for r in part]
            seen = examiner.examine_many(films)
            kept = [n for n, one in enumerate(seen) if one.vector is not None]
            made[site] = FilmSet(
                base=f"{examiner.card.name}@{examiner.card.revision}", findings=FEW,
                labels=few_labels([part[n] for n in kept]),
                scores=np.array([[seen[n].scores[name] for name in FEW] for n in kept]),
                vectors=np.stack([seen[n].vector for n in kept]).astype(np.float16),
            )  # fmt: skip
    return made
