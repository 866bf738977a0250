"""Worlds whose truth is known: one where the errors hang on something seen, one where only the score tells."""

from __future__ import annotations

import numpy as np

from prosvet.screening.confidence.facts import EXTRAS, Facts, Floats, logit
from prosvet.screening.confidence.methods import Labelled

POINT, WIDTH = 0.5, 8


def _facts(random: np.random.Generator, score: Floats, marked: Floats) -> Facts:
    vectors = random.normal(0, 0.3, (len(score), WIDTH))
    vectors[:, 0] += 1.0
    vectors[:, 1] += 3.0 * marked
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    findings = logit(score)[:, None] + random.normal(0, 1, (len(score), 2))
    extras = np.full((len(score), len(EXTRAS)), np.nan)
    return Facts(("a", "b"), score, findings, vectors.astype(np.float32), extras)


def hidden(random: np.random.Generator, n: int, prevalence: float = 0.4) -> Labelled:
    """An abnormal study of the marked kind (15 %) scores as a normal one does; the vector shows the mark."""
    abnormal, marked = random.random(n) < prevalence, random.random(n) < 0.15
    plain = abnormal & ~marked
    score = np.where(plain, random.beta(5, 2, n), random.beta(2, 5, n)).round(4)
    return Labelled(_facts(random, score, marked.astype(float)), abnormal, [f"p{i}" for i in range(n)], POINT)


def only_score(random: np.random.Generator, n: int) -> Labelled:
    """The score is the chance of disease, and nothing else says more."""
    score = random.random(n).round(4)
    marked = (random.random(n) < 0.15).astype(float)
    return Labelled(_facts(random, score, marked), random.random(n) < score, [f"p{i}" for i in range(n)], POINT)
