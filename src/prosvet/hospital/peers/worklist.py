"""The modality worklist: what is planned, so that an exam can be awaited and an order be known by its number."""

from __future__ import annotations

from datetime import date

from pydicom.dataset import Dataset

from prosvet.hospital.config import Peer
from prosvet.hospital.peers.find import answers
from prosvet.hospital.peers.link import associated, context
from prosvet.hospital.peers.query import Planned, words

__all__ = ["items"]

WORKLIST_FIND = "1.2.840.10008.5.1.4.31"


def items(
    peer: Peer,
    calling: str = "PROSVET",
    *,
    day: date | None = None,
    modality: str = "",
    patient_id: str = "",
    most: int = 200,
    timeout: float = 60.0,
) -> tuple[Planned, ...]:
    """Steps planned on `day` (any day when None), in the order of their times.

    Raises
    ------
    PeerUnreachable, PeerError
    """
    asked = _query(day, modality, patient_id)
    with associated(peer, calling, [context(WORKLIST_FIND)], timeout=timeout) as association:
        found = [_planned(one) for one in answers(association, peer, asked, WORKLIST_FIND, most)]
    kept = [one for one in found if not (patient_id and one.patient_id != patient_id)
            and not (modality and one.modality and one.modality != modality)]  # fmt: skip
    return tuple(sorted(kept, key=lambda one: (one.date, one.time)))


def _query(day: date | None, modality: str, patient_id: str) -> Dataset:
    made = Dataset()
    for keyword in ("PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyInstanceUID",
                    "RequestedProcedureDescription"):  # fmt: skip
        setattr(made, keyword, "")
    made.PatientID = patient_id
    if not patient_id.isascii():
        made.SpecificCharacterSet = "ISO_IR 192"
    step = Dataset()
    step.Modality, step.ScheduledProcedureStepStartDate = modality, day.strftime("%Y%m%d") if day else ""
    for keyword in ("ScheduledStationAETitle", "ScheduledProcedureStepStartTime", "ScheduledProcedureStepDescription"):
        setattr(step, keyword, "")
    made.ScheduledProcedureStepSequence = [step]
    return made


def _planned(answer: Dataset) -> Planned:
    steps = answer.get("ScheduledProcedureStepSequence") or [Dataset()]
    step = steps[0]
    return Planned(
        patient_id=words(answer, "PatientID"), patient_name=words(answer, "PatientName"),
        birth_date=words(answer, "PatientBirthDate"), sex=words(answer, "PatientSex"),
        accession=words(answer, "AccessionNumber"), study_uid=words(answer, "StudyInstanceUID"),
        modality=words(step, "Modality"), station=words(step, "ScheduledStationAETitle"),
        date=words(step, "ScheduledProcedureStepStartDate"), time=words(step, "ScheduledProcedureStepStartTime"),
        procedure=words(step, "ScheduledProcedureStepDescription") or words(answer, "RequestedProcedureDescription"),
    )  # fmt: skip
