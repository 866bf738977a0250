"""Index files on disk: derived, stamped with what they were built from, swapped in whole.

Each build lies in its own folder, named after its stamp, and gets that name only when complete: a reader sees a
whole index or none, and a build that was killed leaves only a ``.part`` folder, which the next one clears away.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from prosvet.core.errors import DiskFull
from prosvet.core.types import Frozen

__all__ = ["FORMAT", "Stamp", "current", "publish"]

log = logging.getLogger(__name__)

FORMAT = 1
"""Grows when the files change shape; an index of another format is built anew."""


class Stamp(Frozen):
    """What an index was built from.

    Attributes
    ----------
    backend : str
        ``faiss_flat``, ``faiss_ivf``, ``bm25``, ``facts``.
    model : str
        ``NAME@REVISION`` of the vectors; empty for words and facts.
    version, erasures : int
        Of the store (:class:`prosvet.archive.rows.Changes`) when it was read.
    format : int
    """

    backend: str
    model: str
    version: int
    erasures: int
    format: int = FORMAT

    def folder(self) -> str:
        """A folder name of its own."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


def current(root: Path) -> tuple[Path, Stamp] | None:
    """The newest complete index under `root` with its stamp, or ``None``; unreadable ones are passed over."""
    found = []
    for path in root.glob("*/stamp.json"):
        try:
            stamp = Stamp.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            log.warning("index files without a readable stamp are passed over: %s", path.parent.name)
            continue
        if stamp.format == FORMAT and not path.parent.name.endswith(".part"):
            found.append((stamp.version, path.parent, stamp))
    best = max(found, key=lambda item: (item[0], item[1].name), default=None)
    return None if best is None else (best[1], best[2])


def publish(root: Path, stamp: Stamp, save: Callable[[Path], None]) -> Path:
    """Let `save` fill a folder, name it after `stamp` when complete, and take the others away.

    A process that still reads an index taken away keeps its open files.

    Raises
    ------
    DiskFull
    """
    target = root / stamp.folder()
    try:
        root.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix="new-", suffix=".part", dir=root))
        save(part)
        (part / "stamp.json").write_text(json.dumps(stamp.model_dump()), encoding="utf-8")
        _to_disk(part)
        try:
            part.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            shutil.rmtree(part)  # another process built the same index first
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            _clear(root, keep=None)
            raise DiskFull(path=root.name) from error
        raise
    _clear(root, keep=target)
    return target


def _to_disk(folder: Path) -> None:
    for path in folder.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _clear(root: Path, keep: Path | None) -> None:
    """Take away other builds: all complete ones but `keep`, and parts that nobody has touched for an hour."""
    for path in root.iterdir():
        if path == keep or not path.is_dir():
            continue
        if path.suffix == ".part" and keep is not None and _age(path) < 3600:
            continue  # perhaps a build of another process, still under way
        if keep is not None or path.suffix == ".part":
            shutil.rmtree(path, ignore_errors=True)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
