"""A ZIP of films that somebody sends: looked through before anything is read, then read member by member.

Nothing is ever unpacked to the disk, so no path in it can lead anywhere. What is refused is refused whole, before the
first film: links and paths that lead out, passwords, too many members, too much behind too few bytes.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prosvet.archive.readers.item import FileBytes
from prosvet.core.errors import BadZip, TruncatedFile
from prosvet.core.settings import Settings

__all__ = ["ARCHIVES", "Limits", "ZipMember", "is_zip", "members"]

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst", ".iso", ".jar", ".cab")
"""Names of what holds other files; none of them is opened inside another."""

_MEMBERS = 5_000
_RATIO = 200  # films: 16-bit with wide black borders reach 30; a page of zeros 1,000
_FREE = 50_000_000  # bytes that may come of any ratio: a few empty films harm nobody
_INFLATED = 20  # times the largest single file
_LINKED = 3  # Unix made it: its attributes tell a link


@dataclass(frozen=True)
class Limits:
    """What a ZIP may hold: members, bytes in all when inflated, and bytes for each byte of the archive."""

    members: int = _MEMBERS
    inflated: int = 8_000_000_000
    ratio: int = _RATIO

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Twenty files of the largest size that is accepted."""
        return cls(inflated=_INFLATED * settings.max_bytes)


@dataclass(frozen=True, slots=True)
class ZipMember(FileBytes):
    """A film in the archive at ``path``; ``size`` is what it inflates to, as the archive says and as is held to."""

    member: str = ""

    def read(self) -> bytes:
        """The bytes; never more than ``size`` of them.

        Raises
        ------
        TruncatedFile
            When the archive is damaged here, or there is more than it says.
        """
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as stream:
                data = stream.read(self.size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError) as error:
            raise TruncatedFile(name=self.name) from error
        if len(data) != self.size:
            raise TruncatedFile(name=self.name)
        return data


def is_zip(path: Path) -> bool:
    """Whether the file begins as a ZIP does, whatever its name."""
    with path.open("rb") as stream:
        return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def members(path: Path, name: str, limits: Limits) -> list[tuple[str, ZipMember | BadZip]]:
    """(path inside, film) of every file in the ZIP at `path`, by name; an archive inside it is refused alone.

    Raises
    ------
    BadZip
        When the whole is refused: ``reason`` says why.
    """
    with _spoken(name), zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _check(entries, path.stat().st_size, name, limits)
    time = path.stat().st_mtime_ns
    named = {entry.filename: entry for entry in entries}  # of two with one name the last is the one that opens
    found: list[tuple[str, ZipMember | BadZip]] = []
    for entry in (named[inside] for inside in sorted(named)):
        short = entry.filename.rsplit("/", 1)[-1]
        if short.startswith(".") or entry.filename.startswith("__MACOSX/"):
            continue  # what an operating system leaves beside the files
        if short.lower().endswith(ARCHIVES):
            found.append((entry.filename, BadZip(name=short, reason="nested")))
        else:
            found.append((entry.filename, ZipMember(path, short, entry.file_size, time, member=entry.filename)))
    if not found:
        raise BadZip(name=name, reason="empty")
    return found


@contextmanager
def _spoken(name: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, ValueError, OSError) as error:
        raise BadZip(name=name, reason="broken") from error


def _check(entries: list[zipfile.ZipInfo], packed: int, name: str, limits: Limits) -> None:
    """Refuse the whole archive for what one entry is, or for what they are together."""
    if len(entries) > limits.members:
        raise BadZip(name=name, reason="members", members=len(entries), limit=limits.members)
    for entry in entries:
        reason = _wrong(entry)
        if reason is not None:
            raise BadZip(name=name, reason=reason)
    size = sum(entry.file_size for entry in entries)
    if size > limits.inflated:
        raise BadZip(name=name, reason="inflated", size=size, limit=limits.inflated)
    # By the size of the file itself: members that share their bytes, as the densest bombs do, are found out too.
    if size > _FREE and size > limits.ratio * packed:
        raise BadZip(name=name, reason="ratio", ratio=size // max(packed, 1), limit=limits.ratio)


def _wrong(entry: zipfile.ZipInfo) -> str | None:
    """Why an entry has no place in an honest archive of films, or None."""
    # `orig_filename`: the module cuts a name at a zero byte and turns the system's own separators.
    names = (entry.filename, entry.orig_filename.replace("\\", "/"))
    if any(name.startswith("/") or name[1:2] == ":" or ".." in name.split("/") or "\0" in name for name in names):
        return "path"
    if entry.create_system == _LINKED and stat.S_ISLNK(entry.external_attr >> 16):
        return "link"
    return "encrypted" if entry.flag_bits & 0x1 else None
