"""Files that travel between hospitals: arrays and a JSON header in one `.npz`, signed, with no pickle anywhere.

The header's signature is an HMAC-SHA256 under a key that the site and the coordinator share, and covers the hash of
the arrays: a hash alone would be made anew by whoever changed the file. A key is 32 random bytes, handed over by
other means than the files.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from prosvet.archive.files import write_whole
from prosvet.core.errors import FederationError, NotFound

__all__ = ["Packet", "digest", "read_packet", "write_packet"]

_HEADER = "header"
_LARGEST = 2_000_000_000
_KINDS = "fiub"  # numbers and yes-or-no, nothing else


@dataclass(frozen=True)
class Packet:
    """A file that was read: its header, its arrays, and the SHA-256 of its bytes."""

    header: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    sha256: str


def digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 over names, kinds, shapes and bytes of arrays, in the order of their names."""
    made = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        made.update(f"{name}|{array.dtype.str}|{array.shape}|".encode())
        made.update(array.tobytes())
    return made.hexdigest()


def write_packet(
    path: Path, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], keys: Mapping[str, bytes]
) -> str:
    """Write a packet that each holder of one of `keys` can check; returns the SHA-256 of the file."""
    content = {**header, "arrays_sha256": digest(arrays)}
    content["signatures"] = {who: _sign(content, key) for who, key in sorted(keys.items())}
    stream = io.BytesIO()
    words = np.frombuffer(json.dumps(content, ensure_ascii=False, sort_keys=True).encode(), dtype=np.uint8)
    np.savez(stream, allow_pickle=False, **{_HEADER: words, **{f"a.{name}": array for name, array in arrays.items()}})
    write_whole(path, [stream.getvalue()], mode=0o644)  # it is carried to others
    return hashlib.sha256(stream.getvalue()).hexdigest()


def read_packet(path: Path, kind: str, *, who: str = "", key: bytes | None = None) -> Packet:
    """Read a packet and check it.

    Parameters
    ----------
    kind : str
        ``round``, ``update`` or ``films``.
    who, key
        Whose signature is to be there and its key; None checks hashes alone.

    Raises
    ------
    NotFound
    FederationError
        ``not_a_packet``, ``other_kind``, ``tampered``.
    """
    if not path.is_file():
        raise NotFound(kind="file", name=path.name)
    if path.stat().st_size > _LARGEST:
        raise FederationError(reason="not_a_packet", name=path.name)
    content = path.read_bytes()
    header, arrays = _opened(content, path.name)
    if header.get("kind") != kind:
        raise FederationError(reason="other_kind", name=path.name, found=str(header.get("kind", "")), wanted=kind)
    signatures = header.pop("signatures", {})
    if header.get("arrays_sha256") != digest(arrays):
        raise FederationError(reason="tampered", name=path.name)
    if key is not None and not hmac.compare_digest(str(dict(signatures).get(who, "")), _sign(header, key)):
        raise FederationError(reason="tampered", name=path.name)
    return Packet(header, arrays, hashlib.sha256(content).hexdigest())


def _sign(header: Mapping[str, Any], key: bytes) -> str:
    plain = {name: value for name, value in header.items() if name != "signatures"}
    words = json.dumps(plain, ensure_ascii=False, sort_keys=True).encode()
    return hmac.new(key, words, hashlib.sha256).hexdigest()


def _opened(content: bytes, name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            header = json.loads(kept[_HEADER].astype(np.uint8).tobytes())
            arrays = {part[2:]: kept[part] for part in kept.files if part.startswith("a.")}
    except (ValueError, KeyError, TypeError, EOFError, OSError, BadZipFile):
        raise FederationError(reason="not_a_packet", name=name) from None
    if not isinstance(header, dict) or any(array.dtype.kind not in _KINDS for array in arrays.values()):
        raise FederationError(reason="not_a_packet", name=name)
    if any(array.dtype.kind == "f" and not np.isfinite(array).all() for array in arrays.values()):
        raise FederationError(reason="not_finite", name=name)
    return header, arrays
