"""Which files a list of files and folders stands for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prosvet.core.errors import NotFound

__all__ = ["films_below"]

_NOT_FILMS = {".csv", ".gz", ".html", ".ini", ".json", ".md", ".tar", ".tgz", ".toml", ".txt", ".xml", ".yaml", ".zip"}


def films_below(paths: Sequence[Path]) -> list[Path]:
    """Each file as given; each folder as the files below it in sorted order, without tables and hidden files.

    DICOM files often have no extension, so a folder's files are known by what they are not.

    Raises
    ------
    NotFound
        When a path does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = (p for p in sorted(path.rglob("*")) if p.is_file() and p.suffix.lower() not in _NOT_FILMS)
            found += [p for p in below if not any(part.startswith(".") for part in p.relative_to(path).parts)]
        elif path.is_file():
            found.append(path)
        else:
            raise NotFound(kind="file", name=str(path))
    return found
