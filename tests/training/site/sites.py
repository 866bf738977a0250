"""Sites whose truth is known: the model's log-odds are off by a scale and a shift, and a direction of the vector tells
the rest. :func:`fill` puts one into an archive as if the shipped model had examined its films.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sqlalchemy import insert

from prosvet.archive.schema import Finding, Image, ImageVector, Patient, Study
from prosvet.archive.store import Store
from prosvet.archive.worklist import list_studies
from prosvet.core.context import Context
from prosvet.models.card import load_card
from prosvet.training.site.cases import Cases

BASE = load_card("compact")
LABELS = BASE.labels
POINTS = {name: {f: p.threshold for f, p in table.items()} for name, table in BASE.operating_points.items()}
TOLD = ("abnormal", "pneumonia")


def world(n: int, *, scale: float = 1.0, shift: float = 0.0, hidden: float = 0.0, seed: int = 0) -> Cases:
    """`n` films, one or two a patient; the truth of TOLD: ``scale * z + shift + hidden * (place along the vector)``."""
    random = np.random.default_rng(seed)
    z = random.normal(0, 2, (n, len(LABELS)))
    vectors = random.normal(0, 1, (n, 512)) / np.sqrt(512)
    along = random.normal(0, 1, n)
    vectors[:, 0] = 0.5 * along
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = np.full((n, len(LABELS)), np.nan)
    for finding in TOLD:
        k = LABELS.index(finding)
        chance = 1 / (1 + np.exp(-(scale * z[:, k] + shift + hidden * along)))
        labels[:, k] = random.random(n) < chance
    people = np.array([f"p{i}" for i in np.sort(random.integers(0, max(1, int(0.8 * n)), n))])
    return Cases(
        LABELS, (1 / (1 + np.exp(-z))).round(4), vectors.astype(np.float16).astype(np.float64), labels, people,
        np.array([f"s{seed}x{i}" for i in range(n)]), np.full(n, "2026-05-02"),
    )  # fmt: skip


GATES = {
    "is_chest_xray": True, "chest_xray_probability": 0.99, "view": "frontal", "lateral_probability": 0.01,
    "inverted": False, "inverted_probability": 0.01, "rotated": 0, "quality": [],
}  # fmt: skip


def fill(cases: Cases, context: Context) -> None:
    """The films of `cases` in the archive, examined by the shipped model."""
    limits, origin = POINTS["balanced"], f"model:compact@{BASE.revision}"
    with context.get(Store).write() as db:
        first = max(db.execute(Image.__table__.select().with_only_columns(Image.id)).scalars(), default=0) + 1
        known = set(db.execute(Patient.__table__.select().with_only_columns(Patient.id)).scalars())
        fresh = sorted({str(p) for p in cases.patients} - known)
        db.execute(insert(Patient), [{"id": one, "sex": None, "birth_year": None} for one in fresh])
        for i in range(len(cases)):
            study, number = str(cases.studies[i]), first + i
            scores = dict(zip(LABELS, map(float, cases.scores[i]), strict=True))
            db.execute(insert(Study), {
                "id": study, "patient_id": str(cases.patients[i]), "age": 40.0, "date": None, "date_shifted": False,
                "source": "here", "split": None, "description": "",
            })  # fmt: skip
            db.execute(insert(Image), {
                "id": number, "study_id": study, "sha256": f"{number:064x}", "source_sha256": f"{number + 10**6:064x}",
                "file": f"{number}.png", "format": "PNG", "view": "frontal", "rows": 100, "cols": 100,
                "row_spacing": None, "col_spacing": None, "is_chest_xray": True, "gates": GATES, "scores": scores,
                "state": "examined",
            })  # fmt: skip
            vector = cases.vectors[i].astype("<f2").tobytes()
            db.execute(insert(ImageVector), {
                "image_id": number, "model": "compact", "revision": BASE.revision, "vector": vector
            })  # fmt: skip
            claims = [
                {"study_id": study, "image_id": number, "concept": name, "status": "present", "probability": p,
                 "origin": origin}
                for name, p in scores.items() if p >= limits.get(name, 2.0)
            ]  # fmt: skip
            if claims:
                db.execute(insert(Finding), claims)
        list_studies(db, [str(one) for one in cases.studies])


def table(cases: Cases, path: Path) -> Path:
    """The labels of `cases` as a site would write them."""
    lines = ["id," + ",".join(TOLD)]
    columns = [LABELS.index(name) for name in TOLD]
    lines += [
        f"{s}," + ",".join(str(int(v)) for v in row[columns])
        for s, row in zip(cases.studies, cases.labels, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
