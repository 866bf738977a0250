from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from prosvet.core.i18n import LANGS, text
from prosvet.core.settings import Settings
from prosvet.imaging import Film, load_film, quality_reasons


def film(pixels: NDArray[np.generic]) -> Film:
    return Film(pixels.astype(np.float32), "film", "0" * 64, "png")


@pytest.fixture
def good() -> NDArray[np.float32]:
    """A chest in outline: bright body, two dark lungs, texture."""
    y, x = np.mgrid[0:400, 0:360].astype(np.float32)
    body = 190 - 40 * np.abs(x - 180) / 180
    for centre in (105, 255):
        body -= 110 * np.exp(-(((x - centre) / 55) ** 4) - ((y - 190) / 130) ** 4)
    return body + 12 * np.sin(x / 7) * np.sin(y / 9) + np.random.default_rng(0).normal(0, 3, body.shape)


def test_good_film_has_no_reasons(good) -> None:
    assert quality_reasons(film(good)) == ()


def test_real_films_have_no_reasons(pydicom_data: Path, shared_data: Path, settings: Settings) -> None:
    assert quality_reasons(load_film(pydicom_data / "RG1_UNCR.dcm", settings)) == ()
    files = sorted((shared_data / "fullsize").glob("*.png"))
    flagged = [file for file in files if quality_reasons(load_film(file, settings))]
    assert len(flagged) <= 2


def test_few_of_many_real_films_are_flagged(shared_data: Path) -> None:
    with tarfile.open(shared_data / "cxr" / "test-000.tar") as archive:
        members = [member for member in archive if member.isfile()][:200]
        films = [film(np.asarray(Image.open(io.BytesIO(archive.extractfile(m).read())).convert("L"))) for m in members]
    flagged = sum(bool(quality_reasons(one)) for one in films)
    assert flagged <= 0.06 * len(films)


@pytest.mark.parametrize("value", [0, 128, 65535])
def test_blank(value: int) -> None:
    assert quality_reasons(film(np.full((400, 400), value))) == ("blank",)


def test_small_image(good) -> None:
    assert quality_reasons(film(good[:255, :])) == ("small_image",)


def test_low_contrast_in_few_greys(good) -> None:
    assert quality_reasons(film(np.round(good / 12))) == ("low_contrast",)


def test_low_contrast_beside_bright_marks(good) -> None:
    marked = good.copy()
    marked[20:24, 20:60] = 5000
    assert "low_contrast" in quality_reasons(film(marked))


def test_scale_of_values_does_not_matter(good) -> None:
    for scale, shift in ((1 / 255, 0.0), (257, -30000)):
        assert quality_reasons(film(good * scale + shift)) == ()


def test_clipped(good) -> None:
    assert quality_reasons(film(np.minimum(good, 150))) == ("clipped",)
    assert quality_reasons(film(np.maximum(good, 110))) == ("clipped",)


def test_cut_lungs_need_masks(good) -> None:
    y, x = np.mgrid[0:400, 0:360]
    inside = ((x - 105) / 50.0) ** 2 + ((y - 190) / 120.0) ** 2 < 1
    beyond = ((x - 5) / 60.0) ** 2 + ((y - 190) / 120.0) ** 2 < 1
    assert quality_reasons(film(good), right_lung=inside, left_lung=inside[:, ::-1]) == ()
    assert quality_reasons(film(good), right_lung=beyond, left_lung=inside[:, ::-1]) == ("cut_lungs",)
    assert quality_reasons(film(good), right_lung=np.zeros_like(inside)) == ()


def test_every_reason_has_words() -> None:
    for reason in ("blank", "low_contrast", "small_image", "clipped", "cut_lungs", "lungs_not_found"):
        assert len({text(f"quality.{reason}", lang) for lang in LANGS}) == 2
