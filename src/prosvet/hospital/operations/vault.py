"""The folder of back-ups: contents by their hash, kept once, and one folder a generation.

::

    OUT/content/ab/cdef...            what the files hold
    OUT/20261122T155000Z/manifest.json    one generation; with it, or apart, its secrets
    OUT/20261122T155000Z/secret/...

A generation is there when its folder has its name, which it gets last: a back-up that was killed leaves the earlier
ones whole.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from prosvet.archive.database import file_lock
from prosvet.archive.files import FileStore, room_for, sync_folder
from prosvet.core.errors import BackupError
from prosvet.hospital.operations.copying import copied
from prosvet.hospital.operations.manifest import load

__all__ = ["SECRET_FOLDER", "Vault"]

SECRET_FOLDER = "secret"

_GENERATION = re.compile(r"\d{8}T\d{6}Z(?:-\d+)?")
_UNFINISHED = ".unfinished"
_MARK = "PROSVET-BACKUP"


class Vault:
    """Back-ups of one home in the folder `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.contents = FileStore(path / "content", durable=True)

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """The folder of a generation to be, with nobody else writing here.

        Raises
        ------
        AlreadyRunning
        BackupError
            The folder holds something that is no back-up of ours.
        """
        with room_for(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            if not (self.path / _MARK).exists():
                if any(self.path.iterdir()):
                    raise BackupError(reason="not_ours", name=self.path.name)
                os.chmod(self.path, 0o700)
                (self.path / _MARK).write_text("1\n", encoding="utf-8")
        with file_lock(self.path / "backup.lock", wait=False):
            fresh = self.path / _UNFINISHED
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o700)
            try:
                yield fresh
            finally:
                shutil.rmtree(fresh, ignore_errors=True)

    def finish(self, fresh: Path) -> str:
        """Give the generation its name, which is returned; after that it is there."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        name, number = stamp, 1
        while (self.path / name).exists():
            number += 1
            name = f"{stamp}-{number}"
        sync_folder(fresh)
        os.rename(fresh, self.path / name)
        sync_folder(self.path)
        return name

    def generations(self) -> list[str]:
        """Names, the newest last."""
        if not (self.path / _MARK).exists():
            return []
        names = [one.name for one in self.path.iterdir() if one.is_dir() and _GENERATION.fullmatch(one.name)]
        return sorted(names, key=lambda name: (name.partition("-")[0], int(name.partition("-")[2] or 1)))

    def folder(self, name: str | None) -> Path:
        """The folder of the generation `name`, or of the newest.

        Raises
        ------
        BackupError
        """
        there = self.generations()
        if not there or (name is not None and name not in there):
            raise BackupError(reason="no_backup", name=name or self.path.name)
        return self.path / (name or there[-1])

    def put(self, source: Path, name: str | None = None) -> tuple[str, int] | None:
        """Keep the content of the file `source`; gives its hash and length.

        With `name`, the hash it must have: content that is here already is not read again, and None says that the
        file is gone or is not what its name says.
        """
        if name is not None and self.contents.path(name).exists():
            return name, self.contents.path(name).stat().st_size
        passing = self.path / _UNFINISHED / "passing"
        try:
            found, size = copied(source, passing)
        except FileNotFoundError:
            return None
        if name is not None and found != name:
            passing.unlink()
            return None
        target = self.contents.path(found)
        with room_for(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(passing, target)
            sync_folder(target.parent)
        return found, size

    def prune(self, keep: int) -> int:
        """Forget all but the newest `keep` generations and what only they needed; returns how many went."""
        names = self.generations()
        gone = names[:-keep]
        for name in gone:
            # First out of sight, then away: a half removed generation must not be taken for one.
            doomed = self.path / f".gone-{name}"
            os.rename(self.path / name, doomed)
        for doomed in self.path.glob(".gone-*"):
            shutil.rmtree(doomed)
        needed = {name for one in self.generations() for name in load(self.path / one).hashes}
        self.contents.remove(name for name in list(self.contents.names()) if name not in needed)
        return len(gone)
