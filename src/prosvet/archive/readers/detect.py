"""The table of readers, and which of them a path is for."""

from __future__ import annotations

from pathlib import Path

from prosvet.archive.readers.item import Reader
from prosvet.core.errors import NotFound, SeveralLayouts, UnknownLayout
from prosvet.core.registry import Registry

__all__ = ["READERS", "detect_reader"]

READERS = Registry(
    "reader",
    {
        "manifest": "prosvet.archive.readers.manifest:ManifestReader",
        "indiana": "prosvet.archive.readers.indiana:IndianaReader",
        "openi": "prosvet.archive.readers.openi:OpenIReader",
        "nih": "prosvet.archive.readers.nih:NihReader",
        "padchest": "prosvet.archive.readers.padchest:PadChestReader",
        "multicare": "prosvet.archive.readers.multicare:MultiCaReReader",
        "dicom": "prosvet.archive.readers.films:DicomReader",
        "images": "prosvet.archive.readers.films:ImageReader",
        "films": "prosvet.archive.readers.films:FilmReader",
    },
)
"""Tables before films: a folder with a table and images is read by its table."""

_FILMS = ("dicom", "images", "films")


def detect_reader(path: Path) -> tuple[str, Reader]:
    """Name and reader of what lies at `path`.

    Raises
    ------
    NotFound
        When nothing is there.
    UnknownLayout
        When no reader knows the layout; it says what was expected.
    SeveralLayouts
        When several tables lie side by side.
    """
    if not path.exists():
        raise NotFound(kind="file", name=path.name)
    fitting = [name for name in READERS if name not in _FILMS and READERS[name]().recognises(path)]
    if len(fitting) > 1:
        raise SeveralLayouts(name=path.name, layouts=", ".join(fitting))
    for name in fitting + [name for name in _FILMS if READERS[name]().recognises(path)]:
        return name, READERS[name]()
    expected = "; ".join(f"{name}: {READERS[name].expects}" for name in READERS)
    raise UnknownLayout(name=path.name, expected=expected)
