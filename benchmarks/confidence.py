"""Confidence beyond the score: selective risk of each measure on held-out films, and the promise with the rule.

(a) Films of `val`, which no network was trained on: each measure is asked of patients it was not fitted on, then of
whole sources it was not fitted on. (b) Once, fitted on all of `val`, the films of `test` (NIH). (c) The line: a rule
fitted on some patients, the threshold on others, judged on a third part, many times. (d) Simulation with known truth:
how often the promise is broken with a rule, and how often it would be if the rule were fitted on the controlled sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from common import figure, file_hash, finish
from films import arguments, examine_all, films_of, rows_of
from prosvet.core.errors import TargetNotProvable
from prosvet.core.settings import Settings
from prosvet.models.card import Card, load_card
from prosvet.screening.archived import SCORE
from prosvet.screening.confidence.compare import Measured, across, chosen, compare, measured
from prosvet.screening.confidence.curves import COVERAGES, Bools, Floats
from prosvet.screening.confidence.design import Design
from prosvet.screening.confidence.facts import EXTRAS, Facts, Row, logit
from prosvet.screening.confidence.folds import folds
from prosvet.screening.confidence.methods import Labelled, out_of_fold
from prosvet.screening.confidence.rule import Rule, effective, fit_rule, rule_of
from prosvet.screening.confidence.views import Views
from prosvet.screening.control import Risk, control

CONFIDENCE, REPETITIONS, SPLITS = 0.95, 1000, 40
POINT, WIDTH = 0.5, 8
World = Callable[[np.random.Generator, int], Labelled]


# -- films -----------------------------------------------------------------------------------------------------------


def films(data: Path, split: str, kept: Path | None) -> tuple[Labelled, list[str]]:
    """The readable films of a split with their sources; a film is a study here.

    With `kept`, a folder, what the networks said is written there once, and taken from there afterwards.
    """
    rows = rows_of(data, (split,))
    settings = Settings(home=Path("unused"))
    card = load_card(settings.model, settings.home)
    stored = kept / f"{split}-{card.revision}.npz" if kept else None
    said = dict(np.load(stored)) if stored and stored.is_file() else _ask(data, rows, card, settings)
    if stored and not stored.is_file():
        stored.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(stored, **said)
    found, used = [], []
    for n, row in enumerate(rows):
        if said["readable"][n]:
            scores = {name: round(float(p), 4) for name, p in zip(card.labels, said["scores"][n], strict=True)}
            age = float(row["age"]) if row["age"] else None
            vector = said["vectors"][n].astype(np.float32)
            found.append(Row(scores[SCORE], scores, vector, None, age, said["members"][n], said["copies"][n]))
            used.append(row)
    abnormal = np.array(["normal" not in row["concepts"].split() for row in used])
    point = float(card.operating_points[settings.operating_point][SCORE].threshold)
    patients = [row["patient"] or row["id"] for row in used]
    return Labelled(Facts.of(found), abnormal, patients, point), [_source(row["source"]) for row in used]


def _ask(data: Path, rows: list[dict[str, str]], card: Card, settings: Settings) -> dict[str, Any]:
    """Scores, vectors and disagreement of every film."""
    answers, views = examine_all(data, rows), Views(card, settings.threads)
    spreads = [views.spread(film) for film in films_of(data, rows)]
    return {
        "scores": np.stack([answers.scores[name] for name in card.labels], axis=1), "vectors": answers.vectors,
        "readable": answers.readable, "members": np.array([one.members for one in spreads]),
        "copies": np.array([one.copies for one in spreads]),
    }  # fmt: skip


def _source(name: str) -> str:
    return "nih" if name.startswith("nih") else name


def without_views(known: Labelled) -> Labelled:
    """As the archive knows it, and as the line uses it."""
    extras = known.facts.extras.copy()
    extras[:, [EXTRAS.index("members"), EXTRAS.index("copies")]] = np.nan
    return replace(known, facts=replace(known.facts, extras=extras))


def boosting(known: Labelled) -> tuple[Measured, ...]:
    """Gradient boosting (scikit-learn) on the columns of the meta-model, out of fold, beside the two of the product."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    parts, unsure = folds(known.patients, 5), np.empty(len(known.facts))
    for fold in range(5):
        train, test = known.where(parts != fold), known.where(parts == fold)
        design = Design.fit(train.facts, train.point)
        model = HistGradientBoostingClassifier(learning_rate=0.05, max_iter=100, max_leaf_nodes=8, random_state=0)
        model.fit(design.columns(train.facts), train.wrong)
        unsure[parts == fold] = model.predict_proba(design.columns(test.facts))[:, 1]
    both = {name: out_of_fold(name, known, parts) for name in ("score", "meta")}
    return measured({**both, "boosting": unsure}, known.wrong, known.patients)


def table(where: str, known: Labelled, found: tuple[Measured, ...]) -> dict[str, Any]:
    """A comparison in the shape of the results."""
    return {
        "data": where, "n": len(known.facts), "patients": len(set(known.patients)), "wrong": int(known.wrong.sum()),
        "chosen": chosen(found), "coverages": COVERAGES,
        "methods": [
            {
                "method": one.method, "aurc": _band(one.aurc), "excess": _band(one.excess),
                "difference": one.difference and _band(one.difference), "better": one.better,
                "risks": [_band(risk) for risk in one.risks],
            }
            for one in found
        ],
    }  # fmt: skip


def _band(one: Any) -> list[float]:
    return [round(one.value, 4), round(one.low, 4), round(one.high, 4)]


# -- the line --------------------------------------------------------------------------------------------------------


def threshold(known: Labelled, rule: Rule | None, target: float) -> tuple[float, Floats]:
    """The threshold that the product would choose on `known`, and the scores that it controls."""
    score = known.facts.score
    if rule is not None:
        score = effective(score, rule.holds(known.facts), known.point)
    lowest: dict[str, float] = {}
    for name, value in zip(np.array(known.patients)[known.abnormal], score[known.abnormal], strict=True):
        lowest[name] = min(float(value), lowest.get(name, np.inf))
    risk = Risk("abnormal_patients", np.array(list(lowest.values())), target)
    return control([risk], CONFIDENCE)[0], score


def line(known: Labelled, target: float, splits: int = SPLITS) -> dict[str, Any]:
    """With a rule (30 % of patients for it, 40 % for the threshold) and without (both parts for the threshold)."""
    names, of = np.unique(known.patients, return_inverse=True)
    rows: list[tuple[float, ...]] = []
    for seed in range(splits):
        part = np.random.default_rng(seed).random(len(names))[of]
        rule = fit_rule(known.where(part < 0.3), "meta", target)
        judge = known.where(part >= 0.7)
        own, _ = threshold(known.where(part < 0.7), None, target)
        if rule is None:
            limit, score = threshold(known.where((part >= 0.3) & (part < 0.7)), None, target)[0], judge.facts.score
        else:
            limit, _ = threshold(known.where((part >= 0.3) & (part < 0.7)), rule, target)
            score = effective(judge.facts.score, rule.holds(judge.facts), judge.point)
        sick = judge.abnormal
        rows.append((
            (score[~sick] < limit).mean(), (score[sick] < limit).mean(),
            (judge.facts.score[~sick] < own).mean(), (judge.facts.score[sick] < own).mean(), float(rule is not None),
        ))  # fmt: skip
    mean, low, high = np.mean(rows, axis=0), *np.quantile(rows, [0.025, 0.975], axis=0)
    keys = ("cleared", "missed", "cleared_without", "missed_without")
    spread = {key: [round(float(v), 4) for v in (mean[n], low[n], high[n])] for n, key in enumerate(keys)}
    wins = sum(row[0] > row[2] for row in rows)
    return {"target": target, "splits": splits, "rules_made": round(float(mean[4]), 3), "rule_cleared_more": wins,
            **spread}  # fmt: skip


# -- simulation ------------------------------------------------------------------------------------------------------


def _world(random: np.random.Generator, score: Floats, abnormal: Bools, marked: Bools) -> Labelled:
    n = len(score)
    vectors = random.normal(0, 0.3, (n, WIDTH))
    vectors[:, 0] += 1.0
    vectors[:, 1] += 3.0 * marked
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    findings = logit(score)[:, None] + random.normal(0, 1, (n, 2))
    facts = Facts(("a", "b"), score, findings, vectors.astype(np.float32), np.full((n, len(EXTRAS)), np.nan))
    return Labelled(facts, abnormal, [f"p{i}" for i in range(n)], POINT)


def hidden(random: np.random.Generator, n: int) -> Labelled:
    """Abnormal studies of a marked kind (15 %) score as normal ones do; the vector shows the mark."""
    abnormal, marked = random.random(n) < 0.4, random.random(n) < 0.15
    score = np.where(abnormal & ~marked, random.beta(5, 2, n), random.beta(2, 5, n)).round(4)
    return _world(random, score, abnormal, marked)


def only_score(random: np.random.Generator, n: int) -> Labelled:
    """The score is the chance of disease; nothing else says more."""
    score = random.random(n).round(4)
    return _world(random, score, random.random(n) < score, random.random(n) < 0.15)


def promise(name: str, world: World, target: float, n: int, apart: bool, repetitions: int) -> dict[str, Any]:
    """Share of repetitions in which the true share of abnormal studies released is above the target.

    Parameters
    ----------
    apart : bool
        The rule on studies of its own, as the product does; otherwise on those on which the risk is controlled, with
        its limit at the doubt of the least sure of them that the model calls normal and that are abnormal.
    """
    random, truth = np.random.default_rng(7), world(np.random.default_rng(8), 40_000)
    broken = made = proved = 0
    cleared: list[float] = []
    for _ in range(repetitions):
        known = world(random, n)
        rule = fit_rule(world(random, n), "meta", target) if apart else _tailored(known)
        try:
            limit, _ = threshold(known, rule, target)
        except TargetNotProvable:
            continue
        score = truth.facts.score
        if rule is not None:
            score = effective(score, rule.holds(truth.facts), truth.point)
        made, proved = made + (rule is not None), proved + 1
        broken += bool((score[truth.abnormal] < limit).mean() > target)
        cleared.append(float((score[~truth.abnormal] < limit).mean()))
    found = binomtest(broken, proved, 1 - CONFIDENCE, alternative="greater")
    interval = found.proportion_ci(0.95)
    return {
        "case": f"{name}, n={n}, target {target:g}",
        "rule": "on studies of its own" if apart else "on the same studies",
        "proved": proved, "rules_made": made, "broken": broken, "share": round(broken / proved, 4),
        "low": round(float(interval.low), 4), "p_above_promise": round(float(found.pvalue), 4),
        "cleared": round(float(np.mean(cleared)), 4),
    }  # fmt: skip


def _tailored(known: Labelled) -> Rule:
    """A rule that has seen the very studies on which the risk is controlled: what must not be done."""
    rule = rule_of(known, "meta", 1.0)
    unsure, missed = rule.unsure(known.facts), known.abnormal & (known.facts.score < known.point)
    return rule.model_copy(update={"limit": float(np.quantile(unsure[missed], 0.3))})


def main() -> None:
    """Print all four parts."""
    given, data = arguments(__doc__, kept="folder where what the networks say of the films is kept")
    val, sources = films(data, "val", given.kept)
    plain, largest = without_views(val), max(set(sources), key=sources.count)
    one = plain.where(np.array(sources) == largest)
    test, _ = films(data, "test", given.kept)
    tables = [
        table("val, patients left out, films read again", val, compare(val)),
        table("val, patients left out", plain, compare(plain)),
        table("val, sources left out, films read again", val, compare(val, sources)),
        table(f"val, {largest} alone, patients left out", one, compare(one)),
        table("val, patients left out, beside boosting", plain, boosting(plain)),
        table("test (NIH), fitted on val", test, across(val, test)),
    ]
    lines = [line(plain, target) for target in (0.1, 0.05)]
    simulated = [
        promise("errors hang on a mark", hidden, 0.1, 400, True, REPETITIONS),
        promise("errors hang on a mark", hidden, 0.05, 400, True, REPETITIONS),
        promise("only the score tells", only_score, 0.1, 300, True, REPETITIONS),
        promise("only the score tells", only_score, 0.1, 300, False, REPETITIONS),
    ]
    figures = [
        *(figure("promise broken with the rule, share of repetitions", row["case"], row["share"], row["proved"],
                 target="≤ 0.05") for row in simulated if row["rule"] == "on studies of its own"),
        *(figure(f"AURC, {row['method']}", one_table["data"], row["aurc"][0], one_table["n"], low=row["aurc"][1],
                 high=row["aurc"][2]) for one_table in tables for row in one_table["methods"]),
    ]  # fmt: skip
    manifest = file_hash(data / "cxr" / "manifest.csv")
    finish(
        "confidence", given.out,
        data={"val": len(val.facts), "test": len(test.facts), "manifest_sha256": manifest},
        figures=figures, comparisons=tables, line=lines, simulation=simulated,
    )  # fmt: skip


if __name__ == "__main__":
    main()
