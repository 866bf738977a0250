"""Files to be screened are taken into the archive first: a release hangs on a study that is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import select

from prosvet.archive.api import FailedRow, IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.core.context import Context

__all__ = ["take_in"]

_BLOCK = 1 << 20
_PART = 1000


def take_in(paths: Sequence[Path], context: Context) -> tuple[list[str], tuple[FailedRow, ...]]:
    """Ids of the studies of the films at `paths`, sorted, and the files that were refused.

    Raises
    ------
    NotFound
        When a path is not there; nothing was changed.
    ImageError, ArchiveError
        When there is one file, and it is refused.
    """
    done = ingest(IngestRequest(paths=tuple(paths)), context)
    hashes = sorted({_sha256(path) for path in _files(paths)})
    found: set[str] = set()
    with context.get(Store).read() as db:
        for start in range(0, len(hashes), _PART):
            part = Image.source_sha256.in_(hashes[start : start + _PART])
            found |= set(db.execute(select(Image.study_id).where(part)).scalars())
    return sorted(found), done.rows


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        yield from (below for below in sorted(path.rglob("*")) if below.is_file()) if path.is_dir() else (path,)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
