"""Letters burned into films are masked at full depth; pixels without letters stay as they are."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.pixels.utils import pixel_array
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless

from hospital.deidentify.conftest import film, lettered, smooth, with_pixels
from prosvet.core.errors import DeidentifyError
from prosvet.hospital.deidentify import film as films
from prosvet.hospital.deidentify.boxes import Box, mask_of
from prosvet.hospital.deidentify.ocr import find_text, is_marker
from prosvet.hospital.deidentify.options import Options
from prosvet.hospital.deidentify.picture import clean_picture

LIMIT = 10_000_000


def masked(pixels: np.ndarray, options: Options = Options(), **header: str) -> tuple[np.ndarray, films.Masked]:  # noqa: B008
    source = with_pixels(film(**header), pixels)
    work = films.decoded(source, LIMIT).copy()
    done = films.mask_frames(work, options, lambda now: films.grey_frames(now, source), films.black_of(work, source))
    return work[0], done


@pytest.mark.parametrize(
    ("text", "photometric"), [("ИВАНОВ И.И. 12.03.1960", "MONOCHROME2"), ("SMITH JOHN 4821377", "MONOCHROME1")]
)  # fmt: skip
def test_burned_in_text_is_gone_and_the_rest_is_not_touched(engines: None, text: str, photometric: str) -> None:
    ground = smooth()
    shown = lettered(ground, text, level=0 if photometric == "MONOCHROME1" else 4095)
    clean, done = masked(shown, PhotometricInterpretation=photometric)
    letters = shown != ground
    black = shown.max() if photometric == "MONOCHROME1" else shown.min()
    assert (clean[letters] == black).mean() > 0.99
    outside = ~mask_of(done.boxes, shown.shape)
    assert np.array_equal(clean[outside], shown[outside])
    assert done.area < 0.15


def test_a_film_without_text_stays_bit_for_bit(engines: None) -> None:
    ground = smooth(512)
    clean, done = masked(ground)
    assert done.boxes == [] and np.array_equal(clean, ground)
    out = io.BytesIO()
    Image.fromarray((ground >> 4).astype(np.uint8)).save(out, "PNG")
    data, suffix, _ = clean_picture(out.getvalue(), "png", Options(), LIMIT)
    assert suffix == ".png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), ground >> 4)


def test_a_side_letter_stays_when_asked(engines: None) -> None:
    shown = lettered(smooth(), "R", at=(560, 60), size=44)
    kept, done = masked(shown, Options(keep_markers=True))
    assert done.markers == 1 and np.array_equal(kept, shown)
    gone, done = masked(shown)
    assert len(done.boxes) == 1 and not np.array_equal(gone, shown)
    assert not is_marker(Box(0, 0, 30, 30, "RK"), 640, 640)


def test_a_page_of_text_is_withheld(engines: None) -> None:
    page = smooth()
    for line in range(18):
        page = lettered(page, "ИВАНОВ ИВАН 12.03.1960", at=(8, 8 + line * 34), size=30)
    with pytest.raises(DeidentifyError) as refused:
        masked(page)
    assert refused.value.details["reason"] == "masked_area"


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless])
def test_coded_pixels_are_written_without_loss(syntax: str) -> None:
    source = film()
    before = pixel_array(source, raw=True).copy()
    source.compress(syntax, generate_instance_uid=False)
    made = film()
    films.write_pixels(made, source, films.decoded(source, LIMIT))
    assert made.file_meta.TransferSyntaxUID == JPEGLSLossless
    assert np.array_equal(pixel_array(made, raw=True), before)


def test_bits_above_those_stored_are_cleared() -> None:
    pixels = np.full((64, 64), 0x0123, dtype=np.uint16)
    pixels[10:20, 10:20] |= 0x8000  # an overlay of old
    assert films.decoded(with_pixels(film(), pixels), LIMIT).max() == 0x0123


def test_too_many_pixels_and_broken_ones_are_refused() -> None:
    with pytest.raises(DeidentifyError) as refused:
        films.decoded(film(), 100)
    assert refused.value.details["reason"] == "size"
    with pytest.raises(DeidentifyError) as refused:
        films.decoded(film(PixelData=b"\0" * 10), LIMIT)
    assert refused.value.details["reason"] == "pixels"


def test_an_empty_ground_has_no_text(engines: None) -> None:
    assert find_text(np.zeros((200, 300), dtype=np.uint8)) == []


def test_a_palette_is_masked_in_its_darkest_entry() -> None:
    source = pydicom.dcmread(pydicom.data.get_testdata_file("examples_palette.dcm"))
    pixels = films.decoded(source, LIMIT)
    black = films.black_of(pixels, source)
    shown = films.apply_color_lut(np.full((1, 1), black, dtype=pixels.dtype), source)
    assert shown.sum() <= films.apply_color_lut(pixels[0], source).sum(axis=-1).min()
