"""What a reader yields: at most one image and one report, with what their source says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from prosvet.core.errors import ProsvetError
from prosvet.core.types import Side, Status, View, Zone

__all__ = ["FileBytes", "Item", "Label", "Reader", "ReportText"]


@dataclass(frozen=True, slots=True)
class FileBytes:
    """A file, or a part of one (a member of a tar archive), that is read when asked for.

    Attributes
    ----------
    name : str
        Original file name without its folder.
    size, mtime_ns : int
        Of the file or the member; with the path they tell whether it has changed.
    offset : int
        Where the part begins.
    """

    path: Path
    name: str
    size: int
    mtime_ns: int
    offset: int = 0

    @classmethod
    def of(cls, path: Path) -> FileBytes:
        """The whole file at `path`."""
        facts = path.stat()
        return cls(path, path.name, facts.st_size, facts.st_mtime_ns)

    def read(self) -> bytes:
        """The bytes."""
        with self.path.open("rb") as stream:
            stream.seek(self.offset)
            return stream.read(self.size)


@dataclass(frozen=True, slots=True)
class Label:
    """A source's claim about a concept. What a source does not speak of has no label: absent is not "no"."""

    concept: str
    status: Status = Status.PRESENT
    side: Side | None = None
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class ReportText:
    """A report as its source holds it; ``codes`` are the source's own (MeSH, ...).

    ``language`` is None where the source does not say.
    """

    file: str
    findings: str = ""
    impression: str = ""
    indication: str = ""
    codes: tuple[str, ...] = ()
    language: str | None = None

    def __bool__(self) -> bool:
        return bool(self.findings or self.impression)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to take in.

    Attributes
    ----------
    key : str
        Where it came from (path, and row where a path holds many); unique in its source.
    size, mtime_ns : int
        Of the image, or of the table where there is none.
    study, patient : str or None
        Keys of the source, of any kind: the archive keeps keyed hashes of them. None: the header or the
        content will tell.
    image_missing : bool
        The source names an image that is not there.
    labels : tuple of Label
        Of the study.
    error : ProsvetError or None
        Why this row cannot be taken in; the rows after it can.
    """

    key: str
    size: int
    mtime_ns: int
    source: str
    image: FileBytes | None = None
    image_missing: bool = False
    report: ReportText | None = None
    labels: tuple[Label, ...] = ()
    study: str | None = None
    patient: str | None = None
    sex: str | None = None
    age: float | None = None
    birth_year: int | None = None
    view: View | None = None
    date: date | None = None
    split: str | None = None
    description: str = ""
    error: ProsvetError | None = None


class Reader(Protocol):
    """A layout that is understood."""

    expects: str
    """What it looks for, in a few words, for the error that says what was expected."""

    def recognises(self, path: Path) -> bool:
        """Whether `path` (a file or a folder) has this layout, judged by its content."""
        ...

    def items(self, path: Path) -> Iterator[Item]:
        """Everything there is, in a stable order.

        Raises
        ------
        ManifestError
            When the layout is broken: name, line and reason.
        """
        ...
