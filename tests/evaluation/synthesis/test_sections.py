"""Each measure says what was planted, and says nothing where nothing was."""

from __future__ import annotations

import numpy as np
import pytest
from tests.drawn_chests import shots

from prosvet.evaluation.findings.discrimination import auroc
from prosvet.evaluation.result import Figure
from prosvet.evaluation.synthesis.detection import cross_validated, spectrum
from prosvet.evaluation.synthesis.difference import Changes
from prosvet.evaluation.synthesis.films import Shots
from prosvet.evaluation.synthesis.judge import Judged
from prosvet.evaluation.synthesis.material import Made
from prosvet.evaluation.synthesis.plan import Asked, findings_plan, likenesses, pairs_plan, styles_with
from prosvet.evaluation.synthesis.sections import adherence, anatomy, differences
from prosvet.evaluation.synthesis.shape import NUMBERS, RATIO, plausible, ranges, shape_of
from prosvet.evaluation.synthesis.variety import disjoint_pairs
from prosvet.models.findings import FINDINGS
from prosvet.synthesis.card import GeneratorCard

STYLES = {"pneumonia": "kermany", "tuberculosis": "", "cardiomegaly": "nih"}
CARD = GeneratorCard.model_construct(findings=FINDINGS, styles={"kermany": 1, "nih": 3, "any": 7})


def value(figure: object) -> float:
    assert isinstance(figure, Figure)
    assert figure.value is not None
    assert figure.n
    return figure.value


def judged(asked: list[Asked], strength: float, *, by_style: float = 0.0) -> Judged:
    """A judge that sees what was asked for as strongly as is said, or the style alone."""
    random = np.random.default_rng(0)
    logits = random.normal(size=(len(asked), len(FINDINGS)))
    for row, one in enumerate(asked):
        for concept in one.concepts:
            if concept != "normal":
                logits[row, FINDINGS.index(concept)] += strength
                logits[row, 0] += strength
        logits[row] += by_style * (one.style == "" and one.concepts != ("normal",))
    return Judged(logits, random.normal(size=(len(asked), 8)), random.normal(size=(len(asked), 8)))


def made(asked: list[Asked], by: Judged) -> Made:
    shapes = np.full((len(asked), len(NUMBERS)), 0.5)
    shapes[:, RATIO] = [0.6 if one.concepts == ("cardiomegaly",) else 0.45 for one in asked]
    return Made(tuple(asked), np.zeros((len(asked), 256, 256), dtype=np.uint8), by, shapes)


def real_films() -> tuple[Shots, Judged]:
    normal, sick = shots(range(30)), shots(range(30, 60), ("pneumonia",), "kermany")
    both = Shots(np.concatenate([normal.pixels, sick.pixels]), normal.known + sick.known)
    asked = [Asked("finding", (next(iter(one.present)),), "", one.source, 0) for one in both.known]
    return both, judged(asked, 4)


def test_adherence_is_seen_where_the_pictures_obey() -> None:
    asked = findings_plan(STYLES, 60, seed=1)
    section, items = adherence(made(asked, judged(asked, 4)), STYLES, *real_films(), resamples=100, seed=0)
    for name in ("adherence.pneumonia", "adherence.normal", "adherence_within.cardiomegaly"):
        assert value(section.metrics[name]) > 0.95
    assert "adherence_within.tuberculosis" not in section.metrics
    assert value(section.controls["real.adherence.pneumonia"]) > 0.95
    assert section.metrics["adherence.pneumonia"].n == 120
    assert len(items.ids) == len(asked)


def test_a_look_that_passes_for_a_finding_is_shown_by_the_figure_within_it() -> None:
    asked = findings_plan(STYLES, 60, seed=1)
    pictures = made(asked, judged(asked, 0, by_style=4))
    section, _ = adherence(pictures, STYLES, *real_films(), resamples=100, seed=0)
    assert value(section.metrics["adherence.pneumonia"]) > 0.9
    assert abs(value(section.metrics["adherence_within.pneumonia"]) - 0.5) < 0.15


def test_anatomy_counts_what_lies_outside_the_real_range() -> None:
    films, _ = real_films()
    real = np.random.default_rng(0).normal(0.5, 0.05, (len(films.known), len(NUMBERS)))
    pictures = made(asked := findings_plan(STYLES, 20, seed=1), judged(asked, 4))
    pictures.shapes[::2, 0] = 0.01
    pictures.shapes[1::4, 0] = np.nan
    section = anatomy(pictures, films, real, films.halves(0), resamples=100, seed=0)
    assert value(section.metrics["plausible_anatomy"]) == pytest.approx(0.25, abs=0.02)
    assert value(section.metrics["ratio_auroc"]) == 1
    table = section.tables[0]
    assert next(row for row in table.rows if row[0] == "cardiomegaly")[3] == 0.6


def test_shape_is_measured_on_masks() -> None:
    empty = np.zeros((100, 100), dtype=bool)
    right, left, heart = empty.copy(), empty.copy(), empty.copy()
    right[20:80, 10:40], left[20:80, 60:90], heart[50:80, 30:70] = True, True, True
    numbers = shape_of({"right_lung": right, "left_lung": left, "heart": heart}, 3)
    assert numbers[RATIO] == pytest.approx(40 / 80)
    assert numbers[NUMBERS.index("right_lung.area")] == pytest.approx(0.18)
    assert numbers[NUMBERS.index("left_lung.across")] == pytest.approx(0.745)
    assert numbers[NUMBERS.index("heart.solid")] == 1
    assert np.isnan(shape_of({"heart": heart}, 1)[RATIO])
    bounds = ranges(np.stack([numbers - 0.01, numbers + 0.01]))
    assert plausible(np.stack([numbers, numbers + 0.02]), bounds).tolist() == [True, False]


def test_detection_tells_grain_and_does_not_tell_twins() -> None:
    films = shots(range(80))
    twins, label = shots(range(500, 580)), np.arange(160) >= 80
    groups = [str(n) for n in range(160)]
    alike = spectrum(np.concatenate([films.pixels, twins.pixels]))
    assert abs(auroc(cross_validated(alike, label, groups, 0), label.astype(float)) - 0.5) < 0.2
    noise = np.random.default_rng(0).normal(0, 6, twins.pixels.shape)
    grainy = np.clip(twins.pixels + noise, 0, 255).astype(np.uint8)
    told = spectrum(np.concatenate([films.pixels, grainy]))
    assert auroc(cross_validated(told, label, groups, 0), label.astype(float)) > 0.95


def test_differences_count_pairs_and_sides() -> None:
    nan = float("nan")
    found = Changes(
        np.array([0.7, 0.5, 0.9, nan]), np.array([0.2, 0.2, 0.2, nan]), np.array([1, 0, nan, nan]),
        np.array([0.1, -0.1, nan, nan]),
    )  # fmt: skip
    section = differences(found, 100, 0)
    assert value(section.metrics["inside_prompted"]) == pytest.approx(0.7)
    assert value(section.metrics["mostly_inside"]) == pytest.approx(2 / 3)
    assert section.metrics["mostly_inside"].n == 3
    assert value(section.metrics["change_on_side"]) == 0.5
    assert value(section.controls["area_alone.inside_prompted"]) == pytest.approx(0.2)


def test_the_plan_gives_every_picture_a_seed_of_its_own_and_pairs_one() -> None:
    films, _ = real_films()
    plan = likenesses(films, 40, CARD, 0) + findings_plan(STYLES, 10, 1000) + pairs_plan(10, 2000)
    single = [one.seed for one in plan if not one.part.endswith("pair")]
    assert len(set(single)) == len(single)
    pairs = [one for one in plan if one.part.endswith("pair")]
    assert all(a.seed == b.seed and a.concepts == ("normal",) for a, b in zip(pairs[::2], pairs[1::2], strict=True))
    assert {one.side for one in pairs} == {"", "left", "right"}
    known = {one.id: one for one in films.known}
    likened = [one for one in plan if one.part == "likeness"]
    assert len(likened) == 40
    assert all(set(one.concepts) <= known[one.like].present for one in likened)
    assert all(one.style == known[one.like].source for one in likened)


def test_a_look_is_compared_within_where_both_classes_have_it() -> None:
    normal, sick = shots(range(20), source="kermany"), shots(range(20, 30), ("pneumonia",), "kermany")
    films = Shots(np.concatenate([normal.pixels, sick.pixels]), normal.known + sick.known)
    assert styles_with("pneumonia", films, CARD) == "kermany"
    assert styles_with("cardiomegaly", films, CARD) == ""


def test_pairs_are_of_one_kind_and_share_no_picture() -> None:
    groups = ["a"] * 7 + ["b"] * 4
    pairs = disjoint_pairs(groups, seed=0)
    assert len(pairs) == 5
    assert all(groups[a] == groups[b] for a, b in pairs)
    assert len({row for pair in pairs for row in pair}) == 10
