"""A home with real films, a ledger with an exam that came and results that went, and its back-ups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.deidentify import Deidentifier
from prosvet.core.context import Context
from prosvet.hospital.ledger.schema import Exam, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger

NOW = datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture
def filled(context: Context, pydicom_data: Path) -> Context:
    """A context over an archive of two real films."""
    films = [pydicom_data / "RG1_UNCR.dcm", pydicom_data / "RG3_UNCR.dcm"]
    result = ingest(IngestRequest(paths=[film for film in films if film.exists()]), context)
    assert result.images >= 1
    return context


Enter = Callable[..., str]


@pytest.fixture
def enter(context: Context) -> Enter:
    """``enter("1.2.3", results=("sent",), days=400)``: an exam with one object and results; returns its study's id."""

    def enter(
        uid: str, *, patient: str = "|4711", state: str = "done", results: tuple[str, ...] = (), days: float = 0
    ) -> str:
        ledger, names, at = context.get(Ledger), Deidentifier.from_context(context), NOW - timedelta(days=days)
        came = ledger.files.add(f"object of {uid}".encode())
        with ledger.write() as db:
            db.execute(
                insert(Exam).values(
                    study_uid=uid, patient=names.patient(patient), study=names.study(uid), state=state, priority=0,
                    first=at, last=at, deadline=at, finished=at if state == "done" else None, objects=1, round=0,
                    attempts=0,
                )
            )  # fmt: skip
            db.execute(
                insert(Received).values(
                    sop_uid=f"{uid}.1", study_uid=uid, series_uid=f"{uid}.0", sop_class="1.2", transfer_syntax="1.2",
                    modality="CR", sha256=came, bytes=len(f"object of {uid}"), sender="A", at=at, state="read",
                )
            )  # fmt: skip
            for number, one in enumerate(results):
                made = ledger.files.add(f"result {number} of {uid}".encode())
                db.execute(
                    insert(Outgoing).values(
                        study_uid=uid, kind="sr", destination=f"pacs{number}", made_of="m", sop_uid=f"{uid}.9.{number}",
                        sop_class="1.2", sha256=made, bytes=10, priority=0, state=one, attempts=1, next_at=at,
                        created=at, sent=at,
                    )
                )  # fmt: skip
        _age(ledger)
        return names.study(uid)

    return enter


def _age(ledger: Ledger) -> None:
    """Let the files be older than what may just be arriving."""
    import os

    for name in ledger.files.names():
        os.utime(ledger.files.path(name), (NOW.timestamp() - 7200,) * 2)


@pytest.fixture
def rename_study(context: Context) -> Callable[[str, str], None]:
    """Let the exam `uid` be that of an archive's study."""

    def rename(uid: str, study: str) -> None:
        with context.get(Ledger).write() as db:
            db.execute(update(Exam).where(Exam.study_uid == uid).values(study=study))

    return rename
