"""Films as files: DICOM trees and image folders. Studies and patients come from the headers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from prosvet.archive.readers.item import FileBytes, Item

__all__ = ["DicomReader", "FilmReader", "ImageReader", "looks_like"]

_SUFFIXES = {
    "dicom": {".dcm", ".dicom", ".dic", ".ima"},
    "image": {".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff"},
}
_NOT_FILMS = {".csv", ".gz", ".html", ".ini", ".json", ".md", ".tar", ".tgz", ".toml", ".txt", ".xml", ".yaml", ".zip"}
_STARTS = ((b"\x89PNG\r\n\x1a\n", "image"), (b"\xff\xd8\xff", "image"), (b"II*\0", "image"), (b"MM\0*", "image"))


def looks_like(path: Path) -> str | None:
    """``dicom`` or ``image`` by the file's first bytes, else by its suffix, else None.

    The suffix counts too, so that a broken film is reported as broken and not passed over.
    """
    if path.name.upper() == "DICOMDIR":
        return None
    with path.open("rb") as stream:
        start = stream.read(132)
    if start[128:] == b"DICM":
        return "dicom"
    for magic, kind in _STARTS:
        if start.startswith(magic):
            return kind
    return next((kind for kind, suffixes in _SUFFIXES.items() if path.suffix.lower() in suffixes), None)


class FilmReader:
    """A folder with films of both kinds, or any single file."""

    expects = "a film, or a folder with DICOM, PNG, JPEG or TIFF films"
    kinds: frozenset[str] = frozenset({"dicom", "image"})

    def recognises(self, path: Path) -> bool:
        """A file counts as a film when it is given by itself: it is for decoding to refuse it."""
        if path.is_file():
            return True
        kinds = {kind for _, kind in _films(path)} - {None}
        return bool(kinds) and kinds <= self.kinds

    def items(self, path: Path) -> Iterator[Item]:
        """The films under `path`, by name; so that nothing is passed over in silence, a file that is neither a
        film nor a table or a note comes too, and fails."""
        for file, kind in [(path, looks_like(path))] if path.is_file() else _films(path):
            image = FileBytes.of(file)
            yield Item(str(file.resolve()), image.size, image.mtime_ns, source=kind or "films", image=image)


class DicomReader(FilmReader):
    """A tree of DICOM files; files without a suffix count by their content."""

    expects = "a DICOM file, or a tree of them"
    kinds = frozenset({"dicom"})

    def recognises(self, path: Path) -> bool:
        return looks_like(path) == "dicom" if path.is_file() else super().recognises(path)


class ImageReader(FilmReader):
    """A folder of PNG, JPEG and TIFF films; each is a study of its own."""

    expects = "a PNG, JPEG or TIFF film, or a folder of them"
    kinds = frozenset({"image"})

    def recognises(self, path: Path) -> bool:
        return looks_like(path) == "image" if path.is_file() else super().recognises(path)


def _films(folder: Path) -> Iterator[tuple[Path, str | None]]:
    for file in _walk(folder):
        kind = looks_like(file)
        if kind is not None or (file.suffix.lower() not in _NOT_FILMS and file.name.upper() != "DICOMDIR"):
            yield file, kind


def _walk(folder: Path) -> Iterator[Path]:
    """Every file under `folder`, folder by folder, in the order of names; hidden ones are left out."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(here) / name
            if not name.startswith(".") and path.is_file():
                yield path
