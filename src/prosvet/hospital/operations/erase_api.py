"""The capability operations.erase: a patient goes, with every exam, object, result, film, report and index entry."""

from __future__ import annotations

from pydantic import Field
from sqlalchemy import select

from prosvet.archive.deidentify import Deidentifier
from prosvet.archive.erase import erase
from prosvet.archive.files import FileStore
from prosvet.archive.schema import Study
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest, NotFound
from prosvet.core.types import Frozen
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.operations.erasure import exams_of_patient, forget_exams
from prosvet.hospital.operations.known import KnownBackup, known_backups

__all__ = ["ErasePatientRequest", "ErasePatientResult", "run"]


class ErasePatientRequest(Frozen):
    """Whom to erase: by pseudonym, or by the number that the hospital knows the patient by."""

    patient: str | None = Field(default=None, pattern=r"^P[A-Z2-7]{12}$", description="Pseudonym in the archive.")
    number: str | None = Field(default=None, min_length=1, max_length=64, description="PatientID of the hospital.")
    issuer: str = Field(default="", max_length=64, description="IssuerOfPatientID, where films carry one.")
    dry_run: bool = Field(default=False, description="Say what would go; change nothing.")


class ErasePatientResult(Frozen):
    """What went, or would go.

    Attributes
    ----------
    patient : str
        The pseudonym; the hospital's number is written nowhere.
    studies : tuple of str
        Studies of the archive.
    exams, objects, results : int
        Of the hospital's ledger.
    backups : tuple of KnownBackup
        Back-ups made before, which hold the patient still.
    """

    patient: str
    dry_run: bool
    studies: tuple[str, ...]
    exams: int
    objects: int = 0
    results: int = 0
    backups: tuple[KnownBackup, ...] = ()


def run(request: ErasePatientRequest, context: Context) -> ErasePatientResult:
    """Erase one patient.

    Raises
    ------
    InvalidRequest
        Neither a pseudonym nor a number, or both.
    NotFound
        The patient is neither in the archive nor in the ledger.
    Forbidden, AlreadyRunning
    """
    if not context.actor.may("admin"):
        raise Forbidden(role="admin")
    if (request.patient is None) == (request.number is None):
        raise InvalidRequest(name="patient", reason="either a pseudonym or a number")
    patient = request.patient or _pseudonym(request, context)
    store, ledger = context.get(Store), context.get(Ledger)
    with store.read() as db:
        studies = tuple(db.execute(select(Study.id).where(Study.patient_id == patient).order_by(Study.id)).scalars())
    exams = exams_of_patient(ledger, patient)
    if not studies and not exams:
        raise NotFound(kind="patient", name=patient)
    objects = results = 0
    if not request.dry_run:
        log = AuditLog.from_context(context)
        objects, results = forget_exams(ledger, sorted(exams), log)
        if studies:
            erase(store, context.get(FileStore), log, studies)
        log.write("erase.patient", patient=patient, studies=len(studies), exams=len(exams))
    return ErasePatientResult(
        patient=patient, dry_run=request.dry_run, studies=studies, exams=len(exams), objects=objects, results=results,
        backups=known_backups(context.settings.home),
    )  # fmt: skip


def _pseudonym(request: ErasePatientRequest, context: Context) -> str:
    number = (request.number or "").strip()
    return Deidentifier.from_context(context).patient(f"{request.issuer.strip()}|{number}")
