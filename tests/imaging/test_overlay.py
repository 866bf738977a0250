from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFont

from prosvet.core.settings import Settings
from prosvet.imaging import Film, draw_overlay, load_film
from prosvet.imaging.overlay import _FONT, CONTOUR_COLOURS, heat_colours
from prosvet.imaging.strokes import cover, outline, segment


@pytest.fixture
def plain() -> Film:
    y, x = np.mgrid[0:300, 0:200].astype(np.float32)
    return Film(x + y, "film", "0" * 64, "png")


def part(picture: Image.Image, film: Film) -> NDArray[np.float32]:
    """The film's part of an overlay, without the strip."""
    height = round(picture.width * film.shape[0] / film.shape[1])
    return np.asarray(picture.crop((0, 0, picture.width, height)), dtype=np.float32)


def chroma(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ptp(pixels, axis=-1)


@pytest.mark.parametrize("width", [320, 1024])
def test_film_alone_is_grey_over_a_strip(width: int, plain: Film) -> None:
    picture = draw_overlay(plain, width=width)
    assert (picture.mode, picture.width) == ("RGB", width)
    assert picture.height > round(width * 1.5)
    assert chroma(part(picture, plain)).max() == 0


def test_heat_is_transparent_where_low_and_lands_where_it_is(plain: Film) -> None:
    heat = np.zeros((30, 20), dtype=np.float32)
    heat[20:24, 4:8] = 1.0
    found = chroma(part(draw_overlay(plain, heat=heat, width=400), plain))
    y, x = np.nonzero(found > 40)
    assert y.min() > 390 and y.max() < 490 and x.min() > 70 and x.max() < 170
    assert found[:300].max() == 0


def test_opacity_is_obeyed(plain: Film) -> None:
    heat = np.ones((30, 20), dtype=np.float32)
    strong, weak = (
        chroma(part(draw_overlay(plain, heat=heat, opacity=o, width=400), plain)).mean() for o in (0.8, 0.2)
    )
    assert strong > 3 * weak > 0
    assert chroma(part(draw_overlay(plain, heat=heat, opacity=0.0, width=400), plain)).max() == 0


def test_heat_grows_lighter_evenly() -> None:
    light = heat_colours(np.linspace(0, 1, 64, dtype=np.float32)[None])[0] @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(light) > 0).all()


def test_contours_are_thin_and_on_the_edge(plain: Film) -> None:
    mask = np.zeros((300, 200), dtype=bool)
    mask[100:200, 50:150] = True
    found = part(draw_overlay(plain, contours={"heart": mask}, width=400), plain)
    y, x = np.nonzero(chroma(found) > 60)
    assert abs(y.min() - 200) <= 3 and abs(y.max() - 400) <= 3 and abs(x.min() - 100) <= 3 and abs(x.max() - 300) <= 3
    inside = chroma(found[210:390, 110:290])
    assert inside.max() == 0
    assert y.size < 4 * 200 * 3


def test_outline_is_smooth_and_open_at_the_frame() -> None:
    y, x = np.mgrid[0:64, 0:64]
    disc = (x - 32) ** 2 + (y - 32) ** 2 < 20**2
    share = cover(outline(disc, (512, 512)), 2.0)
    radius = np.hypot(*(np.mgrid[0:512, 0:512] - 259.5))
    on = share > 0.5
    assert abs(radius[on].mean() - 160) < 3
    assert radius[on].std() < 1.5
    assert set(np.unique(share)) - {0.0, 1.0}  # in between: anti-aliased
    assert cover(outline(np.ones((64, 64), dtype=bool), (256, 256)), 2.0).max() == 0


def test_segment_has_its_thickness() -> None:
    share = cover(segment((10, 50), (90, 50), (100, 100)), 3.0)
    np.testing.assert_allclose(share[:, 50].sum(), 3.0, atol=0.01)
    assert share[:, 3].max() == 0


def test_lines_are_in_pixels_of_the_film(plain: Film) -> None:
    found = part(draw_overlay(plain, lines={"heart": ((50.0, 100.0), (150.0, 100.0))}, width=400), plain)
    y, x = np.nonzero(chroma(found) > 60)
    assert abs(y.mean() - 200) < 2
    assert abs(x.min() - 100) <= 3 and abs(x.max() - 300) <= 3
    assert y.max() - y.min() >= 6  # the ticks


def test_spacing_sets_the_proportions(plain: Film) -> None:
    tall = Film(plain.pixels, "film", "0" * 64, "dicom", spacing=(0.4, 0.2))
    assert draw_overlay(tall, width=400).height > 2 * 590


def test_legend_differs_by_language_and_names_what_is_drawn(plain: Film) -> None:
    lines = {"heart": ((60.0, 150.0), (130.0, 150.0)), "thorax": ((20.0, 160.0), (180.0, 160.0))}
    masks = {name: np.eye(300, 200, dtype=bool) for name in CONTOUR_COLOURS}
    whole = {lang: draw_overlay(plain, lines=lines, contours=masks, lang=lang) for lang in ("ru", "en")}
    strips = {lang: np.asarray(picture)[1536:] for lang, picture in whole.items()}
    assert strips["ru"].shape != strips["en"].shape or (strips["ru"] != strips["en"]).any()
    for colour in CONTOUR_COLOURS.values():
        assert (strips["ru"] == np.array(colour)).all(axis=-1).any()


def test_font_has_every_letter_that_is_written() -> None:
    from prosvet.core.i18n import LANGS, catalogue

    font = ImageFont.truetype(_FONT, 20)
    missing = bytes(font.getmask("\U0001f600"))
    for lang in LANGS:
        for key, words in catalogue(lang).items():
            if key.startswith("overlay."):
                absent = [letter for letter in set(words) - {" ", "{", "}"} if bytes(font.getmask(letter)) == missing]
                assert absent == [], (lang, key, absent)


def test_real_film(pydicom_data: Path, settings: Settings) -> None:
    film = load_film(pydicom_data / "RG1_UNCR.dcm", settings)
    lungs = np.zeros((256, 256), dtype=bool)
    lungs[40:200, 30:110] = True
    picture = draw_overlay(film, contours={"right_lung": lungs}, heat=np.eye(32, dtype=np.float32))
    grey = part(picture, film)
    assert 60 < np.median(grey) < 190  # neither burnt out nor black


def test_flat_film_is_drawn() -> None:
    assert draw_overlay(Film(np.zeros((80, 80), np.float32), "film", "0" * 64, "png")).width == 1024
