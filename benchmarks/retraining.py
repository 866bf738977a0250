"""Retraining: what a site's marks give on patients kept apart; planted worse models refused; planted equal ones let by.

Films that the shipped model was never fitted on (NIH, split ``test``) play a site's marked films. (a) The head is
fitted anew on half of the patients and judged on the other half, over parts drawn anew. (b) A model that has forgotten
a finding, or hears it through noise, must be refused. (c) Two models that differ by chance alone, of the same quality
by construction, should pass: how often are they refused, and by which rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from common import bootstrap, figure, file_hash, finish
from films import arguments, films_of, rows_of
from prosvet.core.context import Context
from prosvet.core.settings import Settings
from prosvet.evaluation.findings.discrimination import auroc
from prosvet.imaging.film import Film
from prosvet.models.card import Card, verified_path
from prosvet.models.examine import Examiner
from prosvet.training.pipeline.evaluate import compare
from prosvet.training.pipeline.films import film_features
from prosvet.training.pipeline.folders import labels_of
from prosvet.training.pipeline.head_graph import HeadGraph
from prosvet.training.pipeline.judge import judge
from prosvet.training.pipeline.plan import Policy
from prosvet.training.pipeline.train_head import refit_head, thresholds_kept

Floats = NDArray[np.float64]
PARTS, LEAST, EQUALS = 20, 10, 1000
SIZES = (50, 100, 200)
"""Films that the site has marked."""


@dataclass(frozen=True)
class Site:
    """Films with what the shipped network says of them before its last layer."""

    card: Card
    slopes: Floats
    logits: Floats
    features: NDArray[np.float32]
    labels: Floats
    patients: NDArray[np.str_]

    def probability(self, logits: Floats) -> Floats:
        """Calibrated, to four places, as a reading gives it."""
        platt = [self.card.calibration[label] for label in self.card.labels]
        z = logits * [one.scale for one in platt] + [one.shift for one in platt]
        return np.round(1 / (1 + np.exp(-z)), 4)

    def thresholds(self, points: dict[str, Any] | None = None) -> Floats:
        own = points or {n: {c: p.model_dump() for c, p in o.items()} for n, o in self.card.operating_points.items()}
        balanced = own["balanced"]
        return np.array([balanced[c]["threshold"] if c in balanced else np.nan for c in self.card.labels])


def site_of(data: Path) -> Site:
    """The NIH films of the split `test`."""
    rows = rows_of(data, ("test",))
    with Context(Settings(home=Path("unused"))) as context:
        examiner = context.get(Examiner)
        graph = HeadGraph(verified_path(examiner.card, "encoder"), len(examiner.card.labels))
        read, logits, features = film_features(_batches(films_of(data, rows)), examiner, graph, 1)
    said = labels_of([rows[n] for n in read])
    labels = np.array([[one.get(c, np.nan) for c in examiner.card.labels] for one in said], dtype=np.float64)
    patients = np.array([rows[n]["patient"] or rows[n]["id"] for n in read])
    return Site(examiner.card, graph.slopes, logits, features, labels, patients)


def _batches(films: Iterator[Film]) -> Iterator[list[tuple[int, Film]]]:
    for number, film in enumerate(films):
        yield [(number, film)]


def enough(labels: Floats, least: int) -> list[int]:
    """Columns with films enough of both kinds."""
    return [k for k in range(labels.shape[1]) if min((labels[:, k] == 1).sum(), (labels[:, k] == 0).sum()) >= least]


def retrained(site: Site, size: int, seed: int) -> dict[str, Any]:
    """Fit on `size` films of half of the patients, judge on the other half."""
    random = np.random.default_rng(seed)
    names = np.unique(site.patients)
    apart = np.isin(site.patients, random.choice(names, len(names) // 2, replace=False))
    marked = random.permutation(np.flatnonzero(~apart))[:size]
    able = [k for k in enough(site.labels[marked], LEAST) if k in enough(site.labels[apart], LEAST)]
    concepts = [site.card.labels[k] for k in able]
    result = refit_head(
        site.features[marked], site.logits[marked], site.labels[marked], site.patients[marked], site.card, concepts, 1
    )
    points = thresholds_kept(site.card, result, site.logits[marked], site.labels[marked])
    fresh = site.logits + site.features @ result.slopes.T + result.shifts
    found = {
        "current": site.probability(site.logits)[apart], "challenger": site.probability(fresh)[apart],
        "labels": site.labels[apart], "patients": site.patients[apart], "sets": np.full(int(apart.sum()), "site"),
        "thresholds": np.stack([site.thresholds(), site.thresholds(points)]),
    }  # fmt: skip
    verdict, judged, _ = judge(compare(found, site.card.labels, Policy()), Policy(), site.card.labels)
    moved = [k for k in able if result.fitted[site.card.labels[k]].ridge is not None]
    return {
        "found": found, "moved": moved, "able": able, "verdict": verdict,
        "better": sum(one.verdict == "better" for one in judged),
        "worse": sum(one.verdict == "worse" for one in judged),
    }  # fmt: skip


def macro(found: dict[str, Any], columns: Sequence[int], which: str) -> float:
    """Mean AUROC over findings."""
    return float(np.mean([auroc(found[which][:, k], found["labels"][:, k]) for k in columns]))


def by_marks(site: Site) -> list[dict[str, Any]]:
    """Part (a)."""
    made = []
    for size in SIZES:
        parts = [retrained(site, size, seed) for seed in range(PARTS)]
        gains = [macro(one["found"], one["able"], "challenger") - macro(one["found"], one["able"], "current")
                 for one in parts if one["able"]]  # fmt: skip
        # The parts share films: the spread over them is of the draw of marks, not an interval of the mean.
        made.append({
            "marks": size, "parts": PARTS, "findings_learnable": _mean(len(o["able"]) for o in parts),
            "findings_moved": _mean(len(o["moved"]) for o in parts),
            "macro_before": _mean(macro(o["found"], o["able"], "current") for o in parts if o["able"]),
            "gain_mean": round(float(np.mean(gains)), 4), "gain_least": round(float(np.min(gains)), 4),
            "gain_most": round(float(np.max(gains)), 4),
            "verdicts": {v: sum(o["verdict"] == v for o in parts) for v in ("may_pass", "worse", "not_assessed")},
            "worse_tests": sum(o["worse"] for o in parts), "better_tests": sum(o["better"] for o in parts),
        })  # fmt: skip
    return made


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 4)


def of_first_part(site: Site) -> list[dict[str, Any]]:
    """Macro AUROC before, after and the difference on the first part, with intervals by patient."""
    one = retrained(site, SIZES[-1], 0)
    found, able = one["found"], one["able"]

    def gain(label: Floats, before: Floats, after: Floats) -> float:
        return float(np.mean([auroc(after[:, k], label[:, k]) - auroc(before[:, k], label[:, k]) for k in able]))

    def level(label: Floats, scores: Floats) -> float:
        return float(np.mean([auroc(scores[:, k], label[:, k]) for k in able]))

    columns = {"before": found["current"], "after": found["challenger"]}
    where = f"NIH test, half of the patients, {len(able)} findings, {SIZES[-1]} marks"
    made = [
        figure(f"macro AUROC {name}", where, bootstrap(level, found["labels"], scores, patients=found["patients"]))
        for name, scores in columns.items()
    ]
    difference = bootstrap(gain, found["labels"], *columns.values(), patients=found["patients"])
    return [*made, figure("macro AUROC, after less before", where, difference)]


def verdict_of(site: Site, first: Floats, second: Floats, policy: Policy) -> tuple[str, list[str], float]:
    """Verdict on logits `second` against `first` on all films, reasons against, and the largest AUROC difference."""
    both = np.stack([site.thresholds(), site.thresholds()])
    found = {"current": site.probability(first), "challenger": site.probability(second), "labels": site.labels,
             "patients": site.patients, "sets": np.full(len(site.labels), "site"), "thresholds": both}  # fmt: skip
    verdict, judged, against = judge(compare(found, site.card.labels, policy), policy, site.card.labels)
    drops = [one.difference for one in judged if one.metric == "auroc" and one.difference is not None]
    return verdict, [one.reason for one in against], min(drops, default=0.0)


def planted_worse(site: Site) -> list[dict[str, Any]]:
    """Part (b): one finding at a time, heard through more and more noise, and forgotten."""
    policy = Policy(not_assessed="accept", critical=())
    columns, made = enough(site.labels, 15), []
    for noise in (0.25, 0.5, 1.0, 2.0, None):
        refused, drops = 0, []
        for k in columns:
            fresh = site.logits.copy()
            spread = site.logits[:, k].std()
            random = np.random.default_rng(k)
            heard = random.normal(size=len(fresh)) * spread
            fresh[:, k] = heard if noise is None else fresh[:, k] + noise * heard
            verdict, _, drop = verdict_of(site, site.logits, fresh, policy)
            refused += verdict == "worse"
            drops.append(drop)
        made.append({
            "noise": "nothing but noise" if noise is None else f"noise of {noise:g} standard deviations",
            "findings": len(columns), "refused": refused, "auroc_lost_mean": round(-float(np.mean(drops)), 4),
        })  # fmt: skip
    return made


def planted_equal(site: Site, repetitions: int) -> dict[str, Any]:
    """Part (c): both models hear the same network through noise of their own, so that neither is the better one."""
    random, spread = np.random.default_rng(0), site.logits.std(axis=0)
    worse = margin = 0
    for _ in range(repetitions):
        first, second = (site.logits + 0.3 * random.normal(size=site.logits.shape) * spread for _ in range(2))
        _, reasons, _ = verdict_of(site, first, second, Policy(not_assessed="accept"))
        worse += "worse" in reasons
        margin += "margin" in reasons
    ends = binomtest(worse, repetitions).proportion_ci(0.95, "exact")
    return {
        "repetitions": repetitions, "refused_as_worse": worse, "share": round(worse / repetitions, 4),
        "interval": [round(ends.low, 4), round(ends.high, 4)], "not_shown_no_worse_if_critical": margin,
    }  # fmt: skip


def main() -> None:
    """Print all parts."""
    given, data = arguments(__doc__)
    site = site_of(data)
    marks, worse, equal = by_marks(site), planted_worse(site), planted_equal(site, EQUALS)
    total, refused = sum(row["findings"] for row in worse[-2:]), sum(row["refused"] for row in worse[-2:])
    figures = [
        *of_first_part(site),
        figure("worse tests after retraining, all parts", "NIH test", sum(r["worse_tests"] for r in marks),
               PARTS * len(SIZES)),
        figure("planted worse refused (forgotten, or noise of 2)", "NIH test", refused / total, total),
        figure("planted equal refused as worse", "NIH test", equal["share"], EQUALS, target="≤ 0.05"),
    ]  # fmt: skip
    notes = {
        "data": "No threshold or ridge was chosen on these films. A head had to gain one standard error at first; on "
        "these films 50 marks then lost 0.0072 on average, and it was raised to two.",
        "parts": "Parts drawn anew share films: the range over them is of the draw, not an interval.",
    }
    finish(
        "retraining", given.out,
        data={"films": len(site.labels), "patients": len(np.unique(site.patients)),
              "manifest_sha256": file_hash(data / "cxr" / "manifest.csv")},
        figures=figures, by_marks=marks, planted_worse=worse, planted_equal=equal, notes=notes,
    )  # fmt: skip


if __name__ == "__main__":
    main()
