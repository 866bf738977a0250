from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prosvet.core.errors import DecompressionBomb, NotAnImage, NotFound, OversizedFile, UnsupportedFile
from prosvet.core.settings import Settings, load_settings
from prosvet.imaging import load_bytes, load_film


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_format_is_told_by_content_not_by_name(kind: str, tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / "film.dcm"
    file.write_bytes(encoded(Image.linear_gradient("L"), kind))
    film = load_film(file, settings)
    assert (film.format, film.name, film.shape) == (kind.lower(), "film.dcm", (256, 256))
    assert film.pixels.dtype == np.float32


def test_dicom_under_another_name_is_dicom(make_dicom, ramp, tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / "film.jpg"
    file.write_bytes(make_dicom(ramp))
    film = load_film(file, settings)
    assert film.format == "dicom"
    assert film.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_file_that_is_not_there_is_not_found(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(NotFound):
        load_film(tmp_path / "absent.png", settings)
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(NotFound):
        load_film(tmp_path / "file" / "below", settings)


@pytest.mark.parametrize("data", [b"", b"\n", b"Name,Label\n1,normal\n" * 20, bytes(4096), b"PK\x03\x04" + bytes(500)])
def test_other_content_is_not_an_image(data: bytes, settings: Settings) -> None:
    with pytest.raises(NotAnImage):
        load_bytes(data, "notes.png", settings)


def test_folder_and_pipe_are_not_images(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(NotAnImage):
        load_film(tmp_path, settings)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(NotAnImage):
        load_film(pipe, settings)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "WEBP", "JPEG2000"])
def test_picture_in_a_format_not_read_is_named_so(kind: str, settings: Settings) -> None:
    with pytest.raises(UnsupportedFile) as caught:
        load_bytes(encoded(Image.linear_gradient("L").convert("RGB"), kind), "film", settings)
    assert caught.value.details["reason"] == "image_other_format"
    assert "формат не DICOM" in caught.value.message("ru")


def test_long_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.png"
    with file.open("wb") as stream:
        stream.truncate(3_000_000_000)  # sparse: takes no room
    with pytest.raises(OversizedFile) as caught:
        load_film(file, load_settings({}))
    assert isinstance(caught.value, DecompressionBomb)
    assert "3000000000" in caught.value.message("ru")


def test_import_is_light() -> None:
    check = "import sys, prosvet.imaging; print(sorted({'numpy', 'pydicom', 'PIL', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_are_all_there() -> None:
    import prosvet.imaging as package

    assert {name for name in package.__all__ if getattr(package, name) is None} == set()
    with pytest.raises(AttributeError):
        _ = package.nothing
