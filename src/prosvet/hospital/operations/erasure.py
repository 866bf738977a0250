"""Erasing from the hospital's side: every row and every file of an exam, received and made.

``prosvet.archive.erase`` calls :func:`forget_studies` before it erases a study (by its table ``ELSEWHERE``): when the
program is killed between the two, the study is still there to be erased again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from sqlalchemy import Connection, delete, select

from prosvet.archive.deidentify import Deidentifier, archive_secret
from prosvet.archive.erase import erase
from prosvet.archive.files import FileStore
from prosvet.archive.schema import Study
from prosvet.archive.store import Store
from prosvet.core import audit
from prosvet.core.audit import AuditLog
from prosvet.core.errors import BackupError
from prosvet.hospital.ledger.schema import Exam, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger

__all__ = ["erased_in", "exams_of_patient", "forget_again", "forget_exams", "forget_studies", "unnamed"]


def forget_studies(home: Path, studies: Collection[str], log: AuditLog) -> None:
    """Erase the exams whose pseudonyms in the archive are `studies`, where there is a ledger."""
    if not (home / "hospital" / "ledger.db").exists():
        return
    ledger = Ledger(home / "hospital")
    try:
        forget_exams(ledger, _exams_of_studies(ledger, home, set(studies)), log)
    finally:
        ledger.close()


def _exams_of_studies(ledger: Ledger, home: Path, studies: set[str]) -> list[str]:
    names = Deidentifier(archive_secret(home))
    with ledger.read() as db:
        rows = db.execute(select(Exam.study_uid, Exam.study)).all()
    return [uid for uid, study in rows if study in studies or (study is None and names.study(uid) in studies)]


def exams_of_patient(ledger: Ledger, patient: str) -> dict[str, str | None]:
    """Exams of the patient's pseudonym, with their studies in the archive."""
    with ledger.read() as db:
        rows = db.execute(select(Exam.study_uid, Exam.study).where(Exam.patient == patient))
        return {uid: study for uid, study in rows}


def forget_exams(ledger: Ledger, exams: Sequence[str], log: AuditLog) -> tuple[int, int]:
    """Erase exams with all that came and all that was made; returns how many rows of both went.

    The files go first, while rows still name them: after a crash the same call finishes the work.
    """
    if not exams:
        return 0, 0
    with ledger.write() as db:
        came = db.execute(select(Received.sha256).where(Received.study_uid.in_(exams))).scalars().all()
        made = db.execute(select(Outgoing.sha256).where(Outgoing.study_uid.in_(exams))).scalars().all()
        ledger.files.remove(unnamed(db, {*came, *made}, but=exams))
        db.execute(delete(Outgoing).where(Outgoing.study_uid.in_(exams)))
        db.execute(delete(Received).where(Received.study_uid.in_(exams)))
        db.execute(delete(Exam).where(Exam.study_uid.in_(exams)))
        log.write("erase.hospital", exams=len(exams), objects=len(came), results=len(made))
    with ledger.read() as db:
        db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")  # nothing erased lingers in the log of writes
    return len(came), len(made)


def unnamed(db: Connection, names: Iterable[str], *, but: Sequence[str] = ()) -> set[str]:
    """Those of `names` that no row names, rows of the exams `but` aside."""
    left = set(names)
    for table in (Received, Outgoing):
        rows = select(table.sha256).where(table.sha256.in_(left), table.study_uid.not_in(but))
        left -= set(db.execute(rows).scalars())
    return left


def erased_in(log: Path) -> tuple[str, ...]:
    """The studies that the audit log at `log` says were erased.

    Raises
    ------
    BackupError
        When its chain is broken, or there is none.
    """
    if not log.is_file() or audit.verify(log) is not None:
        raise BackupError(reason="audit", name=log.name)
    events = (json.loads(line) for line in log.read_text(encoding="utf-8").splitlines())
    return tuple(dict.fromkeys(one["study"] for one in events if one["event"] == "erase"))


def forget_again(store: Store, files: FileStore, studies: Sequence[str]) -> int:
    """Erase those of `studies` that a back-up has brought back; returns how many there were."""
    log = AuditLog(store.home / "audit.jsonl")
    forget_studies(store.home, studies, log)
    with store.read() as db:
        there = list(db.execute(select(Study.id).where(Study.id.in_(studies))).scalars())
    if there:
        erase(store, files, log, there)
    return len(there)
