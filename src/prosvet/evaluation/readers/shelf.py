"""The reader studies of an archive: ``HOME/reader-studies/NAME.study``, their keys apart, and who sits where.

The key is not beside the study but in a folder of its own, and nobody is shown the systems' names before every
judgement is given. Which account reads under which pseudonym stands in a roster beside the key, never in the study:
that file may travel.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from threading import Lock
from typing import Self

from sqlalchemy import func, insert, select

from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest, NotFound, ReaderStudyError
from prosvet.core.types import Frozen
from prosvet.evaluation.readers.file import StudyFile
from prosvet.evaluation.readers.schema import Answer, Case, Info, Reader, Task

__all__ = ["ReaderProgress", "Shelf", "StudyEntry"]

_NAME = re.compile(r"[\w-]{1,60}")


class ReaderProgress(Frozen):
    """How far one reader is."""

    reader: str
    answered: int
    asked: int


class StudyEntry(Frozen):
    """A study on the shelf. ``finished``: every judgement that was asked for is given."""

    name: str
    title: str
    mode: str
    lang: str
    created: str
    owner: str
    cases: int
    readers: tuple[ReaderProgress, ...]

    @property
    def answered(self) -> int:
        """Judgements given."""
        return sum(one.answered for one in self.readers)

    @property
    def asked(self) -> int:
        """Judgements asked for."""
        return sum(one.asked for one in self.readers)

    @property
    def finished(self) -> bool:
        """Whether the names may be told."""
        return 0 < self.asked == self.answered


class Shelf:
    """The folder of an archive's reader studies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The shelf of the context's archive."""
        return cls(context.settings.home / "reader-studies")

    def path(self, name: str) -> Path:
        """Where the study `name` lies, or would lie.

        Raises
        ------
        InvalidRequest
            Unless the name is letters, digits, hyphens and underscores, at most 60.
        """
        if not _NAME.fullmatch(name):
            raise InvalidRequest(name="name", reason="reader_study_name")
        return self.folder / f"{name}.study"

    def key(self, name: str) -> Path:
        """Where the key of `name` lies: not beside the study."""
        return self.folder / "keys" / f"{self.path(name).stem}.key.json"

    def existing(self, name: str) -> Path:
        """The file of a study that is there.

        Raises
        ------
        NotFound
        """
        if not _NAME.fullmatch(name) or not self.path(name).is_file():
            raise NotFound(kind="reader_study", name=name)
        return self.path(name)

    def entries(self) -> list[StudyEntry]:
        """Every study, the newest first."""
        found = [self.entry(path.stem) for path in self.folder.glob("*.study") if _NAME.fullmatch(path.stem)]
        return sorted(found, key=lambda entry: entry.created, reverse=True)

    def entry(self, name: str) -> StudyEntry:
        """One study with its progress.

        Raises
        ------
        NotFound, ReaderStudyError
        """
        with StudyFile(self.existing(name)) as study:
            info = study.info()
            with study.read() as db:
                cases = db.execute(select(func.count()).select_from(Case)).scalar_one()
                done = select(Answer.task_id).distinct()
                asked = _counts(db.execute(select(Task.reader, func.count()).group_by(Task.reader)).all())
                query = select(Task.reader, func.count()).where(Task.id.in_(done)).group_by(Task.reader)
                answered = _counts(db.execute(query).all())
                names = db.execute(select(Reader.pseudonym).order_by(Reader.pseudonym)).scalars().all()
        readers = tuple(ReaderProgress(reader=r, answered=answered.get(r, 0), asked=asked.get(r, 0)) for r in names)
        return StudyEntry(
            name=name, title=info["title"] or name, mode=info["mode"], lang=info["lang"], created=info["created"],
            owner=info.get("owner", ""), cases=cases, readers=readers,
        )  # fmt: skip

    def own(self, name: str, actor: Actor) -> None:
        """Note whose study it is."""
        with StudyFile(self.existing(name)) as study, study.write() as db:
            db.execute(insert(Info), {"key": "owner", "value": actor.name})

    def may_lead(self, entry: StudyEntry, actor: Actor) -> bool:
        """Whether `actor` sees progress and figures: the owner and seniors."""
        return entry.owner == actor.name or actor.may("senior")

    def key_if_told(self, entry: StudyEntry) -> Path | None:
        """The key, once every judgement is given; before that nobody's."""
        return self.key(entry.name) if entry.finished and self.key(entry.name).is_file() else None

    # -- seats --------------------------------------------------------------------------------------------------------

    def seat(self, name: str, actor: Actor) -> str | None:
        """The pseudonym under which `actor` reads; None before a seat was taken."""
        return self._roster(name).get(actor.name)

    def take_seat(self, name: str, actor: Actor) -> str:
        """The actor's pseudonym: the one already taken, or the first that is free.

        Raises
        ------
        Forbidden
            For the study's owner, who chose the systems, and for researchers.
        ReaderStudyError
            When every seat is taken.
        """
        entry = self.entry(name)
        if not actor.may("reader") or (entry.owner == actor.name and not actor.may("admin")):
            raise Forbidden(role="reader")
        with self._lock:
            roster = self._roster(name)
            if actor.name in roster:
                return roster[actor.name]
            free = [one.reader for one in entry.readers if one.reader not in roster.values()]
            if not free:
                raise ReaderStudyError(name=name, reason="no_free_seat")
            roster[actor.name] = free[0]
            self._write_roster(name, roster)
        return free[0]

    def _roster(self, name: str) -> dict[str, str]:
        path = self._roster_path(name)
        if not path.is_file():
            return {}
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def _write_roster(self, name: str, roster: dict[str, str]) -> None:
        path = self._roster_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.unfinished")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(roster, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(unfinished, path)

    def _roster_path(self, name: str) -> Path:
        return self.folder / "keys" / f"{self.path(name).stem}.roster.json"


def _counts(rows: object) -> dict[str, int]:
    return {reader: count for reader, count in rows}  # type: ignore[attr-defined]
