"""Objects on their way in: written to a file as their pieces arrive, so that memory does not grow with them.

The file is the object as PS3.10 wants it, from its first byte on: preamble, meta header, and the data set exactly as
it was sent. It lies in ``HOME/hospital/spool`` until it is settled among the kept ones or thrown away.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID

from prosvet.hospital.node.identify import valid_uid
from prosvet.hospital.node.refusals import Refusal, of_failure
from prosvet.imaging.naming import written_by_us

__all__ = ["Head", "Spool", "SpoolFolder", "Spooled", "meta_header"]

_SMALL = 1024 * 1024  # bytes: a message that is no object to store stays in memory, and within this
_BUFFER = 256 * 1024


@dataclass(frozen=True, slots=True)
class Head:
    """What the command says of the object that follows."""

    sop_class: str
    sop_uid: str
    transfer_syntax: str
    sender: str


@dataclass(frozen=True, slots=True)
class Spooled:
    """An object that has come whole and is on the disk: its file, the file's hash and length, where the data begin."""

    path: Path
    sha256: str
    size: int
    start: int


def meta_header(head: Head) -> bytes:
    """Preamble and meta header of a file with the object of `head`."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = UID(head.sop_class)
    meta.MediaStorageSOPInstanceUID = UID(head.sop_uid)
    meta.TransferSyntaxUID = UID(head.transfer_syntax)
    written_by_us(meta)
    meta.SourceApplicationEntityTitle = head.sender
    stream = DicomBytesIO()
    stream.write(b"\0" * 128 + b"DICM")
    write_file_meta_info(stream, meta)
    return stream.getvalue()


class SpoolFolder:
    """The folder of arriving objects, and how much may arrive at once."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self._limit, self._used, self._lock = folder, limit, 0, Lock()
        folder.mkdir(parents=True, exist_ok=True)
        os.chmod(folder, 0o700)

    @property
    def used(self) -> int:
        """Bytes of objects that are arriving now."""
        return self._used

    def clean(self) -> None:
        """Throw away what an earlier process left: it was never acknowledged."""
        for path in self.folder.iterdir():
            path.unlink()

    def claim(self, size: int) -> bool:
        """Take room for `size` bytes more; False where there is none."""
        with self._lock:
            if self._used + size > self._limit:
                return False
            self._used += size
            return True

    def release(self, size: int) -> None:
        """Give it back."""
        with self._lock:
            self._used -= size


class Spool(BytesIO):
    """Where the library writes the pieces of a data set; it takes this for its buffer in memory.

    A failure to write does not end the association: the rest is drained, and the object is refused at its end.
    """

    def __init__(self, folder: SpoolFolder, head: Callable[[], Head | None], limit: int) -> None:
        super().__init__()
        self._folder, self._head, self._limit = folder, head, limit
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._claimed = self._size = self._start = 0
        self._asked = False
        self.path: Path | None = None
        self.failure: Refusal | None = None
        self.overflow = False

    def write(self, data: bytes) -> int:  # type: ignore[override]  # the library gives nothing but bytes
        """Take one piece."""
        if not self._asked:
            self._begin()
        self._size += len(data)
        if self._file is None and self.failure is None:
            self.overflow = self.overflow or self._size > _SMALL
            return 0 if self.overflow else super().write(data)
        self.overflow = self.overflow or self._size > self._limit
        if self._file is not None and self.failure is None and not self.overflow:
            self._put(self._file, data)
        return len(data)

    def _begin(self) -> None:
        self._asked = True
        head = self._head()
        if head is None:
            return
        if not (valid_uid(head.sop_class) and valid_uid(head.sop_uid)):
            self.failure = Refusal("invalid_uid")
            return
        try:
            handle, name = tempfile.mkstemp(dir=self._folder.folder, prefix="in-")
        except OSError as error:
            self.failure = of_failure(error)
            return
        self.path, self._file = Path(name), os.fdopen(handle, "wb", _BUFFER)
        header = meta_header(head)
        self._start = len(header)
        self._put(self._file, header)

    def _put(self, file: BinaryIO, data: bytes) -> None:
        if not self._folder.claim(len(data)):
            self.failure = Refusal("spool_full")
            return
        self._claimed += len(data)
        try:
            file.write(data)
        except OSError as error:
            self.failure = of_failure(error)
            return
        self._hash.update(data)

    def finish(self) -> Spooled:
        """The object, on the disk.

        Raises
        ------
        Refusal
            When it could not be written.
        """
        if self.failure is not None:
            raise self.failure
        if self._file is None or self.path is None:
            raise Refusal("truncated")
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise of_failure(error) from error
        return Spooled(self.path, self._hash.hexdigest(), self._claimed, self._start)

    def discard(self) -> None:
        """Throw the file away, unless it was settled; may be called twice."""
        if self._file is not None:
            with suppress(OSError):  # what could not be written on closing is thrown away anyway
                self._file.close()
            self._file = None
        if self.path is not None:
            self.path.unlink(missing_ok=True)
            self.path = None
        self._folder.release(self._claimed)
        self._claimed = 0
