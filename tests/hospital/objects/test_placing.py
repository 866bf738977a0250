"""What was found lies where it must on the source's own pixels, however the film was turned to be read."""

from __future__ import annotations

import io

import highdicom
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from prosvet.core.errors import ResultError
from prosvet.hospital.objects import make, write
from prosvet.hospital.objects.grid import Grid
from prosvet.imaging.geometry import Box
from result_films import AT, square_results, wrapped

SQUARE = Box(20, 12, 40, 30)


def expected(rotated: int, rows: int, columns: int) -> NDArray[np.bool_]:
    """The square on the source, worked out by hand for each quarter turn."""
    mask = np.zeros((rows, columns), dtype=bool)
    if rotated == 0:
        mask[20:40, 12:30] = True
    elif rotated == 90:  # upright is the source turned clockwise: its columns are the source's rows, from the bottom
        mask[rows - 30 : rows - 12, 20:40] = True
    elif rotated == 180:
        mask[rows - 40 : rows - 20, columns - 30 : columns - 12] = True
    else:
        mask[12:30, columns - 40 : columns - 20] = True
    return mask


@pytest.mark.parametrize("spacing", ["ImagerPixelSpacing", "PixelSpacing", None])
@pytest.mark.parametrize("rotated", [0, 90, 180, 270])
def test_a_known_square_lands_where_it_must(rotated: int, spacing: str | None) -> None:
    pixels = np.zeros((64, 48) if rotated in (0, 180) else (48, 64), dtype=np.float32)
    source = wrapped(pixels, spacing=spacing)
    made = make("seg", [source], square_results(source, SQUARE, rotated=rotated), made_of="a", at=AT)
    read = highdicom.seg.segread(io.BytesIO(write(made)))
    assert (read.Rows, read.Columns) == pixels.shape
    heart = read.get_segment_numbers(tracking_id="heart")[0]
    planes = read.get_pixels_by_source_instance([source.SOPInstanceUID], segment_numbers=[heart])
    np.testing.assert_array_equal(planes[0, ..., 0].astype(bool), expected(rotated, *pixels.shape))


@pytest.mark.parametrize("rotated", [0, 90, 180, 270])
def test_points_go_the_way_of_masks(rotated: int) -> None:
    rows, columns = (64, 48) if rotated in (0, 180) else (48, 64)
    grid = Grid(rows, columns, rotated)
    upright = np.zeros(grid.upright, dtype=bool)
    upright[20:40, 12:30] = True
    ys, xs = np.nonzero(grid.mask(upright))
    corners = np.array(grid.points([(12.0, 20.0), (30.0, 40.0)]))
    assert corners.min(axis=0).tolist() == [xs.min(), ys.min()]
    assert corners.max(axis=0).tolist() == [xs.max() + 1, ys.max() + 1]


def test_no_spacing_and_no_frame_of_reference_are_made_up() -> None:
    pixels = np.zeros((64, 48), dtype=np.float32)
    source = wrapped(pixels, spacing=None)
    made = make("seg", [source], square_results(source, SQUARE), made_of="a", at=AT)
    told = {element.keyword for element in made.iterall()}
    assert not told & {"PixelSpacing", "FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient"}
    with_frame = wrapped(pixels, frame=True)
    made = make("seg", [with_frame], square_results(with_frame, SQUARE), made_of="a", at=AT)
    assert made.FrameOfReferenceUID == with_frame.FrameOfReferenceUID


def test_an_object_of_another_size_is_refused() -> None:
    source = wrapped(np.zeros((64, 48), dtype=np.float32))
    results = square_results(source, SQUARE)
    other = wrapped(np.zeros((60, 48), dtype=np.float32))
    with pytest.raises(ResultError, match="size"):
        make("seg", [other], results, made_of="a", at=AT)


def test_the_picture_is_marked_and_names_nobody() -> None:
    source = wrapped(np.random.default_rng(1).random((64, 48), dtype=np.float32))
    made = pydicom.dcmread(io.BytesIO(write(make("sc", [source], square_results(source, SQUARE), made_of="a", at=AT))))
    assert made.BurnedInAnnotation == "YES"
    assert "Не для диагностики" in made.DerivationDescription
    assert "NOT FOR DIAGNOSIS" in made.ImageComments
    picture = made.pixel_array
    assert picture.shape[1:] == (1280, 3)
    assert np.ptp(picture[:40, 700:], axis=(0, 1)).max() > 100  # the warning is drawn into the band above the film
