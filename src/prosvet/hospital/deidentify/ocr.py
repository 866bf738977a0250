"""Text burned into a film, found by two engines that fail differently: RapidOCR and Tesseract (Russian and English).

Only where the text is matters, not what it says. A box counts when an engine could read something in it and its edges
are those of letters: ribs and vessels look like strokes to a detector, but they are soft.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prosvet.core.errors import DeidentifyError
from prosvet.core.optional import require
from prosvet.hospital.deidentify.boxes import Box

__all__ = ["find_text", "is_marker", "ready"]

_SMALL, _LARGE = 1024, 2000  # pixels of the longer side that the engines see
_MOST_UP = 4.0
_SURE, _SURE_ONE = 0.6, 0.9  # RapidOCR's score, 0..1, of a word and of a single letter
_WORD, _SHORT = 70.0, 90.0  # Tesseract's confidence, 0..100, of three letters or more and of two
_SHARP, _SHARPER = 8.0, 14.0  # grey levels a pixel: RapidOCR's boxes; Tesseract reads more into ribs
_SECONDS = 120
_MARKERS = frozenset(("L", "R", "Л", "П", "LEFT", "RIGHT", "ЛЕВ", "ПРАВ", "ЛЕВАЯ", "ПРАВАЯ"))
_lock = Lock()


def ready() -> None:
    """Make sure that both engines are there.

    Raises
    ------
    MissingExtra, DeidentifyError
        Reason ``no_tesseract`` where the program or its Russian is missing.
    """
    require("rapidocr_onnxruntime", "hospital")
    if shutil.which("tesseract") is None or not {"rus", "eng"} <= _languages():
        raise DeidentifyError(reason="no_tesseract", name="tesseract")


@cache
def _languages() -> frozenset[str]:
    told = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    return frozenset(told.stdout.split())


def find_text(grey: NDArray[np.uint8]) -> list[Box]:
    """Boxes of text in a grey picture, in its own pixels; what either engine finds.

    Parameters
    ----------
    grey : ndarray, shape (H, W), uint8

    Raises
    ------
    DeidentifyError
        Reason ``ocr`` when an engine fails: silence would pass for a clean film.
    """
    height, width = grey.shape
    longer = max(height, width)
    scale = min(_MOST_UP, _SMALL / longer) if longer < _SMALL else min(1.0, _LARGE / longer)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    seen = grey if scale == 1.0 else np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))
    found = [box for box in _rapid(seen) if _sharpness(seen, box) >= _SHARP]
    found += [box for box in _tesseract(seen) if _sharpness(seen, box) >= _SHARPER]
    return [_unscaled(box, width / size[0], height / size[1], width, height) for box in found]


def is_marker(box: Box, width: int, height: int) -> bool:
    """Whether a box is a letter of a side, alone and small.

    Examples
    --------
    >>> is_marker(Box(0, 0, 20, 24, "R"), 1000, 1000), is_marker(Box(0, 0, 90, 24, "IVANOV"), 1000, 1000)
    (True, False)
    """
    small = box.width < 0.12 * width and box.height < 0.12 * height
    return small and re.sub(r"[\W_]+", "", box.text).upper() in _MARKERS


def _sharpness(grey: NDArray[np.uint8], box: Box) -> float:
    """The steepest tenth of the box begins here, in grey levels a pixel."""
    part = grey[max(0, box.top - 1) : box.bottom + 1, max(0, box.left - 1) : box.right + 1].astype(np.float32)
    if min(part.shape) < 3:
        return 0.0
    down, across = np.gradient(part)
    return float(np.percentile(np.hypot(down, across), 90))


def _unscaled(box: Box, across: float, down: float, width: int, height: int) -> Box:
    return Box(
        max(0, int(box.left * across)), max(0, int(box.top * down)), min(width, int(np.ceil(box.right * across))),
        min(height, int(np.ceil(box.bottom * down))), box.text,
    )  # fmt: skip


@cache
def _engine() -> Any:
    return require("rapidocr_onnxruntime", "hospital").RapidOCR(
        intra_op_num_threads=1, inter_op_num_threads=1, text_score=0.0, use_cls=False
    )


def _rapid(grey: NDArray[np.uint8]) -> Iterator[Box]:
    with _lock:
        found, _ = _engine()(np.stack([grey] * 3, axis=-1), use_cls=False)
    read: list[Box] = []
    doubtful: list[Box] = []
    for corners, text, score in found or []:
        across, down = np.array(corners)[:, 0], np.array(corners)[:, 1]
        box = Box(int(across.min()), int(down.min()), int(np.ceil(across.max())), int(np.ceil(down.max())), text)
        letters = re.sub(r"[\W_]+", "", text)
        sure = float(score) >= (_SURE if len(letters) > 1 else _SURE_ONE) and letters
        (read if sure else doubtful).append(box)
    yield from read
    # Beside a text that was read, what only the detector sees is text, too: a line of handwriting above a date.
    words = [box for box in read if len(re.sub(r"[\W_]+", "", box.text)) > 2]
    yield from (box for box in doubtful if any(_beside(box, word) for word in words))


def _beside(one: Box, other: Box) -> bool:
    """Whether less than a line's height is between the two."""
    gap = min(other.width, other.height)
    return (
        one.left - gap <= other.right and other.left - gap <= one.right
        and one.top - gap <= other.bottom and other.top - gap <= one.bottom
    )  # fmt: skip


def _tesseract(grey: NDArray[np.uint8]) -> Iterator[Box]:
    command = ["tesseract", "stdin", "stdout", "-l", "rus+eng", "--psm", "11", "--oem", "1", "tsv"]
    picture = io.BytesIO()
    Image.fromarray(grey).save(picture, "PPM")
    try:
        told = subprocess.run(
            command, input=picture.getvalue(), capture_output=True, timeout=_SECONDS, check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError) as error:
        raise DeidentifyError(reason="ocr", name="tesseract") from error
    lines: dict[tuple[str, ...], list[tuple[Box, bool]]] = {}
    for row in told.stdout.decode("utf-8", "replace").splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5":
            left, top, width, height = map(int, cells[6:10])
            box = Box(left, top, left + width, top + height, cells[11])
            lines.setdefault(tuple(cells[1:5]), []).append((box, _read(cells[11], float(cells[10]))))
    for words in lines.values():
        if any(sure for _, sure in words):  # the rest of a line in which one word was read is text, too
            yield from (box for box, _ in words)


def _read(text: str, confidence: float) -> bool:
    letters = re.sub(r"[\W_]+", "", text)
    if len(letters) >= 3:
        return confidence >= _WORD and len(set(letters.casefold())) > 1
    return len(letters) == 2 and confidence >= _SHORT
