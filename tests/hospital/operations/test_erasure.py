"""A patient who is erased is in no table, no file, no log and no index of this home; and back-ups are told of."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from prosvet.archive.deidentify import Deidentifier
from prosvet.archive.files import FileStore
from prosvet.archive.schema import Study
from prosvet.archive.store import Store
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest, NotFound
from prosvet.hospital.ledger.schema import Exam, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.operations.backup_api import BackupRequest
from prosvet.hospital.operations.backup_api import run as backup
from prosvet.hospital.operations.erase_api import ErasePatientRequest, run


def rows(context: Context) -> tuple[int, ...]:
    with context.get(Ledger).read() as db:
        return tuple(
            db.execute(select(func.count()).select_from(table)).scalar_one() for table in (Exam, Received, Outgoing)
        )


def everything(home: Path) -> bytes:
    """Every byte of the home's databases and files, the audit log aside."""
    return b"".join(one.read_bytes() for one in home.rglob("*") if one.is_file() and one.name != "audit.jsonl")


def test_by_the_hospitals_number_everything_goes(filled: Context, enter, tmp_path: Path) -> None:
    store = filled.get(Store)
    with store.read() as db:
        study, patient = db.execute(select(Study.id, Study.patient_id)).first()  # type: ignore[misc]
    enter("1.2.840.99999.1", patient="|SECRET-4711", results=("waiting", "dead"))
    enter("1.2.840.99999.2", patient="|SECRET-4711", state="arriving")
    enter("1.2.840.77777.3", patient="|other", results=("confirmed",))
    backup(BackupRequest(folder=tmp_path / "out"), filled)
    said = run(ErasePatientRequest(number="SECRET-4711", dry_run=True), filled)
    assert (said.exams, said.studies) == (2, ())
    assert rows(filled) == (3, 3, 3)
    done = run(ErasePatientRequest(number="SECRET-4711"), filled)
    assert (done.exams, done.objects, done.results) == (2, 2, 2)
    assert done.patient == Deidentifier.from_context(filled).patient("|SECRET-4711")
    assert rows(filled) == (1, 1, 1)
    left = everything(filled.settings.home)
    for trace in (b"1.2.840.99999", b"SECRET-4711", b"object of 1.2.840.99999", b"result 0 of 1.2.840.99999"):
        assert trace not in left
    assert b"object of 1.2.840.77777.3" in left
    assert b"SECRET" not in (filled.settings.home / "audit.jsonl").read_bytes()
    assert [one.folder for one in done.backups] == [str((tmp_path / "out").resolve())]
    # And one who is in the archive, by pseudonym.
    erased = run(ErasePatientRequest(patient=patient), filled)
    assert study in erased.studies
    assert not filled.get(Store).lookup_studies(erased.studies)
    assert verify(filled.settings.home / "audit.jsonl") is None


def test_erasing_a_study_reaches_into_the_ledger(filled: Context, enter, rename_study) -> None:
    study = studies(StudiesRequest(), filled).studies[0].id
    enter("1.2.1", results=("waiting",))
    rename_study("1.2.1", study)
    enter("1.2.2", results=("waiting",))
    studies(StudiesRequest(action="erase", study=study), filled)
    assert rows(filled) == (1, 1, 1)
    assert len(list(filled.get(Ledger).files.names())) == 2


def test_a_study_that_did_not_reach_the_archive_yet_is_found_by_its_uid(filled: Context, enter, rename_study) -> None:
    study = studies(StudiesRequest(), filled).studies[0].id
    enter("1.2.1")
    names = Deidentifier.from_context(filled)
    from prosvet.core.audit import AuditLog
    from prosvet.hospital.operations.erasure import forget_studies

    with filled.get(Ledger).write() as db:
        db.execute(Exam.__table__.update().values(study=None))
    forget_studies(filled.settings.home, [names.study("1.2.1"), study], AuditLog.from_context(filled))
    assert rows(filled) == (0, 0, 0)


def test_a_crash_between_ledger_and_archive_can_be_repeated(
    filled: Context, enter, rename_study, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prosvet.archive import erase as module

    study = studies(StudiesRequest(), filled).studies[0].id
    enter("1.2.1", results=("waiting",))
    rename_study("1.2.1", study)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "delete", crash)
    with pytest.raises(KeyboardInterrupt):
        studies(StudiesRequest(action="erase", study=study), filled)
    monkeypatch.undo()
    assert rows(filled) == (0, 0, 0)
    studies(StudiesRequest(action="erase", study=study), filled)
    assert study not in filled.get(Store).lookup_studies([study])


def test_an_archive_without_a_hospital_is_given_none(filled: Context) -> None:
    study = studies(StudiesRequest(), filled).studies[0].id
    studies(StudiesRequest(action="erase", study=study), filled)
    assert not (filled.settings.home / "hospital").exists()
    assert list(FileStore(filled.settings.home / "files").names()) or filled.get(Store).counts().images == 0


def test_nobody_and_both_are_refused(context: Context) -> None:
    with pytest.raises(NotFound):
        run(ErasePatientRequest(number="nobody"), context)
    with pytest.raises(InvalidRequest):
        run(ErasePatientRequest(), context)
    with pytest.raises(InvalidRequest):
        run(ErasePatientRequest(number="1", patient="PAAAAAAAAAAAA"), context)
