"""What the readers of tables share: CSV rows with their line numbers, finding images, small conversions."""

from __future__ import annotations

import csv
import gzip
import io
import os
import tarfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from prosvet.archive.readers.item import FileBytes
from prosvet.core.errors import ManifestError, MissingColumns

__all__ = ["Images", "csv_columns", "csv_rows", "day", "find_table", "number", "sex_code"]

_DEPTH = 3  # folders below the table in which published sets keep their images
_FIELD_LIMIT = 4_000_000  # characters of one cell: long case texts, no bombs


def _open(path: Path) -> io.TextIOBase:
    if path.name.endswith(".gz"):
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def csv_columns(path: Path) -> set[str]:
    """Names of a CSV file's columns; empty for what is no readable CSV file."""
    if not path.name.lower().endswith((".csv", ".csv.gz")):
        return set()
    try:
        with _open(path) as stream:
            return {name.strip() for name in next(csv.reader(stream), [])}
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, csv.Error):
        return set()


def csv_rows(path: Path, needed: set[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row) of a CSV file, plain or gzipped; cells are stripped, missing ones empty.

    Raises
    ------
    MissingColumns
        When a needed column is missing.
    ManifestError
        When a row is broken, or the text is not UTF-8.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    line = 1
    try:
        with _open(path) as stream:
            reader = csv.DictReader(stream)
            missing = needed - {name.strip() for name in reader.fieldnames or ()}
            if missing:
                raise MissingColumns(name=path.name, columns=", ".join(sorted(missing)))
            for row in reader:
                line = reader.line_num
                yield line, {(key or "").strip(): (value or "").strip() for key, value in row.items() if key}
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, csv.Error) as error:
        raise ManifestError(name=path.name, line=line, reason=str(error)) from error


def find_table(path: Path, needed: set[str]) -> Path | None:
    """`path` itself, or the one CSV file directly in the folder `path`, whose columns include `needed`."""
    if path.is_file():
        return path if needed <= csv_columns(path) else None
    fitting = [file for file in sorted(path.glob("*.csv*")) if needed <= csv_columns(file)]
    return fitting[0] if fitting else None


class Images:
    """Images that a table names: beside it, in folders below it, or in plain tar archives beside it.

    Folders and archives are listed once, when the first image is not simply where the table says.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._listed: dict[str, FileBytes] | None = None

    def find(self, name: str) -> FileBytes | None:
        """The image called `name` (a relative path, or a bare name), or None."""
        direct = self.folder / name
        if ".." not in Path(name).parts and not Path(name).is_absolute() and direct.is_file():
            return FileBytes.of(direct)
        if self._listed is None:
            self._listed = self._list()
        return self._listed.get(Path(name).name)

    def _list(self) -> dict[str, FileBytes]:
        found: dict[str, FileBytes] = {}
        for archive in sorted(self.folder.glob("*.tar")):
            facts = archive.stat()
            with tarfile.open(archive, "r:") as tar:
                for member in tar:
                    if member.isfile():
                        name = Path(member.name).name
                        found[name] = FileBytes(archive, name, member.size, facts.st_mtime_ns, member.offset_data)
        start = len(self.folder.parts)
        for here, folders, files in os.walk(self.folder):
            folders[:] = sorted(folders) if len(Path(here).parts) - start < _DEPTH else []
            for name in files:
                path = Path(here) / name
                if path.is_file():
                    found[name] = FileBytes.of(path)
        return found


def number(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e12 else None


def sex_code(text: str) -> str | None:
    """F, M or O from what tables write; None where unknown."""
    return {"f": "F", "female": "F", "m": "M", "male": "M", "o": "O", "other": "O", "transgender": "O"}.get(
        text.strip().lower()
    )


def day(text: str) -> date | None:
    """A date written as 20140915 or 2014-09-15, or None."""
    for form in ("%Y%m%d", "%Y-%m-%d"):
        try:
            return datetime.strptime(text.strip(), form).date()
        except ValueError:
            continue
    return None
