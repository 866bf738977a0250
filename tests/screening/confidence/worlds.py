"""Worlds whose truth is known: one where the errors hang on something seen, one where only the score tells.

:func:`archive` puts one into an archive, as if the model had examined its films, with a table of its labels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sqlalchemy import insert

from prosvet.archive.schema import Image, ImageVector, Patient, Study
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.screening.confidence.facts import EXTRAS, Facts, Floats, logit
from prosvet.screening.confidence.methods import Labelled
from prosvet.screening.known import packed

POINT, WIDTH = 0.5, 8


def _facts(random: np.random.Generator, score: Floats, marked: Floats, width: int = WIDTH) -> Facts:
    vectors = np.zeros((len(score), width))
    vectors[:, :WIDTH] = random.normal(0, 0.3, (len(score), WIDTH))
    vectors[:, 0] += 1.0
    vectors[:, 1] += 3.0 * marked
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    findings = logit(score)[:, None] + random.normal(0, 1, (len(score), 2))
    extras = np.full((len(score), len(EXTRAS)), np.nan)
    return Facts(("a", "b"), score, findings, vectors.astype(np.float32), extras)


def hidden(random: np.random.Generator, n: int, prevalence: float = 0.4, width: int = WIDTH) -> Labelled:
    """An abnormal study of the marked kind (15 %) scores as a normal one does; the vector shows the mark."""
    abnormal, marked = random.random(n) < prevalence, random.random(n) < 0.15
    plain = abnormal & ~marked
    score = np.where(plain, random.beta(5, 2, n), random.beta(2, 5, n)).round(4)
    return Labelled(_facts(random, score, marked.astype(float), width), abnormal, [f"p{i}" for i in range(n)], POINT)


def only_score(random: np.random.Generator, n: int) -> Labelled:
    """The score is the chance of disease, and nothing else says more."""
    score = random.random(n).round(4)
    marked = (random.random(n) < 0.15).astype(float)
    return Labelled(_facts(random, score, marked), random.random(n) < score, [f"p{i}" for i in range(n)], POINT)


GATES = {
    "is_chest_xray": True, "chest_xray_probability": 0.99, "view": "frontal", "lateral_probability": 0.01,
    "inverted": False, "inverted_probability": 0.01, "rotated": 0, "quality": [],
}  # fmt: skip


def archive(known: Labelled, context: Context, folder: Path, model: str = "compact@2026.11.2") -> Path:
    """Studies ``w0``, ``w1``, ... with one examined film each, of two sources in turn; the path of their labels."""
    name, _, revision = model.partition("@")
    facts = known.facts
    chances = 1 / (1 + np.exp(-facts.findings))
    rows: dict[type, list[dict[str, object]]] = {Patient: [], Study: [], Image: [], ImageVector: []}
    for n in range(len(facts)):
        scores = {"abnormal": float(facts.score[n])}
        scores |= {one: round(float(p), 4) for one, p in zip(facts.names, chances[n], strict=True)}
        rows[Patient].append({"id": known.patients[n]})
        rows[Study].append({
            "id": f"w{n}", "patient_id": known.patients[n], "age": 50.0, "date_shifted": False,
            "source": "ab"[n % 2], "description": "",
        })  # fmt: skip
        rows[Image].append({
            "id": n + 1, "study_id": f"w{n}", "sha256": f"{n:064}", "source_sha256": f"{n:064}", "file": f"{n}.png",
            "format": "png", "view": "frontal", "rows": 300, "cols": 300, "is_chest_xray": True, "gates": GATES,
            "scores": scores, "state": "ready",
        })  # fmt: skip
        vector = {"image_id": n + 1, "model": name, "revision": revision, "vector": packed(facts.vectors[n])}
        rows[ImageVector].append(vector)
    with context.get(Store).write() as db:
        for table, part in rows.items():
            db.execute(insert(table), part)
    labels = folder / "labels.csv"
    lines = (f"w{n},{int(sick)},{known.patients[n]}\n" for n, sick in enumerate(known.abnormal))
    labels.write_text("id,abnormal,patient\n" + "".join(lines))
    return labels
