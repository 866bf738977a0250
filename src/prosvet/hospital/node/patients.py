"""Patients that are looked for from the patient root (PS3.4, C.6.1.1.2).

A patient is a number and who gave it. Who has no number is not found so: by an empty one, all of them would be one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydicom.dataset import Dataset
from sqlalchemy import func, select

from prosvet.hospital.ledger.schema import Catalogued
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.holdings import Held, holdings
from prosvet.hospital.node.studies import AT_ONCE, COLUMNS, kept, matches

__all__ = ["patients"]

_TOLD = ("patient_id", "issuer", "patient_name", "birth_date", "sex")
_COUNTED = {"NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances"}

_Key = tuple[str, str]


def patients(ledger: Ledger, asked: Dataset, keywords: Sequence[str]) -> Iterator[Dataset]:
    """The answers, by number; name, sex and birth date as the newest study has them."""
    wanted = [Catalogued.patient_id != "", kept(Dataset()), *(matches(asked, column) for column in _TOLD)]
    # SQLite takes the other columns from the row that has the greatest date.
    newest = func.max(Catalogued.study_date + Catalogued.study_time)
    query = select(*(getattr(Catalogued, column) for column in _TOLD), newest).where(*wanted)
    query = query.group_by(Catalogued.patient_id, Catalogued.issuer).order_by(Catalogued.patient_id, Catalogued.issuer)
    with ledger.read() as db:
        for rows in db.execute(query).partitions(AT_ONCE):
            counted = _counted(ledger, rows) if _COUNTED & set(keywords) else {}
            for row in rows:
                answer = Dataset()
                answer.PatientID = row.patient_id
                if row.issuer:  # without it a number may mean another's films
                    answer.IssuerOfPatientID = row.issuer
                for keyword in keywords:
                    if COLUMNS.get(keyword) in _TOLD:
                        setattr(answer, keyword, getattr(row, COLUMNS[keyword]))
                    elif keyword in _COUNTED:
                        setattr(answer, keyword, counted[row.patient_id, row.issuer][keyword])
                yield answer


def _counted(ledger: Ledger, rows: Sequence[Any]) -> dict[_Key, dict[str, int]]:
    query = select(Catalogued.study_uid, Catalogued.patient_id, Catalogued.issuer)
    query = query.where(Catalogued.patient_id.in_([row.patient_id for row in rows]))
    with ledger.read() as db:
        owners: dict[str, _Key] = {uid: (number, issuer) for uid, number, issuer in db.execute(query)}
    held: dict[_Key, list[Held]] = {(row.patient_id, row.issuer): [] for row in rows}
    for one in holdings(ledger, list(owners)):
        held.setdefault(owners[one.study_uid], []).append(one)
    return {
        key: {
            "NumberOfPatientRelatedStudies": len({one.study_uid for one in objects}),
            "NumberOfPatientRelatedSeries": len({one.series_uid or one.sop_uid for one in objects}),
            "NumberOfPatientRelatedInstances": len(objects),
        }
        for key, objects in held.items()
    }
