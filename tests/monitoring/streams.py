"""Streams for tests: an archive of studies with real pictures on disk, and samples without one."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from PIL import Image as Picture
from sqlalchemy import insert

from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, Patient, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.monitoring.sample import Sample

__all__ = ["add_studies", "facts", "sample"]

START = datetime(2026, 3, 1)


def facts(rng: np.random.Generator, **changed: Any) -> dict[str, Any]:
    """Facts of one study of a steady stream."""
    made = {
        "device": str(rng.choice(["Alpha", "Beta"], p=[0.7, 0.3])), "age": float(rng.normal(55, 15)),
        "sex": str(rng.choice(["F", "M"])), "abnormal": float(rng.beta(2, 5)), "gate": "passed",
        "bits": str(rng.choice(["10", "12", "14"])), "kvp": float(rng.choice([110, 120, 125])),
    }  # fmt: skip
    return made | changed


def sample(n: int, seed: int, shift: float = 0.0, **changed: Any) -> Sample:
    """`n` studies whose vectors lie `shift` apart along one axis."""
    rng = np.random.default_rng(seed)
    rows = [facts(rng, **changed) for _ in range(n)]
    vectors = rng.normal(size=(n, 32)).astype(np.float32)
    vectors[:, 0] += shift
    times = [START + timedelta(hours=k) for k in range(n)]
    return Sample.of([f"S{seed}-{k}" for k in range(n)], times, rows, list(vectors))


def add_studies(
    context: Context, n: int, seed: int, *, inverted: bool = False, owner: str | None = None, day: int = 0
) -> list[str]:
    """Put `n` examined studies into the archive, with films of 96 pixels; negatives are found out by their gates."""
    rng, files = np.random.default_rng(seed), context.get(FileStore)
    names = [f"M{seed}x{k}" for k in range(n)]
    with context.get(Store).write() as db:
        for k, name in enumerate(names):
            when = START + timedelta(days=day, minutes=k)
            db.execute(insert(Patient).values(id=f"P{name}", sex=str(rng.choice(["F", "M"])), birth_year=1970))
            db.execute(
                insert(Study).values(
                    id=name,
                    patient_id=f"P{name}",
                    age=float(rng.normal(55, 15)),
                    date_shifted=False,
                    source="test",
                    description="",
                )
            )
            stored = files.add(_film(rng, inverted))
            gates = {"is_chest_xray": True, "view": "frontal", "inverted": inverted, "rotated": 0, "quality": []}
            db.execute(
                insert(Image).values(
                    study_id=name,
                    sha256=stored,
                    source_sha256=stored,
                    file=f"{k}.png",
                    format="png",
                    view="frontal",
                    rows=96,
                    cols=96,
                    is_chest_xray=True,
                    gates=gates,
                    state="examined",
                    scores={"abnormal": float(rng.beta(2, 5)), "pneumothorax": float(rng.beta(1, 20))},
                )
            )
            db.execute(insert(WorkItem).values(study_id=name, arrived=when, updated=when, status="new", owner=owner))
    return names


def _film(rng: np.random.Generator, inverted: bool) -> bytes:
    plane = np.clip(rng.normal(90, 30, (96, 96)) + np.linspace(0, 60, 96), 0, 255)
    plane = 255 - plane if inverted else plane
    stream = io.BytesIO()
    Picture.fromarray(plane.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()
