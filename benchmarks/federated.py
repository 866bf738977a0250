"""Federated against pooled training, and against each site alone, on the same kept-out patients.

Three sites are three sources of the development data. Each fits the correction of the shipped model's findings
(:mod:`prosvet.training.federated.heads`): together by Newton's method on sums, together by federated averaging,
pooled, and alone. Kept out are the films of the splits `val` and `test`, which the shipped network never saw (its
vectors of training films know their labels, so a part kept out of `train` would flatter everything). The penalty was
fixed after a first look at `val` of two sources; nothing was chosen on `test`, which is scored once.

``--scores`` keeps what the model says of every film, an hour of two cores, so that a second run takes minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import bootstrap, figure, file_hash, finish
from films import arguments, examine_all, rows_of
from prosvet.models.card import load_card
from prosvet.training.data import FINDINGS, label_matrix
from prosvet.training.federated import heads
from prosvet.training.federated.average import Floats, total
from prosvet.training.federated.plan import Plan

TRIOS: dict[str, dict[str, str]] = {
    "three hospitals": {"nih": "nih", "covid19_radiography": "lundis/covid19_radiography", "kermany": "kermany"},
    "two archives of one hospital and another": {
        "nih_a": "nih(jrzech)", "nih_b": "nih(muhammedtalo)", "covid19_radiography": "lundis/covid19_radiography",
    },
}  # fmt: skip
ROUNDS = {"newton": 5, "average": 8}
POOLED = 7  # rounds: by then nothing moves
SHOWN = (1, 2, 3, 4, 5, 8)
MOST = 1000  # training films of a site
LEAST = 8  # films of each class for a finding to be measured


def auroc(score: Floats, label: Floats) -> float:
    """Area under the curve by ranks; NaN without both classes."""
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    _values, inverse, counts = np.unique(score[order], return_inverse=True, return_counts=True)
    ranks[order] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = float((label > 0.5).sum())
    negatives = len(label) - positives
    if not positives or not negatives:
        return float("nan")
    return float((ranks[label > 0.5].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def macro(score: Floats, label: Floats) -> float:
    """Mean area over the findings (columns) that have both classes; labels are NaN where unknown."""
    areas = []
    for column, truth in zip(score.T, label.T, strict=True):
        known = ~np.isnan(truth)
        areas.append(auroc(column[known], truth[known]))
    return float(np.nanmean(areas))


class Trio:
    """Three sites: their training films as designs, and their kept-out films."""

    def __init__(self, films: Mapping[str, NDArray[Any]], sources: Mapping[str, str]) -> None:
        self.films, self.sources = films, sources
        patients = {s: set(films["patient"][self._at(s, ("train",))]) for s in sources}
        self.where = {s: _drawn(self._at(s, ("train",))) for s in sources}
        self.held = {s: self._at(s, ("val", "test")) for s in sources}
        every = set().union(*patients.values())
        for site in sources:  # no patient stands on both sides, whichever site they came to
            self.held[site] &= ~np.isin(films["patient"], list(every))
        self.designs = {
            s: heads.design(films["scores"][at], films["vectors"][at], films["labels"][at])
            for s, at in self.where.items()
        }

    def _at(self, site: str, splits: tuple[str, ...]) -> NDArray[np.bool_]:
        inside = np.char.startswith(self.films["source"], self.sources[site])
        return inside & np.isin(self.films["split"], splits) & (self.films["view"] == "frontal")

    def fit(self, plan: Plan, sites: list[str], rounds: int, pooled: bool = False) -> list[Floats]:
        """The correction after each round."""
        theta, passed = heads.begin(len(FINDINGS))["theta"], []
        designs = [self.designs[s] for s in sites]
        if pooled:
            at = np.logical_or.reduce([self.where[s] for s in sites])
            designs = [heads.design(self.films["scores"][at], self.films["vectors"][at], self.films["labels"][at])]
        for _ in range(rounds):
            theta = heads.following(theta, total([heads.contribution(theta, one, plan) for one in designs]), plan)
            passed.append(theta)
        return passed

    def measured(self, theta: Floats, site: str) -> Floats:
        """Adapted scores of the site's kept-out films, of the findings that can be measured there."""
        at = self.held[site]
        return heads.to_weights(theta)(self.films["scores"][at], self.films["vectors"][at])[:, self.columns(site)]

    def columns(self, site: str) -> list[int]:
        """Findings with at least LEAST kept-out films of each class."""
        labels = self.films["labels"][self.held[site]]
        return [k for k, c in enumerate(labels.T) if min((c == 1).sum(), (c == 0).sum()) >= LEAST]

    def truth(self, site: str) -> Floats:
        """Labels of those, NaN where unknown."""
        labels = self.films["labels"][self.held[site]][:, self.columns(site)].astype(np.float64)
        return np.where(labels < 0, np.nan, labels)


def _drawn(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """MOST of the films at the most, always the same."""
    at = np.flatnonzero(inside)
    chosen = np.zeros_like(inside)
    chosen[np.random.default_rng(0).permutation(at)[:MOST]] = True
    return chosen


def compare(trio: Trio, site: str, one: Floats, other: Floats) -> Any:
    """The difference of mean AUROC of `one` and `other` on the site's kept-out films, by patient."""
    a, b, y = trio.measured(one, site), trio.measured(other, site), trio.truth(site)
    k = a.shape[1]

    def statistic(columns: Floats) -> float:
        return macro(columns[:, :k], columns[:, 2 * k :]) - macro(columns[:, k : 2 * k], columns[:, 2 * k :])

    joined = np.concatenate([a, b, y], axis=1)
    return bootstrap(statistic, joined, patients=trio.films["patient"][trio.held[site]], resamples=200)


def run_trio(name: str, trio: Trio, plan: Plan) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Figures and the whole table of one trio."""
    sites = list(trio.sources)
    averaged = plan.model_copy(update={"method": "average"})
    newton = trio.fit(plan, sites, ROUNDS["newton"])
    pooled = trio.fit(plan, sites, POOLED, pooled=True)[-1]
    average = trio.fit(averaged, sites, ROUNDS["average"])
    alone = {site: trio.fit(plan, [site], POOLED)[-1] for site in sites}
    shipped = heads.begin(len(FINDINGS))["theta"]
    figures, table = [], {}
    for site in sites:
        held = int(trio.held[site].sum())
        if not trio.columns(site):
            table[site] = {"train": int(trio.where[site].sum()), "kept_out": held, "measured": []}
            continue
        truth = trio.truth(site)
        area = {label: round(macro(trio.measured(theta, site), truth), 4) for label, theta in {
            "shipped": shipped, "pooled": pooled, "newton": newton[-1], "average": average[-1],
            **{f"alone:{other}": alone[other] for other in sites},
        }.items()}  # fmt: skip
        for method, theta in (("newton", newton[-1]), ("average", average[-1])):
            difference = compare(trio, site, theta, pooled)
            figures.append(
                figure(f"AUROC, federated ({method}) less pooled", f"{name}: {site}", difference, films=held)
            )
        figures.append(
            figure(
                "AUROC, federated (newton) less alone", f"{name}: {site}", compare(trio, site, newton[-1], alone[site])
            )
        )
        table[site] = {
            "train": int(trio.where[site].sum()), "kept_out": held,
            "kept_out_patients": len(set(trio.films["patient"][trio.held[site]])),
            "measured": [FINDINGS[k] for k in trio.columns(site)], "auroc": area,
        }  # fmt: skip
    measured = [site for site in sites if trio.columns(site)]
    by_round = {
        method: [
            {"round": n,
             "auroc": {s: round(macro(trio.measured(passed[n - 1], s), trio.truth(s)), 4) for s in measured},
             "from_pooled": round(float(np.abs(passed[n - 1] - pooled).max()), 5)}
            for n in SHOWN if n <= len(passed)
        ]
        for method, passed in (("newton", newton), ("average", average))
    }  # fmt: skip
    return figures, {"sites": table, "rounds": by_round}


def bytes_a_round(plan: Plan) -> dict[str, dict[str, int]]:
    """What a site sends and gets in a round, bytes of float32."""
    theta = heads.begin(len(plan.findings))["theta"]
    k, width = theta.shape
    got = 4 * theta.size
    return {
        "newton": {"sent": 4 * (theta.size + k * width * (width + 1) // 2 + 2 * k + 1), "got": got},
        "average": {"sent": 4 * (theta.size + k + 1), "got": got},
    }


def read(data: Path, kept: Path | None) -> dict[str, NDArray[Any]]:
    """Films with what the model says of them: from `kept` where it is there, else from the model."""
    rows = rows_of(data, ("train", "val", "test"))
    if kept is not None and kept.exists():
        with np.load(kept, allow_pickle=False) as held:
            place = {name: n for n, name in enumerate(held["ids"].tolist())}
            rows = [row for row in rows if row["id"] in place]
            at = [place[row["id"]] for row in rows]
            order = [held["concepts"].tolist().index(f) for f in FINDINGS]
            scores, vectors, view = held["scores"][at][:, order], held["vectors"][at], held["view"][at]
    else:
        answers = examine_all(data, rows)
        scores = np.stack([answers.scores[f] for f in FINDINGS], axis=1)
        vectors, view = answers.vectors.astype(np.float16), np.where(answers.readable, "frontal", "refused")
        if kept is not None:
            ids = np.array([row["id"] for row in rows])
            np.savez(kept, ids=ids, concepts=np.array(FINDINGS), scores=scores, vectors=vectors, view=view)
    labels, weights = label_matrix(rows)
    return {
        "source": np.array([row["source"] for row in rows]), "split": np.array([row["split"] for row in rows]),
        "patient": np.array([row["patient"] or row["id"] for row in rows]), "view": view,
        "scores": scores.astype(np.float64), "vectors": vectors,
        "labels": np.where(weights > 0, labels, -1).astype(np.int8),
    }  # fmt: skip


def main() -> None:
    """Print every figure."""
    given, data = arguments(__doc__, scores="file that keeps the model's answers (.npz)")
    films = read(data, given.scores)
    card = load_card("compact")
    plan = Plan(name="benchmark", base=f"{card.name}@{card.revision}", findings=FINDINGS, sites=("a", "b", "c"))
    figures, tables = [], {}
    for name, sources in TRIOS.items():
        made, tables[name] = run_trio(name, Trio(films, sources), plan)
        figures += made
    finish(
        "federated", given.out,
        data={"films": len(films["source"]), "manifest_sha256": file_hash(data / "cxr" / "manifest.csv")},
        model=plan.base, penalty=plan.penalty, proximal=plan.proximal, most_films_of_a_site=MOST,
        aim="within 0.01 of pooled", figures=figures,
        trios=tables, bytes_a_round=bytes_a_round(plan),
        notes={
            "confounded": "A source is a hospital and nearly a class: covid19_radiography and kermany have one disease "
            "and normals, so their areas measure the archive as well as the disease.",
            "seen": "The shipped network was trained on the training films of all these sources; films kept out "
            "it never saw.",
        },
    )  # fmt: skip


if __name__ == "__main__":
    main()
