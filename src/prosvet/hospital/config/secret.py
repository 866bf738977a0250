"""Secrets stand in files of their own, which nobody but their owner reads."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from prosvet.core.errors import InvalidSettings

__all__ = ["read_secret"]

_SECRET_BYTES = 64 * 1024


def read_secret(path: Path) -> str:
    """The secret in the file `path`, without the white space around it.

    Raises
    ------
    InvalidSettings
        When it cannot be read, is empty, too long, or others than its owner may read it.
    """
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            secret = stream.read(_SECRET_BYTES + 1)
    except OSError as error:
        raise InvalidSettings(name=path.name, reason=error.strerror or "cannot be read") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InvalidSettings(name=path.name, reason="others may read this secret: chmod 600")
    if not secret.strip() or len(secret) > _SECRET_BYTES:
        raise InvalidSettings(name=path.name, reason="a secret of 1 to 65536 bytes is expected")
    try:
        return secret.decode().strip()
    except UnicodeDecodeError:
        raise InvalidSettings(name=path.name, reason="is not text") from None
