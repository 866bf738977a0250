"""C-FIND, answering: studies, series and images of the study root (PS3.4, C.6.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from sqlalchemy import ColumnElement, exists, or_, select

from prosvet.hospital.ledger.schema import Catalogued, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.catalogue import KEYWORDS
from prosvet.hospital.node.holdings import MODALITIES, Held, header, holdings
from prosvet.hospital.node.matching import Rule, condition, fits, values_of

__all__ = ["NotAnIdentifier", "find", "level_of", "named_uids"]

_LEVELS = {"STUDY": (), "SERIES": ("StudyInstanceUID",), "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID")}
_RULES: dict[str, Rule] = {"patient_name": "name", "birth_date": "range", "study_date": "range", "study_time": "range"}
_COUNTED = {"ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "SOPClassesInStudy"}
_FORMS = {"SpecificCharacterSet", "QueryRetrieveLevel", "RetrieveAETitle", "TimezoneOffsetFromUTC"}
_NUMBERS = frozenset({"US", "UL", "SS", "SL", "FL", "FD"})
_NOT_TOLD = frozenset({"SQ", "OB", "OW", "OF", "OD", "OL", "OV", "UN", "AT"})
_AT_ONCE = 100
_MOST_VALUES, _MOST_STARS = 1000, 4  # what one query may cost: matching takes longer with every star


class NotAnIdentifier(ValueError):
    """What is asked for is no query of the study root: no level, a UID above it is missing, or it asks too much."""


def level_of(asked: Dataset) -> str:
    """The level of a query.

    Raises
    ------
    NotAnIdentifier
    """
    level = str(asked.get("QueryRetrieveLevel") or "").strip()
    if level not in _LEVELS or not all(values_of(asked, one) for one in _LEVELS[level]):
        raise NotAnIdentifier(level)
    for element in asked:
        values = values_of(asked, element.keyword) if element.keyword and element.VR != "SQ" else ()
        if len(values) > _MOST_VALUES or any(one.count("*") > _MOST_STARS for one in values):
            raise NotAnIdentifier(level)
    return level


def named_uids(asked: Dataset, keyword: str) -> frozenset[str]:
    """The UIDs that a query names."""
    return frozenset(values_of(asked, keyword))


def find(ledger: Ledger, asked: Dataset, aet: str) -> Iterator[Dataset]:
    """The answers, the newest study first; `aet` is where they can be fetched.

    Raises
    ------
    NotAnIdentifier
    """
    level = level_of(asked)
    keywords = [element.keyword for element in asked if element.keyword and element.keyword not in _FORMS]
    made = _studies(ledger, asked, keywords) if level == "STUDY" else _below(ledger, asked, keywords, level)
    for answer in made:
        answer.SpecificCharacterSet, answer.QueryRetrieveLevel, answer.RetrieveAETitle = "ISO_IR 192", level, aet
        yield answer


# ---------------------------------------------------------------- studies


def _studies(ledger: Ledger, asked: Dataset, keywords: Sequence[str]) -> Iterator[Dataset]:
    columns = {keyword: column for column, keyword in KEYWORDS.items()}
    wanted = [_among(asked), condition(Catalogued.study_uid, values_of(asked, "StudyInstanceUID"), "uid")]
    for column, keyword in KEYWORDS.items():
        searched = Catalogued.name_key if column == "patient_name" else getattr(Catalogued, column)
        wanted.append(condition(searched, values_of(asked, keyword), _RULES.get(column, "text")))
    query = select(Catalogued.__table__).where(*wanted)
    newest = query.order_by(Catalogued.study_date.desc(), Catalogued.study_time.desc(), Catalogued.study_uid)
    with ledger.read() as db:
        for rows in db.execute(newest).partitions(_AT_ONCE):
            counted = _counted(ledger, [row.study_uid for row in rows]) if _COUNTED & set(keywords) else {}
            for row in rows:
                answer = Dataset()
                answer.StudyInstanceUID = row.study_uid
                for keyword in keywords:
                    if keyword in columns:
                        setattr(answer, keyword, getattr(row, columns[keyword]))
                    elif keyword in _COUNTED:
                        setattr(answer, keyword, counted[row.study_uid][keyword])
                yield answer


def _among(asked: Dataset) -> ColumnElement[bool]:
    """Studies with an object of one of the modalities asked for."""
    wanted = values_of(asked, "ModalitiesInStudy")
    kinds = [kind for kind, modality in MODALITIES.items() if fits(wanted, [modality], "CS")]
    came = exists().where(Received.study_uid == Catalogued.study_uid, condition(Received.modality, wanted, "text"))
    made = exists().where(Outgoing.study_uid == Catalogued.study_uid, Outgoing.kind.in_(kinds), Outgoing.bytes > 0)
    return or_(came, made)


def _counted(ledger: Ledger, studies: Sequence[str]) -> dict[str, dict[str, object]]:
    held: dict[str, list[Held]] = {uid: [] for uid in studies}
    for one in holdings(ledger, studies):
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


# ---------------------------------------------------------------- series and images


def _below(ledger: Ledger, asked: Dataset, keywords: Sequence[str], level: str) -> Iterator[Dataset]:
    named = sorted(named_uids(asked, "StudyInstanceUID"))
    for studies in (named[at : at + _AT_ONCE] for at in range(0, len(named), _AT_ONCE)):
        read = [(one, header(one, keywords)) for one in holdings(ledger, studies)]
        placed = [(one.series_uid or str(head.get("SeriesInstanceUID", "")), one, head) for one, head in read]
        placed.sort(key=lambda item: (item[1].study_uid, item[0]))
        for (study, series), group in groupby(placed, key=lambda item: (item[1].study_uid, item[0])):
            objects = [(one, head) for _, one, head in group]
            for one, head in objects if level == "IMAGE" else objects[:1]:
                answer = _answer(asked, keywords, _facts(one, study, series, len(objects)), head)
                if answer is not None:
                    yield answer


def _facts(one: Held, study: str, series: str, objects: int) -> dict[str, str]:
    return {
        "StudyInstanceUID": study, "SeriesInstanceUID": series, "SOPInstanceUID": one.sop_uid,
        "SOPClassUID": one.sop_class, "Modality": one.modality, "NumberOfSeriesRelatedInstances": str(objects),
    }  # fmt: skip


def _answer(asked: Dataset, keywords: Sequence[str], facts: dict[str, str], head: Dataset) -> Dataset | None:
    """What is said of one series or object; None where it is not what was asked for."""
    made = Dataset()
    for keyword in dict.fromkeys((*keywords, "StudyInstanceUID", "SeriesInstanceUID")):
        vr = dictionary_VR(keyword)
        if vr in _NOT_TOLD:
            continue
        told = (facts[keyword],) if keyword in facts else values_of(head, keyword)
        if not fits(values_of(asked, keyword), told, vr):
            return None
        if vr in _NUMBERS and keyword in head:
            made[keyword] = head[keyword]
        elif told:
            setattr(made, keyword, told[0] if len(told) == 1 else list(told))
    return made
