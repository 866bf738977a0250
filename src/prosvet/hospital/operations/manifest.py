"""What a back-up holds: every file with its hash, the schemas, and how far the audit log reached."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from prosvet.archive.files import sync_folder, write_whole
from prosvet.core.errors import BackupError
from prosvet.core.types import Frozen, Moment
from prosvet.hospital.operations.copying import hash_of

__all__ = ["AuditMark", "Entry", "Manifest", "fingerprint", "load", "save"]

_NAME = "manifest.json"


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\0" in path:
        raise ValueError("a path leads out of the home")
    return path


class Entry(Frozen):
    """A file of the home. ``mode`` holds its permissions; its content lies in the vault under its hash."""

    path: Annotated[str, AfterValidator(_inside)]
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    mode: int = Field(default=0o600, ge=0, le=0o777)


class AuditMark(Frozen):
    """How far the audit log reached: its lines, and the hash that the last of them carries."""

    lines: int
    last: str


class Manifest(Frozen):
    """A generation.

    Attributes
    ----------
    schemas : dict of str to str
        The schema of each database, by its path.
    entries : tuple of Entry
        Databases, audit log and loose files; content that is shared lies in the vault once.
    stored : dict of str to tuple of (str, int)
        The files that each database names, by their folder: hash and length.
    missing : tuple of str
        Files that a database names and that were gone or damaged when the back-up was made.
    without_secrets : bool
        The secrets were left out and are kept elsewhere.
    secret : str or None
        The hash of the home's secret: one that is brought at restoring must be that one.
    """

    format: int = Field(default=1, ge=1, le=1)
    version: str
    at: Moment
    schemas: dict[str, str]
    entries: tuple[Entry, ...]
    stored: dict[Annotated[str, AfterValidator(_inside)], tuple[tuple[str, int], ...]]
    missing: tuple[str, ...] = ()
    without_secrets: bool = False
    secret: str | None = None
    audit: AuditMark | None = None

    @property
    def bytes(self) -> int:
        """How much room a restored home takes."""
        return sum(one.bytes for one in self.entries) + sum(size for kept in self.stored.values() for _, size in kept)

    @property
    def hashes(self) -> frozenset[str]:
        """Every content that is needed."""
        return frozenset(one.sha256 for one in self.entries) | {
            name for kept in self.stored.values() for name, _ in kept
        }


def save(manifest: Manifest, folder: Path) -> None:
    """Write it into the generation's `folder`."""
    write_whole(folder / _NAME, [manifest.model_dump_json(indent=1).encode()])
    sync_folder(folder)


def load(folder: Path) -> Manifest:
    """The manifest of the generation in `folder`.

    Raises
    ------
    BackupError
        There is none, it is damaged, or a newer version wrote it.
    """
    try:
        return Manifest.model_validate_json((folder / _NAME).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(reason="no_backup", name=folder.name) from None
    except ValidationError:
        raise BackupError(reason="manifest", name=folder.name) from None


def fingerprint(folder: Path) -> str:
    """The hash of the manifest, and through it of everything: what a person notes apart from the back-up.

    Raises
    ------
    BackupError
    """
    try:
        return hash_of(folder / _NAME)
    except FileNotFoundError:
        raise BackupError(reason="no_backup", name=folder.name) from None
