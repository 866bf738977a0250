"""The header of a safetensors file: names, shapes and places of its tensors, without reading one of them.

The format: eight bytes with the header's length, the header as JSON, then the bytes of the tensors back to back
(https://github.com/huggingface/safetensors#format).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prosvet.core.errors import SynthesisError

__all__ = ["Header", "read_header"]

_LONGEST = 64 << 20  # bytes of a header
_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1,
    "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")  # protocols 2 to 5; torch's zip


@dataclass(frozen=True)
class Header:
    """Shapes and kinds of tensors by name, and what the file says of itself."""

    shapes: dict[str, tuple[int, ...]]
    kinds: dict[str, str]
    said: dict[str, str]


def read_header(path: Path) -> Header:
    """The header of `path`, after its tensors were found to fill the file to its last byte.

    Raises
    ------
    SynthesisError
        When the file is not there, is a pickle, is no safetensors file or is cut short.
    """
    if not path.is_file():
        raise SynthesisError(reason="adapter_not_found", file=path.name)
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(8)
        if start.startswith(_PICKLES):
            raise SynthesisError(reason="adapter_pickle", file=path.name)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or not 2 <= length <= _LONGEST:
            raise SynthesisError(reason="adapter_not_safetensors", file=path.name)
        if length > size - 8:
            reason = "adapter_truncated" if stream.read(1) == b"{" else "adapter_not_safetensors"
            raise SynthesisError(reason=reason, file=path.name)
        raw = stream.read(length)
    return _checked(_parsed(raw, path), size - 8 - length, path)


def _parsed(raw: bytes, path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise SynthesisError(reason="adapter_not_safetensors", file=path.name) from None
    if not isinstance(content, dict):
        raise SynthesisError(reason="adapter_not_safetensors", file=path.name)
    return content


def _checked(content: Mapping[str, Any], held: int, path: Path) -> Header:
    shapes, kinds, spans = {}, {}, []
    said = content.get("__metadata__") or {}
    try:
        for name, entry in content.items():
            if name == "__metadata__":
                continue
            shape, kind = tuple(int(n) for n in entry["shape"]), str(entry["dtype"])
            begin, end = (int(n) for n in entry["data_offsets"])
            if min(shape, default=0) < 0 or end - begin != math.prod(shape) * _BYTES[kind]:
                raise ValueError(name)
            shapes[name], kinds[name] = shape, kind
            spans.append((begin, end))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise SynthesisError(reason="adapter_not_safetensors", file=path.name) from None
    last = 0
    for begin, end in sorted(spans):
        if begin != last:
            raise SynthesisError(reason="adapter_not_safetensors", file=path.name)
        last = end
    if last > held:
        raise SynthesisError(reason="adapter_truncated", file=path.name)
    if last < held:
        raise SynthesisError(reason="adapter_not_safetensors", file=path.name)
    words = {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}
    return Header(shapes, kinds, words)
