"""Weights by folder: every file is one that the card lists, with its size and its hash."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from prosvet.core.errors import ModelHashMismatch, VlmError
from prosvet.models.card import WeightFile

__all__ = ["described", "digest", "verified_folder"]

_LEFT_OUT = {".md", ".png", ".jpg", ".jpeg", ".gif", ".gitattributes"}
_BLOCK = 1 << 22


def described(folder: Path) -> dict[str, WeightFile]:
    """Every file of a folder of weights with its size and hash; pictures, pages and hidden files are left out."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not _left_out(path, folder))
    return {
        str(path.relative_to(folder)): WeightFile(
            path=str(path.relative_to(folder)), sha256=digest(path), bytes=path.stat().st_size
        )
        for path in paths
        if path.stat().st_size
    }


def verified_folder(name: str, folder: Path, files: dict[str, WeightFile]) -> Path:
    """The folder, after every file in it was held against the card; one that is not listed is refused.

    Raises
    ------
    VlmError
        When the folder or a file is not there, or the card lists none.
    ModelHashMismatch
        When a file is not the one described, or not described at all.
    """
    if not folder.is_dir():
        raise VlmError(name=name, reason="no_weights", folder=str(folder))
    if not files:
        raise VlmError(name=name, reason="no_files")
    for entry in files.values():
        path = folder / entry.path
        if not path.is_file():
            raise VlmError(name=name, reason="no_weights", folder=str(path))
        found = digest(path)
        if found != entry.sha256:
            raise ModelHashMismatch(name=name, file=entry.path, expected=entry.sha256[:12], found=found[:12])
    listed = {entry.path for entry in files.values()}
    for path in folder.rglob("*"):
        own = str(path.relative_to(folder))
        if path.is_file() and path.stat().st_size and own not in listed and not _left_out(path, folder):
            raise ModelHashMismatch(name=name, file=own, expected="-", found=digest(path)[:12])
    return folder


def digest(path: Path) -> str:
    """The sha256 of a file, hashed once for as long as its time and size stay."""
    stat = path.stat()
    return _digest(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1024)
def _digest(path: Path, _size: int, _changed: int) -> str:
    made = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            made.update(block)
    return made.hexdigest()


def _left_out(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return hidden or path.suffix.lower() in _LEFT_OUT
