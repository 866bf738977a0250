"""One way in: a kind, the study's objects and what is to be said of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from prosvet.core.optional import require
from prosvet.hospital.objects.frame import Frame
from prosvet.hospital.objects.kinds import SERIES, Charset, Kind
from prosvet.hospital.objects.predecessors import set_predecessors
from prosvet.hospital.objects.results import Results
from prosvet.hospital.objects.sources import read_sources

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["make"]

_HOMES: dict[Kind, tuple[str, str]] = {
    "sr": ("structured", "highdicom"),
    "text_sr": ("plain_text", "highdicom"),
    "seg": ("contours", "highdicom"),
    "sc": ("capture", "highdicom"),
    "pdf": ("document", "reportlab"),
}


def make(
    kind: Kind,
    sources: Sequence[Dataset | Path],
    results: Results,
    *,
    made_of: str,
    at: datetime,
    charset: Charset = "ISO_IR 192",
) -> Dataset:
    """One result as a DICOM object of the sources' own study.

    Parameters
    ----------
    sources : sequence of pydicom.Dataset or Path
        Objects of the study as they came, pixels not needed. Patient and study are copied from the one that was
        read, and all of them are referred to.
    made_of : str
        What the result was made of (films, model and revision, round). UIDs follow from it, from the study, the kind,
        the language, the characters and the signature; so `at` must not change while it does not.
    at : datetime
        When the result was made, on the study's own clock: nothing is read off this computer's.
    charset : {"ISO_IR 192", "ISO_IR 144"}
        UTF-8, or Cyrillic alone for old viewers.

    Returns
    -------
    pydicom.Dataset
        With its file meta information; :func:`prosvet.hospital.objects.write` gives the file.

    Raises
    ------
    ResultError
        When there is nothing to make this kind from (no text, no contours), the sources are not of one study, or a
        letter cannot be written in `charset`.
    MissingExtra
        Without the extra ``hospital``.
    """
    home, package = _HOMES[kind]
    require(package, "hospital")
    frame = Frame(kind, read_sources(sources, results.film), results, made_of=made_of, at=at, charset=charset)
    build: Callable[[Frame], Dataset] = importlib.import_module(f"prosvet.hospital.objects.{home}").build
    made = build(frame)
    if SERIES[kind].modality == "SR":
        set_predecessors(made, frame)
    return frame.finished(made)
