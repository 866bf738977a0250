"""Files by their content: ``files/ab/cdef...`` under the archive's home, written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from prosvet.core.context import Context
from prosvet.core.errors import ArchiveError, DiskFull, NotFound

__all__ = ["FileStore", "room_for", "sha256", "sync_folder", "write_whole"]

_FULL = {errno.ENOSPC, errno.EDQUOT}


def sha256(data: bytes) -> str:
    """The name of `data`: 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


class FileStore:
    """A folder of immutable files named by the sha256 of what they hold.

    A file is on the disk when :meth:`add` returns; with ``durable`` its name is, too, so that it outlives a power cut
    and not only a kill.

    Examples
    --------
    >>> store = FileStore(Path(tempfile.mkdtemp()))
    >>> name = store.add(b"film")
    >>> store.read(name)
    b'film'
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder, self._durable = folder, durable

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The files of the context's archive."""
        return cls(context.settings.home / "files")

    def path(self, name: str) -> Path:
        """Where the file `name` lies, or would lie."""
        return self.folder / name[:2] / name[2:]

    def add(self, data: bytes) -> str:
        """Keep `data`, durable on return; content that is already there is not written again.

        Raises
        ------
        DiskFull
            When there is no room; nothing is left behind.
        """
        name = sha256(data)
        path = self.path(name)
        if path.exists() and path.stat().st_size == len(data):
            return name
        fresh = not path.parent.is_dir()
        write_whole(path, [data])
        if self._durable:
            sync_folder(path.parent)
            if fresh:  # the name of the folder has to be on the disk too
                sync_folder(self.folder)
        return name

    def read(self, name: str) -> bytes:
        """The bytes of the file `name`, checked against it.

        Raises
        ------
        NotFound
            When it is not there.
        ArchiveError
            When what lies there is not what was kept.
        """
        try:
            data = self.path(name).read_bytes()
        except FileNotFoundError:
            raise NotFound(kind="file", name=name) from None
        if sha256(data) != name:
            raise ArchiveError(reason=f"the stored file {name[:12]} is damaged")
        return data

    def remove(self, names: Iterable[str]) -> None:
        """Take files away; a name that is not there is passed over."""
        for name in names:
            self.path(name).unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """The names of all files, in order."""
        for path in sorted(self.folder.glob("??/*")):
            if not path.name.startswith("."):
                yield path.parent.name + path.name


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Turn the system's "no space left" into :class:`DiskFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(path=str(path.parent)) from error
        raise


def write_whole(path: Path, parts: Iterable[bytes], *, mode: int = 0o600) -> None:
    """Write `parts` to `path`, whole or not at all: what they hold is on the disk when the file has its name.

    Raises
    ------
    DiskFull
        When there is no room; what stood at `path` before is still there.
    """
    with room_for(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as stream:
                for part in parts:
                    stream.write(part)
                stream.flush()
                os.fchmod(stream.fileno(), mode)
                os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:  # a kill aside, no half file stays, whatever stopped us
            Path(temporary).unlink(missing_ok=True)
            raise


def sync_folder(folder: Path) -> None:
    """Let the names in `folder` be on the disk, so that they outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
