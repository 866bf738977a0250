"""Results of studies of the archive: whose objects they belong to, what a signature changes, and who may have them."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from pathlib import Path

import pydicom
import pytest
from sqlalchemy import insert

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.store import Store
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.core.actor import Actor
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, NotFound, ResultError
from prosvet.hospital.ledger.schema import Exam, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.objects.api import ResultsRequest, ResultsResult, run
from prosvet.reading.protocols.api import ProtocolRequest, ProtocolResult
from prosvet.reading.protocols.api import run as protocol

NOW = datetime(2026, 11, 22, 8, 0)


@pytest.fixture
def study(context: Context, pydicom_data: Path) -> str:
    ingest(IngestRequest(paths=[pydicom_data / "RG1_UNCR.dcm"]), context)
    return studies(StudiesRequest(), context).studies[0].id


def asked(context: Context, study: str, kind: str, **values: object) -> ResultsResult:
    reader = context.child(actor=Actor("petrova", "reader"))
    return run(ResultsRequest.model_validate({"study": study, "kind": kind, **values}), reader)


def step(context: Context, study: str, action: str, **values: object) -> ProtocolResult:
    reader = context.child(actor=Actor("petrova", "reader"), lang="ru")
    return protocol(ProtocolRequest.model_validate({"action": action, "study": study, **values}), reader)


def received(context: Context, study: str, file: Path) -> None:
    """As the node leaves a film that the archive has read."""
    source = pydicom.dcmread(file, stop_before_pixels=True)
    image = context.get(Store).lookup_studies([study])[study].images[0]
    ledger = context.get(Ledger)
    name = ledger.files.add(file.read_bytes())
    exam = {
        "study_uid": source.StudyInstanceUID, "patient": "h", "study": study, "state": "done", "priority": 0,
        "first": NOW, "last": NOW, "deadline": NOW + timedelta(minutes=5), "objects": 1, "round": 1, "attempts": 1,
    }  # fmt: skip
    row = {
        "sop_uid": source.SOPInstanceUID, "study_uid": source.StudyInstanceUID, "sha256": name,
        "series_uid": source.SeriesInstanceUID, "sop_class": source.SOPClassUID, "modality": "CR",
        "transfer_syntax": source.file_meta.TransferSyntaxUID, "bytes": file.stat().st_size, "sender": "CR1",
        "at": NOW, "state": "read", "image": image,
    }  # fmt: skip
    with ledger.write() as db:
        db.execute(insert(Exam).values(**exam))
        db.execute(insert(Received).values(**row))


def test_from_the_archive_it_bears_pseudonyms_and_says_so(context: Context, study: str) -> None:
    made = asked(context, study, "text_sr")
    assert (made.identified, made.basis) == (False, "program")
    dataset = pydicom.dcmread(io.BytesIO(made.data))
    assert dataset.PatientID.startswith("P")
    assert dataset.PatientIdentityRemoved == "YES"
    assert "CompressedSamples" not in str(dataset)
    assert not (context.settings.home / "hospital").exists()
    assert made.data == asked(context, study, "text_sr").data


def test_from_the_ledger_it_is_of_the_hospitals_own_study(context: Context, study: str, pydicom_data: Path) -> None:
    file = pydicom_data / "RG1_UNCR.dcm"
    received(context, study, file)
    made = asked(context, study, "sr")
    dataset, source = pydicom.dcmread(io.BytesIO(made.data)), pydicom.dcmread(file, stop_before_pixels=True)
    assert made.identified
    assert (dataset.StudyInstanceUID, dataset.PatientID) == (source.StudyInstanceUID, source.PatientID)
    assert source.PatientID not in made.file


def test_a_signed_report_wins_and_says_only_what_was_signed(context: Context, study: str) -> None:
    drafted = step(context, study, "draft")
    version = drafted.protocol
    assert version is not None
    lines = list(version.content.lines)
    changes: list[dict[str, object]] = [{"line": line.id, "decision": "rejected"} for line in lines[1:]]
    changes.append({"line": lines[0].id, "text": "Пневмоторакс слева. Выпота нет."})
    base = step(context, study, "save", base=drafted.base, changes=changes).base
    reasons = {rule: "проверка выгрузки" for rule in ("missing", "contradiction", "unsupported", "side", "omitted")}
    saved = step(context, study, "check")
    reasons |= {problem.rule: "проверка выгрузки" for problem in saved.problems}
    step(context, study, "sign", base=base, reasons=reasons)
    made = asked(context, study, "sr")
    dataset = pydicom.dcmread(io.BytesIO(made.data))
    assert made.basis == "signed"
    assert dataset.VerificationFlag == "VERIFIED"
    assert str(dataset.VerifyingObserverSequence[0].VerifyingObserverName) == "petrova^"
    tracked = {str(e.value) for e in dataset.iterall() if e.keyword == "TextValue"}
    assert "pneumothorax" in tracked
    assert "tuberculosis" not in tracked  # the model's claim, struck out
    text = pydicom.dcmread(io.BytesIO(asked(context, study, "text_sr").data))
    assert "Пневмоторакс слева. Выпота нет." in [str(e.value) for e in text.iterall() if e.keyword == "TextValue"]


def test_a_film_that_came_as_a_picture_has_no_study_to_belong_to(context: Context, shared_data: Path) -> None:
    ingest(IngestRequest(paths=[sorted((shared_data / "fullsize").glob("*.png"))[0]]), context)
    study = studies(StudiesRequest(), context).studies[0].id
    with pytest.raises(ResultError, match="DICOM"):
        asked(context, study, "sr")


def test_a_researcher_gets_none_and_nobody_learns_of_what_is_not_there(context: Context, study: str) -> None:
    researcher = context.child(actor=Actor("r", "researcher"))
    with pytest.raises(Forbidden):
        run(ResultsRequest(study=study, kind="sr"), researcher)
    with pytest.raises(NotFound):
        asked(context, "SNOTHING", "sr")


def test_each_export_is_in_the_audit_log(context: Context, study: str) -> None:
    asked(context, study, "text_sr")
    log = (context.settings.home / "audit.log").read_text() if (context.settings.home / "audit.log").exists() else ""
    log = log or "".join(path.read_text() for path in context.settings.home.glob("audit*"))
    assert "export_result" in log
    assert study in log
    assert "CompressedSamples" not in log
    assert AuditLog.from_context(context) is not None
