"""What the networks say of real films: gates, anatomy, scores; batches agree with single films."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from prosvet.core.context import Context
from prosvet.core.errors import ModelError
from prosvet.core.settings import load_settings
from prosvet.core.types import Side, View, Zone
from prosvet.imaging import load_film
from prosvet.imaging.film import Film
from prosvet.imaging.geometry import Box, Placement
from prosvet.models.anatomy import PARTS, Anatomy, clean_plane
from prosvet.models.examine import Examination, Examiner
from prosvet.models.prepare import prepare


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Context(load_settings({}, home=Path("unused"), threads=1)).get(Examiner)


@pytest.fixture(scope="module")
def film(pydicom_data: Path) -> Film:
    return load_film(pydicom_data / "RG1_UNCR.dcm", load_settings({}))


@pytest.fixture(scope="module")
def examination(examiner: Examiner, film: Film) -> Examination:
    return examiner.examine(film, maps=True)


def test_full_size_film_is_examined_whole(examination: Examination, examiner: Examiner) -> None:
    gates = examination.gates
    assert gates.is_chest_xray and gates.view is View.FRONTAL and not gates.inverted and gates.rotated == 0
    assert set(examination.scores) == set(examiner.card.labels) == set(examination.maps)
    assert examination.vector is not None
    assert np.linalg.norm(examination.vector) == pytest.approx(1.0, abs=1e-4)
    assert examination.anatomy is not None and examination.anatomy.complete


def test_masses_are_not_normal(examination: Examination, examiner: Examiner) -> None:
    threshold = examiner.card.operating_points["balanced"]["abnormal"].threshold
    assert examination.scores["abnormal"] >= threshold


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_turned_film_is_turned_back(examiner: Examiner, film: Film, examination: Examination, angle: int) -> None:
    turned = dataclasses.replace(film, pixels=np.ascontiguousarray(np.rot90(film.pixels, angle // 90)))
    found = examiner.examine(turned)
    assert found.gates.rotated == angle
    assert np.array_equal(found.film.pixels, film.pixels)
    assert found.scores["abnormal"] == pytest.approx(examination.scores["abnormal"], abs=0.02)


def test_negative_is_noticed_and_read_alike(examiner: Examiner, film: Film, examination: Examination) -> None:
    negative = dataclasses.replace(film, pixels=film.pixels.max() - film.pixels)
    found = examiner.examine(negative)
    assert found.gates.inverted and "inversion_repaired" in found.film.steps
    assert found.scores["abnormal"] == pytest.approx(examination.scores["abnormal"], abs=0.03)


def test_batch_agrees_with_single_films(examiner: Examiner, film: Film) -> None:
    small = dataclasses.replace(film, pixels=film.pixels[::4, ::4])
    both = examiner.examine_many([film, small, film])
    alone = examiner.examine(film, anatomy=False)
    assert both[0].scores == pytest.approx(alone.scores, abs=2e-3)
    assert both[0].scores == pytest.approx(both[2].scores, abs=2e-3)


def test_thumbnail_and_full_size_agree(examiner: Examiner, film: Film, examination: Examination) -> None:
    thumbnail = dataclasses.replace(film, pixels=film.pixels[::7, ::7])
    assert examiner.examine(thumbnail).scores["abnormal"] == pytest.approx(examination.scores["abnormal"], abs=0.15)


def test_ct_slice_is_no_chest_xray(examiner: Examiner, shared_data: Path) -> None:
    found = examiner.examine(load_film(shared_data / "dicom" / "kcr_anon_apct.dcm", load_settings({})))
    assert not found.gates.is_chest_xray and not found.readable
    assert found.scores == {} and found.vector is None and found.anatomy is None


@pytest.mark.parametrize("pattern", ["noise", "flat", "gradient", "disc"])
def test_drawn_patterns_are_no_chest_xray(examiner: Examiner, pattern: str) -> None:
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    planes = {"noise": np.random.default_rng(0).random((256, 256)), "flat": np.ones((256, 256)), "gradient": x,
              "disc": (x**2 + y**2 < 0.4).astype(float)}  # fmt: skip
    film = Film(planes[pattern].astype(np.float32), pattern, "0" * 64, "png")
    assert not examiner.examine(film).gates.is_chest_xray


def test_full_size_films_have_lungs_where_they_should_be(examiner: Examiner, shared_data: Path) -> None:
    paths = sorted((shared_data / "fullsize").glob("*.png"))[:6]
    for found in examiner.examine_many([load_film(p, load_settings({})) for p in paths], anatomy=True):
        assert found.gates.is_chest_xray and found.anatomy is not None and found.anatomy.complete
        centres = {part: np.argwhere(found.anatomy.masks[part]).mean(axis=0)[1] for part in PARTS}
        assert centres["right_lung"] < centres["heart"] < centres["left_lung"]
        ratio = found.anatomy.cardiothoracic_ratio()
        assert ratio is not None and 0.3 < ratio.value < 0.75


def test_ratio_is_near_the_published_one(examiner: Examiner, shared_data: Path, tmp_path: Path) -> None:
    import tarfile

    with (shared_data / "cxr" / "anatomy.csv").open(encoding="utf-8") as stream:
        rows = {r["id"]: r for r in csv.DictReader(stream) if r["split"] == "val" and r["ctr_ground_truth"]}
    with tarfile.open(shared_data / "cxr" / "val-000.tar") as archive:
        for name in list(rows)[:10]:
            archive.extract(f"images/{name}.jpg", tmp_path, filter="data")
    errors = []
    for path in sorted(tmp_path.rglob("*.jpg")):
        anatomy = examiner.examine(load_film(path, load_settings({}))).anatomy
        ratio = anatomy.cardiothoracic_ratio() if anatomy else None
        assert ratio is not None
        errors.append(abs(ratio.value - float(rows[path.stem]["ctr_ground_truth"])))
    assert np.mean(errors) < 0.03


def test_unknown_operating_point_is_an_error() -> None:
    with pytest.raises(ModelError, match="balanced"):
        Context(load_settings({}, operating_point="optimal")).get(Examiner)


def test_prepared_square_lies_on_the_film(film: Film) -> None:
    square, placement = prepare(film).square(224)
    assert square.shape == (224, 224)
    corners = placement.to_original(np.array([[0.0, 0.0], [224.0, 224.0]]))
    back = placement.to_square(corners)
    assert np.allclose(back, [[0, 0], [224, 224]])
    plane = placement.map_to_original(np.ones((224, 224), dtype=np.float32), film.shape)
    assert plane.shape == film.shape
    assert plane[placement.box.top : placement.box.bottom, placement.box.left : placement.box.right].min() > 0.99


def _anatomy() -> Anatomy:
    masks = {part: np.zeros((96, 96), dtype=bool) for part in PARTS}
    masks["right_lung"][10:82, 8:40] = True
    masks["left_lung"][10:82, 56:88] = True
    masks["heart"][50:80, 32:72] = True
    return Anatomy(masks, Placement(Box(0, 0, 960, 960), 96, 0.1, 0, 0))


def test_ratio_is_measured_on_its_lines() -> None:
    ratio = _anatomy().cardiothoracic_ratio()
    assert ratio is not None and ratio.value == pytest.approx(40 / 80)
    (left, _), (right, _) = ratio.lines["thorax"]
    assert (left, right) == (80.0, 880.0)


@pytest.mark.parametrize(
    ("row", "column", "side", "zone"),
    [(2, 1, Side.RIGHT, Zone.UPPER), (6, 1, Side.RIGHT, Zone.MIDDLE), (9, 9, Side.LEFT, Zone.LOWER)],
)
def test_map_is_placed_by_lung_and_third(row: int, column: int, side: Side, zone: Zone) -> None:
    plane = np.zeros((12, 12), dtype=np.float32)
    plane[row, column] = 5.0
    assert _anatomy().locate(plane) == (side, zone)


def test_map_on_both_sides_and_outside() -> None:
    plane = np.zeros((12, 12), dtype=np.float32)
    plane[5, [2, 9]] = 3.0
    assert _anatomy().locate(plane)[0] is Side.BILATERAL
    nowhere = np.zeros((12, 12), dtype=np.float32)
    nowhere[11, 0] = 1.0
    assert _anatomy().locate(nowhere) == (None, None)


def test_specks_are_no_organ() -> None:
    plane = np.zeros((64, 64), dtype=np.float32)
    plane[3:5, 3:5] = 1.0
    assert clean_plane(plane) is None
    plane[20:50, 20:50] = 0.9
    plane[30:33, 30:33] = 0.0
    mask = clean_plane(plane)
    assert mask is not None and mask.sum() == 900
