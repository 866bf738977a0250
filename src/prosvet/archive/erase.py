"""Erasing a study: its rows, its files, its vectors, and every index that was built with it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from prosvet.archive.database import file_lock
from prosvet.archive.files import FileStore
from prosvet.archive.schema import Doomed, Image, Patient, Study
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.errors import NotFound
from prosvet.core.registry import Registry

__all__ = ["DERIVED", "ELSEWHERE", "erase", "finish_erasures"]

DERIVED = "index"
"""Folder of the home where everything lies that can be built again from the database."""

ELSEWHERE = Registry(
    "eraser",
    {
        "hospital": "prosvet.hospital.operations.erasure:forget_studies",
        "synthesis": "prosvet.synthesis.gallery:forget_studies",
    },
)
"""Who else keeps something of a study, to be erased before it: ``(home, studies, audit) -> None``.

By name, for they stand in layers above this one. No face of the program can forget to call them.
"""


def erase(store: Store, files: FileStore, audit: AuditLog, studies: Sequence[str]) -> None:
    """Erase `studies` and everything derived from them; a patient without a study left goes too.

    Raises
    ------
    NotFound
        When one of them is not there; nothing was changed.
    AlreadyRunning
        When another process is writing to this archive.
    """
    with file_lock(store.home / "writer.lock", wait=False):
        with store.write(erasing=True) as db:
            known = set(db.execute(select(Study.id).where(Study.id.in_(studies))).scalars())
            for study in studies:
                if study not in known:
                    raise NotFound(kind="study", name=study)
            for elsewhere in ELSEWHERE.values():
                elsewhere(store.home, known, audit)
            names = db.execute(select(Image.sha256).where(Image.study_id.in_(known))).scalars().all()
            doomed = [{"name": name} for name in (DERIVED, *names)]
            db.execute(insert(Doomed).prefix_with("OR IGNORE"), doomed)
            db.execute(delete(Study).where(Study.id.in_(known)))
            db.execute(delete(Patient).where(Patient.id.not_in(select(Study.patient_id))))
            for study in sorted(known):
                audit.write("erase", study=study)
        finish_erasures(store, files)


def finish_erasures(store: Store, files: FileStore) -> None:
    """Remove the files of erased studies, also those that a crash left behind; the caller holds the writer lock."""
    with store.read() as db:
        names = set(db.execute(select(Doomed.name)).scalars())
        kept = set(db.execute(select(Image.sha256).where(Image.sha256.in_(select(Doomed.name)))).scalars())
    if not names:
        return
    files.remove(names - kept - {DERIVED})
    shutil.rmtree(store.home / DERIVED, ignore_errors=True)
    with store.write() as db:
        db.execute(delete(Doomed))
    store.truncate_log()
