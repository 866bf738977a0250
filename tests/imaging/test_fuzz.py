"""Whatever is done to a file's bytes, the outcome is a film or an error of imaging."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import uid
from pydicom.data import get_testdata_file

from prosvet.core.errors import ImageError
from prosvet.core.settings import Settings
from prosvet.imaging import Film, load_bytes

ROUNDS = 300


def mutations(data: bytes, count: int, seed: int) -> list[bytes]:
    """Bytes changed at random, near the start more often than elsewhere; some copies cut short."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        copy = bytearray(data)
        for _ in range(chance.choice((1, 1, 2, 8, 64))):
            reach = min(len(copy), chance.choice((60, 400, 4000, len(copy))))
            copy[chance.randrange(reach)] = chance.choice((0, 255, chance.randrange(256)))
        made.append(bytes(copy[: chance.randrange(len(copy))] if chance.random() < 0.15 else copy))
    return made


def check(data: bytes, count: int, seed: int, settings: Settings) -> tuple[int, int]:
    films = errors = 0
    for changed in mutations(data, count, seed):
        try:
            film = load_bytes(changed, "film", settings)
        except ImageError as error:
            assert error.message("ru")
            errors += 1
        else:
            assert isinstance(film, Film)
            assert np.isfinite(film.pixels).all()
            films += 1
    return films, errors


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "TIFF16", "LZW"])
def test_changed_pictures(kind: str, ramp, settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    picture = Image.fromarray(ramp if kind in ("TIFF16", "LZW") else (ramp // 16).astype(np.uint8))
    stream = io.BytesIO()
    options = {"compression": "tiff_lzw"} if kind == "LZW" else {}
    picture.save(stream, kind if kind in ("PNG", "JPEG") else "TIFF", **options)
    films, errors = check(stream.getvalue(), ROUNDS, 1, settings)
    assert films and errors


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "syntax",
    [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.RLELossless,
     uid.JPEGLSLossless, uid.JPEG2000Lossless, uid.DeflatedExplicitVRLittleEndian],
    ids=lambda syntax: syntax.keyword,
)  # fmt: skip
def test_changed_dicom(syntax: uid.UID, make_dicom, ramp, settings: Settings) -> None:
    data = make_dicom(ramp, syntax, BitsStored=12, WindowCenter=2000, WindowWidth=4000, RescaleSlope=1,
                      RescaleIntercept=-10, PixelSpacing=[0.2, 0.2])  # fmt: skip
    films, errors = check(data, ROUNDS, 2, settings)
    assert films and errors


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["MR_small.dcm", "MR_small_RLE.dcm", "JPGExtended.dcm", "JPEG2000.dcm",
                                  "SC_rgb_jpeg.dcm", "image_dfl.dcm"])  # fmt: skip
def test_changed_real_dicom(name: str, settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    data = Path(str(get_testdata_file(name, download=False))).read_bytes()
    films, errors = check(data, ROUNDS // 2, 3, settings)
    assert films and errors


@pytest.mark.filterwarnings("ignore")
def test_changed_jpeg_lossless(pydicom_data: Path, settings: Settings) -> None:
    films, errors = check((pydicom_data / "JPEG-LL.dcm").read_bytes(), 25, 4, settings)
    assert films and errors
