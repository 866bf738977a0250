"""Thumbnails, windows, the whole range, and polygons."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from pydicom.dataset import Dataset

from prosvet.core.settings import Settings
from prosvet.imaging.film import Film
from prosvet.imaging.load import load_bytes
from prosvet.imaging.polygon import polygon
from prosvet.imaging.thumbnail import thumbnail
from prosvet.imaging.whole_range import spacing_kind, whole_range
from prosvet.imaging.windows import PRESETS, GreyWindow, windows_of


def film(pixels: np.ndarray, **more: object) -> Film:  # type: ignore[type-arg]
    return Film(pixels.astype(np.float32), "a", "0" * 64, "png", **more)  # type: ignore[arg-type]


def ramp(low: float, high: float) -> np.ndarray:  # type: ignore[type-arg]
    return np.tile(np.linspace(low, high, 300), (200, 1))


def test_a_thumbnail_keeps_the_shape_of_the_anatomy() -> None:
    tall = film(ramp(0, 4095), spacing=(0.4, 0.2))  # rows are twice as far apart as columns
    picture = Picture.open(io.BytesIO(thumbnail(tall, 128)))
    assert picture.size == (96, 128)
    grey = np.asarray(picture.convert("L"))
    assert grey[:, :5].max() < 20
    assert grey[:, -5:].min() > 235


def test_whole_numbers_are_kept_and_others_spread() -> None:
    kept = whole_range(film(np.rint(ramp(0, 4095))))
    assert (kept.slope, kept.intercept) == (1, 0)
    below = whole_range(film(np.rint(ramp(-1024, 3000))))
    assert (below.slope, below.intercept, int(below.values.min())) == (1, -1024, 0)
    spread = whole_range(film(ramp(0, 1)))
    assert int(spread.values.max()) == 65535
    assert spread.values * spread.slope + spread.intercept == pytest.approx(ramp(0, 1), abs=1e-4)


def test_windows_follow_the_films_own_range() -> None:
    small, large = windows_of(ramp(0, 255).astype(np.float32)), windows_of(ramp(0, 25500).astype(np.float32))
    for name in PRESETS:
        assert large[name].low == pytest.approx(100 * small[name].low, rel=0.05, abs=100)
        assert large[name].high == pytest.approx(100 * small[name].high, rel=0.05)
    assert small["lungs"].high < small["mediastinum"].high
    flat = windows_of(np.full((64, 64), 7, np.float32))
    assert flat["default"] == GreyWindow(7, 7)


def test_the_files_window_is_the_default_unless_it_washes_the_film_out() -> None:
    pixels = ramp(1000, 2000).astype(np.float32)
    assert windows_of(pixels, GreyWindow(1100, 1900))["default"] == GreyWindow(1100, 1900)
    wide = windows_of(pixels, GreyWindow(0, 65535))
    assert wide["default"].low > 900
    assert wide["file"] == GreyWindow(0, 65535)


def test_the_whole_range_of_a_real_film_is_wider_than_its_window(pydicom_data: Path, settings: Settings) -> None:
    data = (pydicom_data / "RG1_UNCR.dcm").read_bytes()
    whole = load_bytes(data, "f", settings, windowed=False)
    shown = load_bytes(data, "f", settings)
    assert "voi_window" not in whole.steps
    assert whole.shape == shown.shape
    assert np.corrcoef(whole.pixels[::9, ::9].ravel(), shown.pixels[::9, ::9].ravel())[0, 1] > 0.95


@pytest.mark.parametrize(
    ("own", "imager", "kind"),
    [
        (None, [0.2, 0.2], "detector"),
        ([0.2, 0.2], [0.2, 0.2], "detector"),
        ([0.2, 0.2], [0.22, 0.22], "calibrated"),
        ([0.2, 0.2], None, "detector"),
        ([0.0, 0.0], [0.2, 0.2], "detector"),
    ],
)
def test_millimetres_say_of_what_plane_they_are(own: list[float] | None, imager: list[float] | None, kind: str) -> None:
    header = Dataset()
    if own:
        header.PixelSpacing = own
    if imager:
        header.ImagerPixelSpacing = imager
    plain = film(ramp(0, 9), spacing=(0.2, 0.2))
    assert spacing_kind(replace(plain, header=header)) == kind
    assert spacing_kind(film(ramp(0, 9))) == "none"


def test_a_polygon_goes_round_its_mask() -> None:
    y, x = np.mgrid[0:200, 0:200]
    disc = (x - 90) ** 2 + (y - 110) ** 2 <= 60**2
    outline = np.array(polygon(disc))
    away = np.hypot(outline[:, 0] - 90.5, outline[:, 1] - 110.5)
    assert np.abs(away - 60).max() < 1.5
    assert len(outline) < 80
    assert polygon(np.zeros((9, 9), dtype=bool)) == []
