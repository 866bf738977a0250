"""Studies that are looked for, and what is told of each (PS3.4, C.6.2.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydicom.dataset import Dataset
from sqlalchemy import ColumnElement, exists, or_, select

from prosvet.hospital.ledger.schema import Catalogued, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.catalogue import KEYWORDS
from prosvet.hospital.node.holdings import MODALITIES, Held, holdings
from prosvet.hospital.node.matching import Rule, condition, fits, values_of

__all__ = ["AT_ONCE", "COLUMNS", "kept", "matches", "studies"]

AT_ONCE = 100
COLUMNS = {keyword: column for column, keyword in KEYWORDS.items()}
_RULES: dict[str, Rule] = {"patient_name": "name", "birth_date": "range", "study_date": "range", "study_time": "range"}
_COUNTED = {"ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "SOPClassesInStudy"}


def studies(ledger: Ledger, asked: Dataset, keywords: Sequence[str]) -> Iterator[Dataset]:
    """The answers, the newest study first."""
    wanted = [kept(asked), condition(Catalogued.study_uid, values_of(asked, "StudyInstanceUID"), "uid")]
    wanted += [matches(asked, column) for column in KEYWORDS]
    query = select(Catalogued.__table__).where(*wanted)
    newest = query.order_by(Catalogued.study_date.desc(), Catalogued.study_time.desc(), Catalogued.study_uid)
    with ledger.read() as db:
        for rows in db.execute(newest).partitions(AT_ONCE):
            counted = _counted(ledger, [row.study_uid for row in rows]) if _COUNTED & set(keywords) else {}
            for row in rows:
                answer = Dataset()
                answer.StudyInstanceUID = row.study_uid
                for keyword in keywords:
                    if keyword in COLUMNS:
                        setattr(answer, keyword, getattr(row, COLUMNS[keyword]))
                    elif keyword in _COUNTED:
                        setattr(answer, keyword, counted[row.study_uid][keyword])
                yield answer


def matches(asked: Dataset, column: str) -> ColumnElement[bool]:
    """The condition that `column` of the catalogue is as was asked for."""
    searched = Catalogued.name_key if column == "patient_name" else getattr(Catalogued, column)
    return condition(searched, values_of(asked, KEYWORDS[column]), _RULES.get(column, "text"))


def kept(asked: Dataset) -> ColumnElement[bool]:
    """Studies with an object that is here, of one of the modalities asked for."""
    wanted = values_of(asked, "ModalitiesInStudy")
    kinds = [kind for kind, modality in MODALITIES.items() if fits(wanted, [modality], "CS")]
    came = exists().where(Received.study_uid == Catalogued.study_uid, condition(Received.modality, wanted, "text"))
    made = exists().where(Outgoing.study_uid == Catalogued.study_uid, Outgoing.kind.in_(kinds), Outgoing.bytes > 0)
    return or_(came, made)


def _counted(ledger: Ledger, uids: Sequence[str]) -> dict[str, dict[str, object]]:
    held: dict[str, list[Held]] = {uid: [] for uid in uids}
    for one in holdings(ledger, uids):
        held[one.study_uid].append(one)
    return {
        uid: {
            "ModalitiesInStudy": sorted({one.modality for one in objects if one.modality}),
            "SOPClassesInStudy": sorted({one.sop_class for one in objects}),
            "NumberOfStudyRelatedSeries": len({one.series_uid or one.sop_uid for one in objects}),
            "NumberOfStudyRelatedInstances": len(objects),
        }
        for uid, objects in held.items()
    }
