"""Site adapters: what local labels bring, and whether they ever do harm, by the number of labelled films.

(a) A hospital never seen: encoders trained without one source whole (``--runs``, as for ``leave_one_out.py``), and
that source as the site. The model is calibrated on the other sources alone; its vector is the leading 512 directions
of its features on them, unit length. Films of the site are drawn for fitting, patients whole; all others judge.
(b) The shipped model on films that it was not trained on: their sources have been seen, so there is less to gain, and
no harm must come of it. (c) The control, in both: the labels given to other films; nothing may change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import figure, finish
from films import arguments, examine_all, rows_of
from prosvet.models.adapter import log_odds
from prosvet.models.card import load_card
from prosvet.training.data import FINDINGS, label_matrix
from prosvet.training.pipeline.paired_tests import auroc_test, calls_test
from prosvet.training.site.cases import Cases, shuffled
from prosvet.training.site.fit import Fitted, Points, compared, fit

Floats = NDArray[np.float64]

SIZES = (25, 50, 100, 200, 400)
REPETITIONS = 20
CONTROLS = 20
LEAST = 10  # films with and without a finding among the judges
_SIDE = 192
_MOST = 1500  # films of a source
_CHANCE = 0.05


@dataclass(frozen=True)
class Site:
    """A source as a site, and the global model's thresholds."""

    name: str
    cases: Cases
    points: Points


# -- sites -----------------------------------------------------------------------------------------------------------


def held_out(runs: Path, data: Path, cache: Path) -> Iterator[Site]:
    """Sources that an encoder has never seen."""
    from prosvet.training.data import load_films

    films = load_films(data, ("train",), cache), load_films(data, ("val",), cache)
    for folder in sorted(path.parent for path in runs.glob("*/recipe.json")):
        source = json.loads((folder / "recipe.json").read_text())["holdout"]
        if source:
            yield _held_out(folder, source, films, cache)


def _held_out(folder: Path, source: str, films: tuple[Any, Any], cache: Path) -> Site:
    import torch

    from leave_one_out import network
    from prosvet.training.nets import FindingNet
    from prosvet.training.pack import calibration_of

    net = FindingNet(len(FINDINGS))
    net.load_state_dict(torch.load(folder / "encoder.pt", map_location="cpu", weights_only=True))
    run = network(net.eval())
    mine = [np.char.startswith(part.column("source"), source) for part in films]
    rest = films[1].where(~mine[1])
    pixels = np.concatenate([part.where(own).pixels for part, own in zip(films, mine, strict=True)])
    rows = [row for part, own in zip(films, mine, strict=True) for row in part.where(own).rows]
    step = max(1, len(rows) // _MOST)
    pixels, rows = pixels[::step], rows[::step]
    (logits, features), (other_logits, other_features) = run(pixels), run(rest.pixels)
    calibration, points = calibration_of(other_logits.astype(np.float64), rest)
    scale, shift = (np.array([calibration[f][key] for f in FINDINGS]) for key in ("scale", "shift"))
    middle = other_features.mean(axis=0)
    _, _, axes = np.linalg.svd(other_features - middle, full_matrices=False)
    vectors = (features - middle) @ axes[:512].T
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    thresholds = {name: {f: one["threshold"] for f, one in table.items()} for name, table in points.items()}
    scores = 1 / (1 + np.exp(-(scale * logits + shift)))
    return Site(f"{source}, never seen", _cases(FINDINGS, scores, vectors, rows), thresholds)


def shipped(data: Path) -> Iterator[Site]:
    """The shipped model on films kept out of training: ``val``, where its thresholds come from, and NIH ``test``."""
    card = load_card("compact")
    points = {name: {f: p.threshold for f, p in table.items()} for name, table in card.operating_points.items()}
    for split, sources in (
        ("val", ("lundis/covid19_radiography", "kermany", "lundis/mendeley_tb")),
        ("test", ("nih",)),
    ):
        rows = [row for row in rows_of(data, (split,)) if row["source"].startswith(sources)]
        answers = examine_all(data, rows)
        for source in sources:
            mine = np.array([row["source"].startswith(source) for row in rows]) & answers.readable
            scores = np.stack([answers.scores[f] for f in card.labels], axis=1)[mine]
            cases = _cases(
                card.labels, scores, answers.vectors[mine], [r for r, m in zip(rows, mine, strict=True) if m]
            )
            yield Site(f"{source}, {split}, shipped model", cases, points)


def _cases(findings: tuple[str, ...], scores: Floats, vectors: NDArray[Any], rows: list[dict[str, str]]) -> Cases:
    known, weights = label_matrix(rows)
    order = [FINDINGS.index(f) for f in findings]
    labels = np.where(weights > 0, known, np.nan)[:, order].astype(np.float64)
    patients = np.array([row["patient"] or row["id"] for row in rows])
    halved = vectors.astype(np.float16).astype(np.float64)
    blank = np.full(len(rows), "")
    return Cases(findings, scores.round(4), halved, labels, patients, np.array([row["id"] for row in rows]), blank)


# -- what local labels bring -----------------------------------------------------------------------------------------


def _drawn(cases: Cases, size: int, seed: int) -> tuple[Cases, Cases]:
    """About `size` films for fitting, patients whole, and all films of other patients."""
    names, of = np.unique(cases.patients, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    count = np.bincount(of)[order].cumsum()
    chosen = np.zeros(len(names), dtype=np.bool_)
    chosen[order[: int(np.searchsorted(count, size)) + 1]] = True
    return cases.rows(chosen[of]), cases.rows(~chosen[of])


def _judged(site: Site, fitted: Fitted, judges: Cases) -> Iterator[dict[str, float]]:
    """Each labelled finding on the judges: global against local."""
    before, after = log_odds(judges.scores), log_odds(fitted.weights(judges.scores, judges.vectors))
    for k, finding in enumerate(judges.findings):
        known = np.isfinite(judges.labels[:, k])
        labels, people = judges.labels[known, k], judges.patients[known]
        if min((labels == 1).sum(), (labels == 0).sum()) < LEAST:
            continue
        told = fitted.findings.get(finding)
        found = compared(before[known, k], after[known, k], labels, people)
        area = auroc_test(before[known, k], after[known, k], labels == 1, people)
        limit = site.points["balanced"].get(finding)
        row = {
            "adapted": float(told is not None and told.kind != "identity"), "auroc_global": area.first,
            "auroc_local": area.second, "auroc_worse": float(area.p < _CHANCE and area.value < 0),
            "auroc_better": float(area.p < _CHANCE and area.value > 0), "loss_global": found.loss_global,
            "loss_local": found.loss_local, "loss_worse": float(found.loss_low > 0),
            "loss_better": float(found.loss_high < 0),
        }  # fmt: skip
        if limit is not None:
            point = told.points.get("balanced") if told is not None else None
            mine = limit if point is None else point.threshold
            right = (judges.scores[known, k] >= limit) == (labels == 1)
            local = (fitted.weights(judges.scores, judges.vectors)[known, k] >= mine) == (labels == 1)
            calls = calls_test(right, local, people)
            row |= {
                "right_global": calls.first, "right_local": calls.second,
                "calls_worse": float(calls.p < _CHANCE and calls.value < 0),
                "calls_better": float(calls.p < _CHANCE and calls.value > 0),
            }  # fmt: skip
        yield row


def measure(site: Site) -> Iterator[dict[str, Any]]:
    """Figures of one site, by the number of its labelled films."""
    for size in SIZES:
        if len(site.cases) < 1.5 * size:
            continue
        rows: list[dict[str, float]] = []
        for seed in range(REPETITIONS):
            own, judges = _drawn(site.cases, size, seed)
            rows += _judged(site, fit(own, site.points, seed), judges)
        where = f"{site.name}; {size} labelled films, {REPETITIONS} draws"
        means = {key: round(float(np.mean([row[key] for row in rows if key in row])), 4) for key in _keys(rows)}
        yield figure("AUROC gained, mean", where, means["auroc_local"] - means["auroc_global"], len(rows), **means)
        changed = sum(_changes(site, size, seed) for seed in range(CONTROLS))
        yield figure("adapters changed by shuffled labels", where, float(changed), CONTROLS)


def _changes(site: Site, size: int, seed: int) -> bool:
    """Whether labels of other films change anything."""
    fitted = fit(shuffled(_drawn(site.cases, size, seed)[0], seed), site.points, seed)
    return any(one.kind != "identity" or one.points for one in fitted.findings.values())


def _keys(rows: list[dict[str, float]]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))


def main() -> None:
    """Print what adapters bring, by site and by the number of labels."""
    given, data = arguments(__doc__, runs="folder with one run a held-out source", cache="folder of prepared films")
    sites: list[Callable[[], Iterator[Site]]] = [lambda: shipped(data)]
    if given.runs is not None:
        sites.insert(0, lambda: held_out(given.runs, data, given.cache))
    figures = [one for group in sites for site in group() for one in measure(site)]
    worse = [one for one in figures if "auroc_worse" in one]
    total = sum(one["n"] for one in worse)
    for key in ("auroc_worse", "loss_worse", "calls_worse", "auroc_better", "loss_better", "calls_better"):
        share = sum(one["n"] * one[key] for one in worse if key in one) / max(total, 1)
        figures.append(figure(f"share of findings with {key.replace('_', ' significantly ')}", "all", share, total))
    controls = [one for one in figures if one["metric"] == "adapters changed by shuffled labels"]
    changed, fits = sum(one["value"] for one in controls), sum(one["n"] for one in controls)
    figures.append(figure("share of adapters changed by shuffled labels", "all", changed / fits, fits))
    note = "development data; encoders that have not seen the site, and the shipped model on films kept out of training"
    finish("site_adapters", given.out, data=note, n=total, figures=figures)


if __name__ == "__main__":
    main()
