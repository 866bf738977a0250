"""C-FIND, answering: patients, studies, series and images (PS3.4, C.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset

from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.holdings import Held, header, holdings
from prosvet.hospital.node.matching import fits, values_of
from prosvet.hospital.node.patients import patients
from prosvet.hospital.node.roots import Root, level_of, named_uids
from prosvet.hospital.node.studies import AT_ONCE, studies

__all__ = ["find"]

_FORMS = {"SpecificCharacterSet", "QueryRetrieveLevel", "RetrieveAETitle", "TimezoneOffsetFromUTC"}
_NUMBERS = frozenset({"US", "UL", "SS", "SL", "FL", "FD"})
_NOT_TOLD = frozenset({"SQ", "OB", "OW", "OF", "OD", "OL", "OV", "UN", "AT"})


def find(ledger: Ledger, asked: Dataset, aet: str, root: Root = "study") -> Iterator[Dataset]:
    """The answers, the newest study first; `aet` is where they can be fetched.

    Raises
    ------
    NotAnIdentifier
    """
    level = level_of(asked, root)
    keywords = [element.keyword for element in asked if element.keyword and element.keyword not in _FORMS]
    if level == "PATIENT":
        made = patients(ledger, asked, keywords)
    elif level == "STUDY":
        made = studies(ledger, asked, keywords)
    else:
        made = _below(ledger, asked, keywords, level)
    for answer in made:
        answer.SpecificCharacterSet, answer.QueryRetrieveLevel, answer.RetrieveAETitle = "ISO_IR 192", level, aet
        yield answer


def _below(ledger: Ledger, asked: Dataset, keywords: Sequence[str], level: str) -> Iterator[Dataset]:
    named = sorted(named_uids(asked, "StudyInstanceUID"))
    for part in (named[at : at + AT_ONCE] for at in range(0, len(named), AT_ONCE)):
        read = [(one, header(one, keywords)) for one in holdings(ledger, part)]
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
