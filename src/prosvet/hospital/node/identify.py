"""Whose object it is: the few identifiers that the ledger needs, read from the encoded data set."""

from __future__ import annotations

import mmap
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.uid import UID

from prosvet.hospital.node.refusals import Refusal
from prosvet.hospital.node.walk import walk

__all__ = ["INFLATED", "Identity", "identify", "valid_uid"]

INFLATED = 64 * 1024 * 1024
"""Bytes to which a deflated data set may inflate."""

_DEFLATED = "1.2.840.10008.1.2.1.99"
# Components with a leading zero break the rule, and devices that write them are in use: their films are taken.
_UID = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_CHUNK = 1024 * 1024

_CHARSET, _CLASS, _INSTANCE, _MODALITY = 0x00080005, 0x00080016, 0x00080018, 0x00080060
_PATIENT, _ISSUER, _BODY_PART, _STUDY, _SERIES = 0x00100020, 0x00100021, 0x00180015, 0x0020000D, 0x0020000E
_WANTED = frozenset((_CHARSET, _CLASS, _INSTANCE, _MODALITY, _PATIENT, _ISSUER, _BODY_PART, _STUDY, _SERIES))


@dataclass(frozen=True, slots=True)
class Identity:
    """What an object says it is.

    Attributes
    ----------
    patient : str
        Issuer and number as the archive joins them (:func:`prosvet.archive.deidentify.patient_key`): identity, to be
        hashed and never kept.
    modality, body_part : str
        As written, upper case; empty where not told.
    """

    sop_class: str
    sop_uid: str
    study_uid: str
    series_uid: str
    modality: str
    body_part: str
    patient: str


def valid_uid(value: str) -> bool:
    """Whether `value` is a UID: digits and dots, at most 64 characters.

    Examples
    --------
    >>> valid_uid("1.2.840.10008.1.1"), valid_uid("1.2/../../etc"), valid_uid("1..2")
    (True, False, False)
    """
    return len(value) <= 64 and _UID.fullmatch(value) is not None


def identify(path: Path, start: int, transfer_syntax: str) -> Identity:
    """The identifiers of the data set that begins at byte `start` of the file `path`.

    Raises
    ------
    Refusal
        Truncated, not understood, a UID that is missing or is none, inflating beyond :data:`INFLATED`.
    """
    syntax = UID(transfer_syntax)
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        if size == start:
            raise Refusal("truncated")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if transfer_syntax == _DEFLATED:
                values = walk(_inflated(data, start), 0, False, True, _WANTED)
            else:
                values = walk(data, start, syntax.is_implicit_VR, syntax.is_little_endian, _WANTED)
    return _identity(values)


def _inflated(data: mmap.mmap, start: int) -> bytes:
    inflater, parts, size = zlib.decompressobj(-zlib.MAX_WBITS), [], 0
    try:
        for at in range(start, len(data), _CHUNK):
            part = inflater.decompress(data[at : at + _CHUNK], INFLATED + 1 - size)
            parts.append(part)
            size += len(part)
            if size > INFLATED or inflater.unconsumed_tail:
                raise Refusal("inflated")
    except zlib.error:
        raise Refusal("not_understood") from None
    if not inflater.eof:
        raise Refusal("truncated")
    return b"".join(parts)


def _identity(values: dict[int, bytes]) -> Identity:
    sop_class, sop_uid, study_uid, series_uid = (
        _uid(values.get(tag, b"")) for tag in (_CLASS, _INSTANCE, _STUDY, _SERIES)
    )
    number, issuer = (_words(values.get(tag, b""), values.get(_CHARSET, b"")) for tag in (_PATIENT, _ISSUER))
    return Identity(
        sop_class,
        sop_uid,
        study_uid,
        series_uid,
        _code(values.get(_MODALITY, b"")),
        _code(values.get(_BODY_PART, b"")),
        f"{issuer}|{number}" if number else f"study:{study_uid}",
    )


def _uid(value: bytes) -> str:
    words = value.rstrip(b"\0 ")
    if not words:
        raise Refusal("missing_uid")
    uid = words.decode("ascii", "replace")
    if not valid_uid(uid):
        raise Refusal("invalid_uid")
    return uid


def _code(value: bytes) -> str:
    """A CS value, upper case; what is none (PS3.5: 16 of letters, digits, space, underscore) counts as not told."""
    word = value.rstrip(b"\0").strip().upper().decode("ascii", "replace")
    return word if re.fullmatch(r"[A-Z0-9_ ]{1,16}", word) else ""


def _words(value: bytes, charset: bytes) -> str:
    """A text value, decoded as the archive will decode it."""
    names = [name.strip() for name in charset.rstrip(b"\0").decode("ascii", "replace").split("\\")]
    return decode_bytes(value, convert_encodings(names or [""]), set()).rstrip("\0").strip()
