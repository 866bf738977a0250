"""PDUs by hand, for what a well-behaved library would not send."""

from __future__ import annotations

import struct

from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

__all__ = ["pdv", "store_request"]


def pdv(control: int, data: bytes) -> bytes:
    """A P-DATA-TF with one value on context 1; `control` as in PS3.8, annex E.2."""
    body = struct.pack(">I", len(data) + 2) + bytes([1, control]) + data
    return b"\4\0" + struct.pack(">I", len(body)) + body


def store_request(film: Dataset, uid: bytes | None = None) -> bytes:
    """A C-STORE-RQ for `film`, naming `uid` in place of its own where that is given."""
    command = Dataset()
    command.AffectedSOPClassUID = film.SOPClassUID
    command.CommandField, command.MessageID, command.Priority, command.CommandDataSetType = 1, 1, 0, 1
    command.AffectedSOPInstanceUID = film.SOPInstanceUID
    data = encode(command, True, True) or b""
    if uid is not None:
        here = film.SOPInstanceUID.encode()
        even = here + b"\0" * (len(here) % 2)
        data = data.replace(even, uid.ljust(len(even), b"\0"))
    return pdv(3, struct.pack("<HHII", 0, 0, 4, len(data)) + data)
