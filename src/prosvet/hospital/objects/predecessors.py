"""Which reports a structured report takes the place of."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from prosvet.hospital.objects.frame import Frame

__all__ = ["set_predecessors"]


def set_predecessors(document: Dataset, frame: Frame) -> None:
    """Predecessor Documents Sequence (PS3.3, C.17.2): the reports of this study whose place this one takes."""
    if not frame.results.predecessors:
        return
    series: dict[str, Items] = {}
    for one in frame.results.predecessors:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one.sop_class, one.sop_uid
        series.setdefault(one.series_uid, Items()).append(item)
    study = Dataset()
    study.StudyInstanceUID, study.ReferencedSeriesSequence = frame.sources.study, Items()
    for number, objects in series.items():
        place = Dataset()
        place.SeriesInstanceUID, place.ReferencedSOPSequence = number, objects
        study.ReferencedSeriesSequence.append(place)
    document.PredecessorDocumentsSequence = Items([study])
