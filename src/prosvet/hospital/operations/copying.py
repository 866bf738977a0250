"""Copies that are whole and on the disk, or not there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from prosvet.archive.files import sync_folder, write_whole

__all__ = ["copied", "hash_of"]

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
    sync_folder(target.parent)
    return digest.hexdigest(), size
