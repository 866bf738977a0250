"""Screening: how often the promised risk is broken where the truth is known, and what the shipped model could clear.

(a) Simulation: a calibration set is drawn from a known distribution, the product chooses its threshold, and the true
share of abnormal studies below it is computed exactly; over the repetitions the promise may be broken in no more than
1 - confidence of them. (b) Real films: the shipped model's score on films that it was not trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta as beta_law
from scipy.stats import binomtest

from common import figure, file_hash, finish
from films import arguments, examine_all, rows_of
from prosvet.core.errors import TargetNotProvable
from prosvet.screening.binomial import best_target, needed
from prosvet.screening.control import Risk, cleared, control

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]
Truth = Callable[[float], float]

CONFIDENCE = 0.95
REPETITIONS = 2000
TARGETS = (0.2, 0.1, 0.05, 0.02, 0.01, 0.001)


def _smooth() -> tuple[Draw, Truth]:
    """Scores of a good model, all different: Beta(5, 2)."""
    return lambda random, n: random.beta(5, 2, n), lambda t: float(beta_law.cdf(t, 5, 2))


def _stepped() -> tuple[Draw, Truth]:
    """The same in steps of 0.05: every score is shared by many."""
    grid = np.arange(21) / 20
    mass = np.diff(beta_law.cdf(np.concatenate([[0], grid[:-1] + 0.025, [1]]), 5, 2))

    def draw(random: np.random.Generator, n: int) -> Floats:
        return random.choice(grid, n, p=mass)

    return draw, lambda t: float(mass[grid < t - 1e-12].sum())


def _lumped() -> tuple[Draw, Truth]:
    """Half a percent of the abnormal studies score exactly 0, as a film does that the model cannot see anything in."""

    def draw(random: np.random.Generator, n: int) -> Floats:
        return np.where(random.random(n) < 0.005, 0.0, random.beta(5, 2, n))

    return draw, lambda t: 0.005 * (t > 0) + 0.995 * float(beta_law.cdf(t, 5, 2))


def _useless() -> tuple[Draw, Truth]:
    """A model that knows nothing: its scores are uniform. The promise holds all the same; nothing much is cleared."""
    return lambda random, n: random.random(n), lambda t: float(min(max(t, 0.0), 1.0))


LAWS: dict[str, Callable[[], tuple[Draw, Truth]]] = {
    "smooth": _smooth, "steps of 0.05": _stepped, "a lump at zero": _lumped, "no knowledge": _useless,
}  # fmt: skip


def broken(law: str, n: int, prevalence: float, target: float, repetitions: int, seed: int) -> dict[str, Any]:
    """How often the true risk at the chosen threshold is above the target, of the repetitions that could prove it."""
    draw, truth = LAWS[law]()
    random = np.random.default_rng(seed)
    bad = proved = refused = 0
    for _ in range(repetitions):
        abnormal = random.binomial(n, prevalence)
        try:
            threshold, _ = control([Risk("abnormal_studies", draw(random, abnormal), target)], CONFIDENCE)
        except TargetNotProvable:
            refused += 1
            continue
        proved += 1
        bad += truth(threshold) > target
    return _counted(f"{law}, n={n}, prevalence {prevalence:g}, target {target:g}", bad, proved, refused)


def broken_both(repetitions: int, seed: int) -> dict[str, Any]:
    """Two risks at once, the confidence not split: how often either is above its target."""
    draw, truth = _smooth()
    random = np.random.default_rng(seed)
    bad = 0
    for _ in range(repetitions):
        plain, urgent = draw(random, 800), np.sqrt(draw(random, 700))
        threshold, _ = control(
            [Risk("abnormal_studies", plain, 0.02), Risk("critical_studies", urgent, 0.005)], CONFIDENCE
        )
        bad += truth(threshold) > 0.02 or truth(threshold**2) > 0.005
    return _counted("two risks: abnormal 0.02 of 800, critical 0.005 of 700", bad, repetitions, 0)


def _counted(case: str, bad: int, proved: int, refused: int) -> dict[str, Any]:
    found = binomtest(bad, proved).proportion_ci(0.95, "exact") if proved else None
    # "Above 5 % for certain": one-sided, over all cases of this table at once.
    worse = binomtest(bad, proved, 1 - CONFIDENCE, "greater").pvalue if proved else None
    return {
        "case": case, "proved": proved, "refused": refused, "broken": bad,
        "share": round(bad / proved, 4) if proved else None,
        "interval": [round(found.low, 4), round(found.high, 4)] if found else None,
        "p_above_promise": round(float(worse), 4) if worse is not None else None,
    }  # fmt: skip


def simulate(repetitions: int) -> list[dict[str, Any]]:
    """Every case of part (a)."""
    cases = [
        (law, n, prevalence, target)
        for law in LAWS
        for n, prevalence, target in (
            (1000, 0.4, 0.01), (4000, 0.1, 0.01), (3000, 0.5, 0.02), (2000, 0.3, 0.05), (8000, 0.5, 0.001),
            (1000, 0.3, 0.01),
        )
    ]  # fmt: skip
    made = [broken(*case, repetitions, seed) for seed, case in enumerate(cases)]
    return [*made, broken_both(repetitions, len(cases))]


def beside_mapie(draws: int) -> list[dict[str, Any]]:
    """The same draws through MAPIE's risk control (recall at least 98 %): thresholds, normals cleared, promises broken.

    Empty where MAPIE is not installed; the core does without.
    """
    if find_spec("mapie") is None:
        return []
    from mapie.risk_control import BinaryClassificationController, recall

    draw, truth = _smooth()
    random = np.random.default_rng(1)
    grid = np.arange(1001) / 1001
    found: dict[str, list[float]] = {"ours": [], "mapie, Bonferroni-Holm": [], "mapie, fixed sequence": []}
    for _ in range(draws):
        sick, well = draw(random, 600), random.beta(2, 5, 900)
        found["ours"].append(control([Risk("abnormal_studies", sick, 0.02)], CONFIDENCE)[0])
        scores, labels = np.concatenate([sick, well])[:, None], np.repeat([1, 0], [600, 900])
        for name, method in (
            ("mapie, Bonferroni-Holm", "bonferroni_holm"),
            ("mapie, fixed sequence", "fixed_sequence"),
        ):
            judge = BinaryClassificationController(
                lambda x: np.hstack([1 - x, x]), recall, target_level=0.98, confidence_level=CONFIDENCE,
                list_predict_params=grid, fwer_method=method,
            )  # fmt: skip
            judge.calibrate(scores, labels)
            found[name].append(max(judge.valid_predict_params, default=0.0))
    return [
        {
            "method": name, "draws": draws, "threshold": round(float(np.mean(values)), 4),
            "cleared": round(float(np.mean(beta_law.cdf(values, 2, 5))), 4),
            "broken": sum(truth(t) > 0.02 for t in values),
        }
        for name, values in found.items()
    ]  # fmt: skip


def real(name: str, sick: NDArray[np.bool_], score: Floats, patients: NDArray[np.str_]) -> dict[str, Any]:
    """What a set of real films proves, and the share of its normals that is cleared at each target it proves."""
    lowest: dict[str, float] = {}
    for who, value in zip(patients[sick], score[sick], strict=True):
        lowest[who] = min(float(value), lowest.get(who, np.inf))
    units, normals = np.array(list(lowest.values())), score[~sick]
    rows = []
    for target in TARGETS:
        try:
            threshold, (risk,) = control([Risk("abnormal_patients", units, target)], CONFIDENCE)
        except TargetNotProvable:
            rows.append({"target": target, "provable": False, "needed": needed(target, CONFIDENCE)})
            continue
        share = cleared(normals, threshold, len(np.unique(patients[~sick])))
        rows.append({
            "target": target, "provable": True, "threshold": threshold, "missed": risk.missed,
            "sensitivity_low": round(1 - risk.bound, 4), "cleared": _round(share.value),
            "cleared_interval": [_round(share.low), _round(share.high)],
        })  # fmt: skip
    return {
        "set": name, "abnormal": int(sick.sum()), "abnormal_patients": len(units), "normal": int((~sick).sum()),
        "best_target": round(best_target(len(units), CONFIDENCE), 4), "targets": rows,
    }  # fmt: skip


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def main() -> None:
    """Print both parts."""
    given, data = arguments(__doc__)
    simulated = simulate(REPETITIONS)
    rows = rows_of(data, ("test", "val"))
    answers = examine_all(data, rows)
    sick = np.array(["normal" not in row["concepts"].split() for row in rows])
    patients = np.array([row["patient"] or row["id"] for row in rows])
    source = np.array(["nih" if row["source"].startswith("nih") else row["source"].split("(")[0] for row in rows])
    # A film that a gate refuses is never released.
    score = np.where(answers.readable, answers.scores["abnormal"], np.inf)
    sets = {f"{name} ({'test' if name == 'nih' else 'val'})": source == name for name in np.unique(source)}
    sets["all val sources"] = source != "nih"
    sets = {name: where for name, where in sets.items() if sick[where].any() and not sick[where].all()}
    films = [real(name, sick[where], score[where], patients[where]) for name, where in sets.items()]
    total, broke = sum(r["proved"] for r in simulated), sum(r["broken"] for r in simulated)
    worst = max(simulated, key=lambda row: row["share"] or 0.0)
    nih = next(row for row in films if row["set"].startswith("nih"))
    figures = [
        figure("promise broken, share of repetitions", "simulation, all cases", broke / total, total, target="≤ 0.05"),
        figure("promise broken, worst case", worst["case"], worst["share"], worst["proved"], target="≤ 0.05"),
        *(
            figure(f"normals cleared, misses at most {row['target']:g}", "test (NIH)", row["cleared"], nih["normal"])
            for row in nih["targets"]
            if row["provable"]
        ),
    ]
    notes = {
        "val": "Nearly every val source has one class only, or both from different hospitals: its figures measure the "
        "hospital as much as the disease, and prove nothing for a clinic.",
        "nih": f"{nih['abnormal_patients']} abnormal patients prove no target below {nih['best_target']:g}.",
    }
    finish(
        "screening", given.out, data={"films": len(rows), "manifest_sha256": file_hash(data / "cxr" / "manifest.csv")},
        figures=figures, simulation=simulated, beside_mapie=beside_mapie(100), real=films, notes=notes,
    )  # fmt: skip


if __name__ == "__main__":
    main()
