"""The queue of films to mark against a random one: errors found, and what a head learns, by the number of marks.

Films that the model was not trained on (split val); `test` is not touched. In each repetition half of the patients are
the pool to choose from, and the other half judge. Every way of choosing starts from nothing marked; the labels are the
data's own. The rule is the product's own, 50 films at a time with a fifth by chance; beside it stand its parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import figure, file_hash, finish
from films import arguments, examine_all, rows_of
from prosvet.core.settings import Settings
from prosvet.models.card import load_card
from prosvet.training.queue.fill import RANDOM_SHARE
from prosvet.training.queue.reasons import KINDS
from prosvet.training.queue.rule import combined, entropy, far, pick, spread

Floats = NDArray[np.float64]

REPETITIONS = 40
BUDGETS = (25, 50, 100, 150, 200, 300)
_BATCH = 50
_RIDGE = 3.0
_UNDECIDED, _FAR = 0.5, 0.98  # as in the product's candidates


@dataclass(frozen=True)
class Films:
    """N films: is it abnormal, the model's score of that, and the stored vector."""

    sick: NDArray[np.bool_]
    score: Floats
    vectors: NDArray[np.float32]

    def of(self, where: NDArray[np.bool_]) -> Films:
        return Films(self.sick[where], self.score[where], self.vectors[where])


def weights(films: Films, threshold: float) -> Floats:
    """As the product weighs films of which it knows nothing but their scores and vectors."""
    bits, distance = entropy(films.score, threshold), far(films.vectors, films.vectors)
    limit = float(np.quantile(distance, _FAR))
    order = np.argsort(np.argsort(distance))
    away = np.clip((order + 1 - _FAR * len(order)) / ((1 - _FAR) * len(order)), 0, 1)
    made = []
    for n in range(len(bits)):
        parts = [KINDS["uncertain"].worth * (0.5 + 0.5 * bits[n])] if bits[n] >= _UNDECIDED else []
        parts += [KINDS["far"].worth * (0.5 + 0.5 * away[n])] if distance[n] > limit else []
        made.append(combined(parts))
    return np.array(made)


def ways(threshold: float) -> dict[str, Callable[[Films, int, int], list[int]]]:
    """Each way of choosing: the pool, how many, a seed; the order in which films are marked."""
    nothing = np.zeros((0, 512), np.float32)

    def rule(films: Films, n: int, seed: int) -> list[int]:
        order: list[int] = []
        left, weight = np.arange(len(films.score)), weights(films, threshold)
        while len(order) < n:
            size = min(_BATCH, n - len(order))
            chosen = pick(
                films.vectors[left], weight[left], films.vectors[order], size, RANDOM_SHARE, seed + len(order)
            )
            if len(chosen) < size:  # nothing is left that has a reason: the rest comes as it may
                return [*order, *np.random.default_rng(seed).permutation(left).tolist()]
            order += left[[one.index for one in chosen]].tolist()
            left = np.setdiff1d(left, order)
        return order

    return {
        "random": lambda films, n, seed: np.random.default_rng(seed).permutation(len(films.score))[:n].tolist(),
        "the rule": rule,
        "uncertainty alone": lambda films, n, seed: np.argsort(-entropy(films.score, threshold))[:n].tolist(),
        "k-centre alone": lambda films, n, seed: spread(films.vectors, np.ones(len(films.score)), nothing, n),
    }


def auroc(score: Floats, sick: NDArray[np.bool_]) -> float:
    """Mann-Whitney, ties counted half."""
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n, m = sick.sum(), (~sick).sum()
    return float((ranks[sick].sum() - n * (n + 1) / 2) / (n * m))


def head(films: Films, marked: list[int], judge: Films) -> Floats:
    """The model's score with a correction that a ridge regression on the stored vectors learns from the marks."""
    x, error = films.vectors[marked].astype(np.float64), films.sick[marked] - films.score[marked]
    solved = np.linalg.solve(x @ x.T + _RIDGE * np.eye(len(x)), error)
    return np.asarray(judge.score + judge.vectors @ (x.T @ solved))


def repeat(films: Films, patients: NDArray[np.str_], threshold: float, seed: int) -> dict[str, dict[str, Any]]:
    """One repetition: errors found and the head's AUROC, at each budget, of each way."""
    rng = np.random.default_rng(seed)
    names = np.unique(patients)
    ours = np.isin(patients, rng.permutation(names)[: len(names) // 2])
    pool, judge = films.of(ours), films.of(~ours)
    missed = pool.sick & (pool.score < threshold)
    wrong = pool.sick != (pool.score >= threshold)
    whole = auroc(head(pool, list(range(len(pool.sick))), judge), judge.sick)
    found: dict[str, dict[str, Any]] = {}
    for name, way in ways(threshold).items():
        order = way(pool, len(pool.sick), seed)
        row: dict[str, Any] = {
            "pool": len(pool.sick), "misses": int(missed.sum()), "errors": int(wrong.sum()), "auroc@all": whole,
            "auroc@0": auroc(judge.score, judge.sick),
        }  # fmt: skip
        row["half_of_misses"] = _until(missed[order], int(np.ceil(missed.sum() / 2)))
        row["half_of_errors"] = _until(wrong[order], int(np.ceil(wrong.sum() / 2)))
        for budget in BUDGETS:
            row[f"misses@{budget}"] = float(missed[order[:budget]].sum() / max(1, missed.sum()))
            row[f"errors@{budget}"] = float(wrong[order[:budget]].sum() / max(1, wrong.sum()))
            row[f"auroc@{budget}"] = auroc(head(pool, order[:budget], judge), judge.sick)
        halfway = (row["auroc@0"] + row["auroc@all"]) / 2
        reached = [budget for budget in BUDGETS if row[f"auroc@{budget}"] >= halfway]
        row["marks_to_half_of_gain"] = reached[0] if reached else len(pool.sick)
        found[name] = row
    return found


def _until(hits: NDArray[np.bool_], wanted: int) -> int:
    """Marks until `wanted` hits."""
    return int(np.searchsorted(np.cumsum(hits), wanted) + 1)


def summed(runs: list[dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Mean over the repetitions with the range of the middle 95 % of them, and the difference to random, paired."""
    made: dict[str, dict[str, Any]] = {}
    for way in runs[0]:
        made[way] = {}
        for name in runs[0][way]:
            values = np.array([run[way][name] for run in runs], dtype=np.float64)
            gain = values - np.array([run["random"][name] for run in runs])
            made[way][name] = {
                "mean": round(float(values.mean()), 4), "range": [round(float(v), 4) for v in _middle(values)],
                "to_random": round(float(gain.mean()), 4),
                "to_random_range": [round(float(v), 4) for v in _middle(gain)],
            }  # fmt: skip
    return made


def _middle(values: Floats) -> tuple[float, float]:
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


def main() -> None:
    """Print the comparison."""
    given, data = arguments(__doc__)
    rows = rows_of(data, ("val",))
    answers = examine_all(data, rows)
    use = answers.readable
    sick = np.array(["normal" not in row["concepts"].split() for row in rows])[use]
    patients = np.array([row["patient"] or row["id"] for row in rows])[use]
    vectors = answers.vectors[use]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    films = Films(sick, answers.scores["abnormal"][use], vectors.astype(np.float32))
    settings = Settings()
    threshold = load_card(settings.model).operating_points[settings.operating_point]["abnormal"].threshold
    runs = [repeat(films, patients, threshold, seed) for seed in range(REPETITIONS)]
    table = summed(runs)
    names = (
        "half_of_misses",
        "half_of_errors",
        "misses@100",
        "errors@100",
        "auroc@50",
        "auroc@100",
        "marks_to_half_of_gain",
    )
    figures = [
        figure(f"{name}, {way}", "val, half of the patients", table[way][name]["mean"], REPETITIONS,
               low=table[way][name]["range"][0], high=table[way][name]["range"][1])
        for name in names for way in table
    ]  # fmt: skip
    finish(
        "marking", given.out,
        data={"films": len(sick), "abnormal": int(sick.sum()), "patients": len(np.unique(patients)),
              "manifest_sha256": file_hash(data / "cxr" / "manifest.csv")},
        threshold=threshold, repetitions=REPETITIONS, figures=figures, ways=table,
        notes={"intervals": "the middle 95 % of the repetitions; they share films, so they are no confidence intervals",
               "data": "the sources of val differ in their classes: the head's AUROC measures the hospital as well",
               "labels": "the data's own stand for the marks; a reader's time for a hard film is not counted"},
    )  # fmt: skip


if __name__ == "__main__":
    main()
