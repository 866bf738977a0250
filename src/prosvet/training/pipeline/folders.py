"""A folder of labelled films in the layout of the development data: its rows, and the bytes of its films."""

from __future__ import annotations

import csv
import hashlib
import tarfile
from collections.abc import Iterator
from pathlib import Path

from prosvet.core.errors import NotFound, RetrainingError
from prosvet.training.data import FINDINGS, label_matrix

__all__ = ["FolderFilms", "folder_rows", "labels_of"]


def labels_of(rows: list[dict[str, str]]) -> list[dict[str, int]]:
    """What each manifest row really says, by concept: see :func:`prosvet.training.data.label_matrix`."""
    labels, weights = label_matrix(rows)
    return [
        {name: int(value > 0.5) for name, value, known in zip(FINDINGS, line, there, strict=True) if known}
        for line, there in zip(labels, weights, strict=True)
    ]


def folder_rows(folder: Path, splits: tuple[str, ...]) -> list[dict[str, str]]:
    """Manifest rows of `splits`.

    Raises
    ------
    NotFound
        When there is no manifest.
    RetrainingError
        When it has no row of these splits.
    """
    path = folder / "cxr" / "manifest.csv"
    if not path.is_file():
        raise NotFound(kind="manifest", name=str(path))
    with path.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] in splits]
    if not rows:
        raise RetrainingError(reason="empty_split", splits=", ".join(splits), name=folder.name)
    return rows


class FolderFilms:
    """The films of a folder's archives, read in whole or one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[str, tuple[Path, int, int]] = {}

    def _index(self) -> dict[str, tuple[Path, int, int]]:
        if not self._places:
            for path in sorted((self._folder / "cxr").glob("*-[0-9]*.tar")):
                with tarfile.open(path) as archive:
                    for member in archive:
                        if member.isfile():
                            self._places[Path(member.name).name] = path, member.offset_data, member.size
        return self._places

    def read(self, name: str) -> bytes:
        """The bytes of one film.

        Raises
        ------
        NotFound
        """
        place = self._index().get(name)
        if place is None:
            raise NotFound(kind="file", name=name)
        path, start, size = place
        with path.open("rb") as stream:
            stream.seek(start)
            return stream.read(size)

    def hashes(self, names: list[str]) -> Iterator[str]:
        """SHA-256 of each film named.

        Raises
        ------
        NotFound
        """
        for name in names:
            yield hashlib.sha256(self.read(name)).hexdigest()
