"""ROC and reliability of every finding on films not trained on, by source: the data of the pictures on /models."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common import ROOT, bootstrap, command
from films import arguments, examine_all, rows_of
from findings import CONFOUNDED, ELEVEN
from prosvet.evaluation.findings.discrimination import auroc, roc_points, thinned
from prosvet.evaluation.proportions import wilson
from prosvet.models.card import Card, load_card
from prosvet.models.curves import Bin, Curves, FindingCurves, PointMeasured, SourceCurves

_FEWEST = 5  # positives, and negatives: a curve through fewer shows nothing
_BINS = 10
_FOLDER = ROOT / "src" / "prosvet" / "models" / "cards" / "curves"
_LABELLED = ("abnormal", *ELEVEN, "consolidation", "pneumonia")

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def main() -> None:
    """Measure each shipped model and write its file."""
    given, data = arguments(__doc__)
    rows = rows_of(data, ("test", "val"))
    for model in ("compact", "compact-int8"):
        answers = examine_all(data, rows, model)
        card = load_card(model)
        sources = [
            _source(name, wanted, where & answers.readable, int((where & ~answers.readable).sum()), rows,
                    answers.scores, card, same_hospitals=not name.startswith("nih"))
            for name, wanted, where in _parts(rows)
        ]  # fmt: skip
        curves = Curves(model=model, revision=card.revision, command=command("curves"), sources=tuple(sources))
        text = curves.model_dump_json() + "\n"
        path = (given.out or _FOLDER) / f"{model}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        _print(curves, path)


def _parts(rows: list[dict[str, str]]) -> list[tuple[str, tuple[str, ...], Flags]]:
    """Name of a source, the concepts that its labels speak of, and its films."""
    source = np.array([row["source"] for row in rows])
    short = np.array([name.split("(")[0] for name in source])
    nih = np.char.startswith(source, "nih")
    parts = [("nih", _LABELLED, nih)]
    parts += [(str(name), _LABELLED, source == name) for name in np.unique(source[nih])]
    return parts + [(name.split("/")[-1], ("abnormal", concept), short == name) for name, concept in CONFOUNDED]


def _source(
    name: str, wanted: tuple[str, ...], where: Flags, refused: int, rows: list[dict[str, str]],
    scores: Mapping[str, Floats], card: Card, *, same_hospitals: bool,
) -> SourceCurves:  # fmt: skip
    chosen = [row for row, here in zip(rows, where, strict=True) if here]
    concepts = [set(row["concepts"].split()) for row in chosen]
    patients = np.array([row["patient"] or row["id"] for row in chosen])
    found = {}
    for concept in wanted:
        label = np.array([("normal" not in c) if concept == "abnormal" else (concept in c) for c in concepts], float)
        if min(label.sum(), (1 - label).sum()) >= _FEWEST:
            found[concept] = _finding(scores[concept][where], label, patients, concept, card)
    return SourceCurves(
        source=name, n=len(chosen), patients=len(set(patients)), refused=refused, same_hospitals=same_hospitals,
        findings=found,
    )  # fmt: skip


def _finding(score: Floats, label: Floats, patients: NDArray[np.str_], concept: str, card: Card) -> FindingCurves:
    interval = bootstrap(auroc, score, label, patients=patients)
    thresholds = {name: p[concept].threshold for name, p in card.operating_points.items() if concept in p}
    return FindingCurves(
        positives=int(label.sum()),
        negatives=int((1 - label).sum()),
        auroc=round(interval.value, 4),
        low=round(interval.low, 4),
        high=round(interval.high, 4),
        roc=tuple((round(x, 4), round(y, 4)) for x, y in thinned(roc_points(score, label), 80)),
        bins=tuple(_bins(score, label)),
        points={
            name: PointMeasured(
                threshold=at,
                true_positive=int(((score >= at) & (label == 1)).sum()),
                true_negative=int(((score < at) & (label == 0)).sum()),
            )
            for name, at in thresholds.items()
        },
    )


def _bins(score: Floats, label: Floats) -> list[Bin]:
    places = np.clip((score * _BINS).astype(int), 0, _BINS - 1)
    made = []
    for place in np.unique(places):
        here = places == place
        share = wilson(float(label[here].sum()), float(here.sum()))
        mean, low, high = round(float(score[here].mean()), 4), round(share.low, 4), round(share.high, 4)
        made.append(Bin(n=int(here.sum()), mean=mean, share=round(share.value, 4), low=low, high=high))
    return made


def _print(curves: Curves, path: Path) -> None:
    for source in curves.sources:
        for concept, one in source.findings.items():
            sys.stdout.write(
                f"{curves.model} {source.source} {concept}: AUROC {one.auroc:.3f} ({one.low:.3f}..{one.high:.3f}), "
                f"{one.positives} of {one.positives + one.negatives}\n"
            )
    sys.stdout.write(f"{path.name}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
