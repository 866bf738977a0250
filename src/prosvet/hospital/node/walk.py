"""A walk over an encoded data set: its ends are checked, a few values are taken, nothing is decoded.

A lying length shows here and not weeks later: every element is stepped over, to the last byte. The walk keeps a
list instead of calling itself, and counts its steps, so that no nesting and no number of empty items can harm it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection
from mmap import mmap

from prosvet.hospital.node.refusals import Refusal

__all__ = ["walk"]

_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_FIRST = 0x00080000  # below are command and file elements, which no data set holds
_SHORT = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
)  # with a length of two bytes (PS3.5, 7.1.2)
_VR = re.compile(rb"[A-Z]{2}")
_DEEPEST = 64
_STEPS = 500_000
_VALUE = 1024  # bytes; what we look for is far shorter


def walk(data: bytes | mmap, start: int, implicit: bool, little: bool, wanted: Collection[int]) -> dict[int, bytes]:
    """The values of the `wanted` tags at the top of the data set that begins at `start` and ends with `data`.

    Raises
    ------
    Refusal
        ``truncated`` where lengths and the end do not meet, ``not_understood`` for what is no data set.

    Examples
    --------
    >>> walk(b"\\x08\\x00\\x60\\x00CS\\x02\\x00DX", 0, False, True, {0x00080060})
    {524384: b'DX'}
    """
    found: dict[int, bytes] = {}
    inside: list[bool] = []  # for each open sequence or item: whether what holds it is implicit
    order = "<" if little else ">"
    two, four = struct.Struct(f"{order}HH"), struct.Struct(f"{order}I")
    at, end = start, len(data)
    for _ in range(_STEPS):
        if at == end:
            if inside:
                raise Refusal("truncated")
            return found
        if end - at < 8:
            raise Refusal("truncated")
        group, element = two.unpack_from(data, at)
        tag = group << 16 | element
        at, vr, length = _head(data, at + 4, implicit, tag, order, four)
        if tag in (_ITEM_END, _SEQUENCE_END):
            if not inside or length:
                raise Refusal("not_understood")
            implicit = inside.pop()
        elif tag < _FIRST or (tag == _ITEM and not inside):
            raise Refusal("not_understood")
        elif length == _UNDEFINED:
            if len(inside) == _DEEPEST:
                raise Refusal("not_understood")
            inside.append(implicit)
            implicit = implicit or vr == b"UN"  # PS3.5, 6.2.2: within such a one all is implicit
        else:
            if length > end - at:
                raise Refusal("truncated")
            if not inside and tag in wanted:
                if tag in found or length > _VALUE:
                    raise Refusal("not_understood")
                found[tag] = bytes(data[at : at + length])
            at += length
    raise Refusal("not_understood")


def _head(
    data: bytes | mmap, at: int, implicit: bool, tag: int, order: str, four: struct.Struct
) -> tuple[int, bytes, int]:
    """Where the value begins, the VR, and the length."""
    if implicit or tag >> 16 == 0xFFFE:
        return at + 4, b"", int(four.unpack_from(data, at)[0])
    vr = bytes(data[at : at + 2])
    if vr in _SHORT:
        return at + 4, vr, int(struct.unpack_from(f"{order}H", data, at + 2)[0])
    if not _VR.fullmatch(vr):
        raise Refusal("not_understood")
    if len(data) - at < 8:
        raise Refusal("truncated")
    return at + 8, vr, int(four.unpack_from(data, at + 4)[0])
