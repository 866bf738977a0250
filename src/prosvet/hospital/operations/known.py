"""The back-ups that a home knows of: whoever is erased here is told where they still are."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from prosvet.archive.files import sync_folder, write_whole
from prosvet.core.types import Frozen

__all__ = ["KnownBackup", "known_backups", "remember"]

_FILE = "backups.json"


class KnownBackup(Frozen):
    """Generations in one folder, the newest last."""

    folder: str
    generations: tuple[str, ...]


class _Known(Frozen):
    backups: tuple[KnownBackup, ...] = ()


def known_backups(home: Path) -> tuple[KnownBackup, ...]:
    """Those made of `home`, as far as it knows."""
    try:
        return _Known.model_validate_json((home / _FILE).read_bytes()).backups
    except (FileNotFoundError, ValidationError):
        return ()


def remember(home: Path, folder: Path, generation: str, there: list[str]) -> None:
    """`generation` was made in `folder`, where `there` are now."""
    name = str(folder.resolve())
    others = [one for one in known_backups(home) if one.folder != name]
    known = _Known(backups=(*others, KnownBackup(folder=name, generations=tuple(there or [generation]))))
    write_whole(home / _FILE, [known.model_dump_json().encode()])
    sync_folder(home)
