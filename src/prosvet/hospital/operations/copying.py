"""Copies that are whole and on the disk, or not there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from prosvet.archive.files import room_for

__all__ = ["copied", "hash_of", "sync_folder", "write_whole"]

_CHUNK = 1024 * 1024


def hash_of(path: Path, length: int | None = None) -> str:
    """The sha256 of the file, or of its first `length` bytes."""
    digest, left = hashlib.sha256(), length
    with path.open("rb") as stream:
        while part := stream.read(_CHUNK if left is None else min(_CHUNK, left)):
            digest.update(part)
            left = None if left is None else left - len(part)
    return digest.hexdigest()


def copied(source: Path, target: Path, *, mode: int = 0o600) -> tuple[str, int]:
    """Copy a file, durable on return; gives the sha256 and the length of what was written.

    Raises
    ------
    DiskFull
        Nothing is left behind.
    """
    digest, size = hashlib.sha256(), 0

    def parts() -> Iterable[bytes]:
        nonlocal size
        with source.open("rb") as stream:
            while part := stream.read(_CHUNK):
                digest.update(part)
                size += len(part)
                yield part

    write_whole(target, parts(), mode=mode)
    return digest.hexdigest(), size


def write_whole(target: Path, parts: Iterable[bytes], *, mode: int = 0o600) -> None:
    """Write `parts` to `target`, whole and durable on return.

    Raises
    ------
    DiskFull
    """
    with room_for(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as stream:
                for part in parts:
                    stream.write(part)
                stream.flush()
                os.fchmod(stream.fileno(), mode)
                os.fsync(stream.fileno())
            os.replace(temporary, target)
        except BaseException:  # whatever stopped us, a kill aside, no half file stays
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Let the names in `folder` be on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
