"""What there is to export: a file, a folder, a ZIP. Links and paths that lead out are refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from prosvet.archive.readers.item import FileBytes
from prosvet.archive.zip_in import Limits, is_zip, members
from prosvet.core.errors import BadZip, DeidentifyError, ImageError, NotFound
from prosvet.core.settings import Settings
from prosvet.imaging.sniff import sniff

__all__ = ["Entry", "Form", "entries", "form_of"]

Form = Literal["dicom", "png", "jpeg", "text", "table"]

_TEXTS = {".txt": "text", ".md": "text", ".csv": "table", ".tsv": "table"}
_DICOMDIR = "DICOMDIR"
_SYSTEM = {"Thumbs.db", "desktop.ini"}


class Entry(NamedTuple):
    """One input file.

    Attributes
    ----------
    path : str
        Its path inside the input, with forward slashes.
    file : FileBytes or None
        None where it is refused: ``reason`` says why.
    """

    path: str
    file: FileBytes | None
    reason: str = ""


def entries(source: Path, settings: Settings) -> list[Entry]:
    """All files of `source`, by path.

    Raises
    ------
    NotFound
        When there is nothing.
    DeidentifyError
        Reason ``link``: the input itself is a link.
    BadZip
    """
    if source.is_symlink():
        raise DeidentifyError(reason="link", name=source.name)
    if not source.exists():
        raise NotFound(kind="file", name=source.name)
    found = sorted(_folder(source, settings) if source.is_dir() else _one(source, source.name, settings))
    if not found:
        raise NotFound(kind="file", name=source.name)
    return found


def _folder(folder: Path, settings: Settings) -> Iterator[Entry]:
    for place, names, files in os.walk(folder, followlinks=False):
        here = Path(place)
        for name in [*names, *files]:
            path = here / name
            inside = path.relative_to(folder).as_posix()
            if path.is_symlink():
                yield Entry(inside, None, "link")
            elif name in files and not name.startswith(".") and name not in _SYSTEM:
                yield from _one(path, inside, settings)
        names[:] = [name for name in names if not name.startswith(".")]


def _one(path: Path, inside: str, settings: Settings) -> Iterator[Entry]:
    if not path.is_file():
        yield Entry(inside, None, "special")
    elif path.name == _DICOMDIR:
        yield Entry(inside, None, "dicomdir")
    elif is_zip(path):
        for name, member in members(path, path.name, Limits.of(settings)):
            yield (
                Entry(f"{inside}/{name}", None, "nested")
                if isinstance(member, BadZip)
                else Entry(f"{inside}/{name}", member, "" if member.size <= settings.max_bytes else "size")
            )
    else:
        file = FileBytes.of(path)
        yield Entry(inside, file, "") if file.size <= settings.max_bytes else Entry(inside, None, "size")


def form_of(path: str, data: bytes) -> Form | None:
    """How a file is treated, by its first bytes, a text by its name; None for what is not exported.

    Examples
    --------
    >>> form_of("a.txt", b"film"), form_of("a.csv", b"a,b"), form_of("b.pdf", b"%PDF-1.4")
    ('text', 'table', None)
    """
    suffix = Path(path).suffix.lower()
    try:
        kind = sniff(data, "")
    except ImageError:
        return _TEXTS.get(suffix)  # type: ignore[return-value]
    return None if kind == "tiff" else kind
