"""Pictures that were made here and kept: a folder each under the home, with what they were made with."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import Literal, Self

from pydantic import ValidationError

from prosvet.archive.files import room_for, write_whole
from prosvet.core.actor import Actor
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest, NotFound
from prosvet.core.types import Frozen
from prosvet.imaging.provenance import Provenance

__all__ = ["NAME", "Entry", "Gallery", "forget_studies", "new_name"]

FOLDER = "synthetic"
NAME = r"^[0-9a-f]{16}$"
_RECORD, _PREVIEW, _START = "record.json", "preview.png", "start"
_DAY = 86400.0  # seconds


def new_name() -> str:
    """A name that nothing here has."""
    return secrets.token_hex(8)


class Entry(Frozen):
    """One kept picture or pair. ``study`` is the one it was begun from: it goes when that is erased."""

    name: str
    kind: Literal["image", "pair"]
    owner: str
    made: Provenance
    study: str | None = None
    answer: dict[str, object]


class Gallery:
    """The folder ``synthetic`` of an archive's home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """Of the context's archive."""
        return cls(context.settings.home / FOLDER)

    def path(self, name: str, file: str) -> Path:
        """Where a file of the picture `name` lies, or would lie.

        Raises
        ------
        InvalidRequest
            When that is no name that we give.
        """
        if re.fullmatch(NAME, name) is None:
            raise InvalidRequest(name="name", reason=NAME)
        return self._folder / name / file

    def write(self, name: str, file: str, data: bytes) -> None:
        """Keep one file, whole or not at all.

        Raises
        ------
        DiskFull
        """
        path = self.path(name, file)
        with room_for(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, [data])

    def keep(self, entry: Entry) -> None:
        """Close the picture: from now on it is listed, and its preview and the film it began from are gone."""
        self.write(entry.name, _RECORD, entry.model_dump_json().encode())
        for passing in (_PREVIEW, _START):
            self.path(entry.name, passing).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what was begun more than a day ago and never finished: a film may lie with it."""
        for folder in self._folder.glob("*"):
            if not (folder / _RECORD).exists() and time.time() - folder.stat().st_mtime > _DAY:
                shutil.rmtree(folder, ignore_errors=True)

    def entries(self, actor: Actor) -> list[Entry]:
        """What `actor` made, and for seniors what everybody made, the latest first."""
        found = [_read(path) for path in self._folder.glob(f"*/{_RECORD}")]
        mine = [one for one in found if one is not None and _for(one, actor)]
        return sorted(mine, key=lambda one: (one.made.date, one.name), reverse=True)

    def entry(self, name: str, actor: Actor) -> Entry:
        """The picture `name`.

        Raises
        ------
        NotFound
            When it is not there, or somebody else's.
        """
        found = _read(self.path(name, _RECORD))
        if found is None or not _for(found, actor):
            raise NotFound(kind="picture", name=name)
        return found

    def read(self, name: str, file: str) -> bytes:
        """The bytes of one file; whose they are is asked of :meth:`entry` before.

        Raises
        ------
        NotFound
        """
        try:
            return self.path(name, file).read_bytes()
        except FileNotFoundError:
            raise NotFound(kind="picture", name=name) from None

    def remove(self, name: str) -> None:
        """Delete a picture with everything that was kept of it."""
        shutil.rmtree(self.path(name, _RECORD).parent, ignore_errors=True)


def _for(entry: Entry, actor: Actor) -> bool:
    return entry.owner == actor.name or actor.may("senior")


def _read(path: Path) -> Entry | None:
    """None for what is under way, was broken off, or was written by another version."""
    try:
        return Entry.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def forget_studies(home: Path, studies: Collection[str], audit: AuditLog) -> None:
    """Delete what was made from films of `studies`, before they are erased."""
    for path in sorted((home / FOLDER).glob(f"*/{_RECORD}")):
        entry = _read(path)
        if entry is not None and entry.study in studies:
            shutil.rmtree(path.parent)
            audit.write("synthetic forgotten", study=str(entry.study), picture=entry.name)
