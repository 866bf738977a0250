"""From pictures to figures: each measure as it stands on the card, with the same of real films beside it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from prosvet.evaluation.findings.discrimination import auroc
from prosvet.evaluation.measures import mean
from prosvet.evaluation.proportions import proportion
from prosvet.evaluation.resampling import bootstrap
from prosvet.evaluation.result import Cell, Figure, Items, Table
from prosvet.evaluation.statistics import as_figure, figure
from prosvet.evaluation.synthesis.detection import cross_validated, spectrum
from prosvet.evaluation.synthesis.difference import Changes
from prosvet.evaluation.synthesis.fidelity import MANIFOLDS, frechet_interval, kernel_interval
from prosvet.evaluation.synthesis.films import Shots
from prosvet.evaluation.synthesis.judge import Judged
from prosvet.evaluation.synthesis.material import Made, Section, items_of
from prosvet.evaluation.synthesis.shape import RATIO, plausible, ranges
from prosvet.evaluation.synthesis.variety import alike, apart, disjoint_pairs

__all__ = ["adherence", "anatomy", "detection", "differences", "diversity", "fidelity"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_ENOUGH = 0.6  # of a pair's difference inside what the prompt said


def fidelity(real: Judged, others: Judged, made: Judged, seed: int) -> Section:
    """Distances and manifolds of made pictures from `real`, and of `others`, as many films of other patients."""
    metrics: dict[str, Figure] = {}
    controls: dict[str, Figure | Cell] = {}
    for into, judged in ((metrics, made), (controls, others)):
        found = _distances(real.features, judged.features, seed)
        into.update({name if into is metrics else f"real.{name}": one for name, one in found.items()})
    return Section(metrics, controls)


def _distances(real: Floats, made: Floats, seed: int) -> dict[str, Figure]:
    found = {
        "fid": as_figure(frechet_interval(real, made, seed=seed), "bootstrap_centred", higher_is_better=False),
        "kid": as_figure(kernel_interval(real, made, seed=seed), "bootstrap", higher_is_better=False),
    }
    for name, function in MANIFOLDS.items():
        each = np.asarray(function(real, made), dtype=np.float64)
        found[name] = as_figure(bootstrap(mean, [each], seed=seed), "bootstrap")
    return found


def adherence(
    made: Made, styles: Mapping[str, str], reference: Shots, real: Judged, resamples: int, seed: int
) -> tuple[Section, Items]:
    """AUROC of the judge between pictures asked for a finding and asked for normal: in any look, and within one look.

    Beside it the judge's own AUROC between real films of the finding and normal ones, all archives and one.
    """
    asked = [one for one, it in zip(made.asked, made.part("finding"), strict=True) if it]
    judged = made.judged.where(made.part("finding"))
    concept = np.array([one.concepts[0] for one in asked])
    look = np.array([one.style for one in asked])
    columns: dict[str, Floats] = {"score.normal": judged.score("normal")}
    columns["label.normal"] = np.where(look == "", (concept == "normal").astype(float), np.nan)
    for finding, style in styles.items():
        columns[f"score.{finding}"] = judged.score(finding)
        columns[f"label.{finding}"] = _contrast(concept, finding, look == "")
        if style:
            columns[f"label_within.{finding}"] = _contrast(concept, finding, look == style)
    items = items_of(asked, columns)
    metrics, controls = {}, {}
    for name in ("normal", *styles):
        statistic = f"auroc:score.{name},label.{name}"
        metrics[f"adherence.{name}"] = figure(statistic, items, resamples=resamples, seed=seed)
        controls[f"real.adherence.{name}"] = _real_auroc(name, "", reference, real, resamples, seed)
    for name, style in styles.items():
        if style:
            statistic = f"auroc:score.{name},label_within.{name}"
            metrics[f"adherence_within.{name}"] = figure(statistic, items, resamples=resamples, seed=seed)
            controls[f"real.adherence_within.{name}"] = _real_auroc(name, style, reference, real, resamples, seed)
    rows = tuple((name, style, metrics[f"adherence_within.{name}"].n) for name, style in styles.items() if style)
    looks = Table(id="synthesis_styles", columns=("finding", "style", "pictures"), rows=rows)
    return Section(metrics, dict(controls), (looks,)), items


def _contrast(concept: NDArray[np.str_], finding: str, within: Bools) -> Floats:
    known = within & ((concept == finding) | (concept == "normal"))
    return np.where(known, (concept == finding).astype(float), np.nan)


def _real_auroc(name: str, source: str, films: Shots, real: Judged, resamples: int, seed: int) -> Figure:
    normal, within = films.with_finding("normal"), films.of(source)
    sick = (
        ~normal & np.array([bool(one.present) for one in films.known]) if name == "normal" else films.with_finding(name)
    )
    label = normal if name == "normal" else sick
    rows = np.flatnonzero((normal | sick) & within)
    if not len(rows):
        return Figure(value=None, n=0)
    patients = [films.known[row].patient for row in rows]
    drawn = bootstrap(auroc, [real.score(name)[rows], label[rows].astype(float)], patients, resamples, seed)
    return as_figure(drawn, "bootstrap_patients")


def anatomy(
    made: Made, reference: Shots, real: Floats, halves: tuple[Bools, Bools], resamples: int, seed: int
) -> Section:
    """Share of pictures with lungs and a heart within the ranges of real films, and the cardiothoracic ratio by prompt.

    Real films are held against the ranges of the other half's.
    """
    single = made.part("likeness", "finding")
    good = plausible(made.shapes[single], ranges(real))
    crossed = np.concatenate([plausible(real[b], ranges(real[a])) for a, b in (halves, halves[::-1])])
    patients = [one.patient for part in halves[::-1] for one in reference.where(part).known]
    metrics = {"plausible_anatomy": as_figure(proportion(good), "wilson")}
    controls: dict[str, Figure | Cell] = {
        "real.plausible_anatomy": as_figure(proportion(crossed, patients), "wilson_patients")
    }
    rows = []
    for concept in ("normal", "pneumonia", "tuberculosis", "cardiomegaly"):
        of = np.array([one.part == "finding" and one.concepts == (concept,) and not one.style for one in made.asked])
        rows.append(
            (concept, *_quartiles(made.shapes[of, RATIO]), *_quartiles(real[reference.with_finding(concept), RATIO]))
        )
    columns = ("finding", *(f"ratio_{kind}_{q}" for kind in ("made", "real") for q in ("n", "low", "median", "high")))
    ratio, label = _ratio_by_prompt(made)
    if len(set(label.tolist())) == 2:
        metrics["ratio_auroc"] = as_figure(bootstrap(auroc, [ratio, label], None, resamples, seed), "bootstrap")
    return Section(metrics, controls, (Table(id="synthesis_ratio", columns=columns, rows=tuple(rows)),))


def _ratio_by_prompt(made: Made) -> tuple[Floats, Floats]:
    """Ratios of pictures asked for cardiomegaly and for normal, in any look, and which of them."""
    kept = [
        (ratio, float(one.concepts == ("cardiomegaly",)))
        for one, ratio in zip(made.asked, made.shapes[:, RATIO], strict=True)
        if one.part == "finding"
        and not one.style
        and one.concepts[0] in ("cardiomegaly", "normal")
        and np.isfinite(ratio)
    ]
    table = np.array(kept, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _quartiles(values: Floats) -> tuple[int, float | None, float | None, float | None]:
    found = values[np.isfinite(values)]
    if not len(found):
        return 0, None, None, None
    low, middle, high = (round(float(q), 3) for q in np.percentile(found, [25, 50, 75]))
    return len(found), low, middle, high


def diversity(made: Made, likened: Shots, real: Judged, resamples: int, seed: int) -> Section:
    """How alike pictures of one label and look are, and the real films that they are likenesses of.

    `likened` and `real` are the films of the likenesses, in their order.
    """
    of = made.part("likeness")
    groups = [f"{one.concepts}|{one.style}" for one, it in zip(made.asked, of, strict=True) if it]
    pairs = disjoint_pairs(groups, seed)
    metrics, controls = {}, {}
    if pairs:
        for name, own, theirs in (
            ("ms_ssim", alike(made.pixels[of], pairs), alike(likened.pixels, pairs)),
            ("feature_spread", apart(made.judged.features[of], pairs), apart(real.features, pairs)),
        ):
            better = name == "feature_spread"
            metrics[name], controls[f"real.{name}"] = (
                as_figure(bootstrap(mean, [each], None, resamples, seed), "bootstrap", higher_is_better=better)
                for each in (own, theirs)
            )
    return Section(metrics, dict(controls))


def detection(made: Made, likened: Shots, real: Judged, resamples: int, seed: int) -> Section:
    """AUROC of a linear classifier between likenesses and the films that they are likenesses of."""
    of = made.part("likeness")
    pictures = np.concatenate([likened.pixels, made.pixels[of]])
    features = np.concatenate([real.features, made.judged.features[of]])
    label = np.r_[np.zeros(len(likened.known)), np.ones(int(of.sum()))]
    groups = [one.patient for one in likened.known]
    groups += [f"seed:{one.seed}" for one, it in zip(made.asked, of, strict=True) if it]
    scores = cross_validated(np.c_[features, spectrum(pictures)], label > 0.5, groups, seed)
    drawn = bootstrap(auroc, [scores, label], groups, resamples, seed)
    return Section({"detected": as_figure(drawn, "bootstrap_patients", higher_is_better=False)}, {})


def differences(found: Changes, resamples: int, seed: int) -> Section:
    """Where pairs differ: share inside what the prompt said, share of pairs with at least 60 % there, the side."""
    inside, area = (each[np.isfinite(found.inside)] for each in (found.inside, found.area))
    side, whiter = (each[np.isfinite(each)] for each in (found.on_side, found.whiter))
    metrics: dict[str, Figure] = {}
    if len(inside):
        metrics["inside_prompted"] = as_figure(bootstrap(mean, [inside], None, resamples, seed), "bootstrap")
        metrics["mostly_inside"] = as_figure(proportion(inside >= _ENOUGH), "wilson")
    if len(side):
        metrics["change_on_side"] = as_figure(proportion(side), "wilson")
        metrics["whiter_on_side"] = as_figure(proportion(whiter > 0), "wilson")
    area_alone = as_figure(bootstrap(mean, [area], None, resamples, seed), "bootstrap") if len(area) else None
    return Section(metrics, {"area_alone.inside_prompted": area_alone} if area_alone else {})


def none_of(*names: str) -> Section:
    """Figures that were not assessed."""
    return Section({name: Figure(value=None, n=0) for name in names}, {})
