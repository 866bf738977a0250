"""C-MOVE and C-GET, answering: which objects are meant, and each of them as the other side can take it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID
from pynetdicom.presentation import PresentationContext, build_context

from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.holdings import Held, header, holdings
from prosvet.hospital.node.roots import Root, level_of, named_uids, of_patient

__all__ = ["contexts_for", "meant", "sendable"]

log = logging.getLogger(__name__)

_PLAIN = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
_MOST_CONTEXTS = 128  # PS3.8
_BELOW = {
    "PATIENT": (),
    "STUDY": (),
    "SERIES": ("SeriesInstanceUID",),
    "IMAGE": ("SeriesInstanceUID", "SOPInstanceUID"),
}


def meant(ledger: Ledger, asked: Dataset, root: Root) -> list[Held]:
    """The objects that a retrieval names, by unique keys alone; from the patient root, those of that patient.

    Raises
    ------
    NotAnIdentifier
    """
    level = level_of(asked, root)
    studies = named_uids(asked, "StudyInstanceUID")
    if root == "patient":
        theirs = of_patient(ledger, asked)
        studies = theirs if level == "PATIENT" else studies & theirs
    held = holdings(ledger, sorted(studies))
    wanted = {keyword: named_uids(asked, keyword) for keyword in _BELOW[level]}
    return [one for one in held if all(_key(one, keyword) in uids for keyword, uids in wanted.items())]


def _key(one: Held, keyword: str) -> str:
    if keyword == "SOPInstanceUID":
        return one.sop_uid
    return one.series_uid or str(header(one, ()).get("SeriesInstanceUID", ""))


def contexts_for(objects: Sequence[Held]) -> list[PresentationContext]:
    """What an association has to offer for `objects`: each as it is kept, and uncompressed."""
    offers: dict[tuple[str, ...], PresentationContext] = {}
    for one in objects:
        for syntaxes in ((_syntax(one),), _PLAIN):
            if syntaxes[0]:
                offers.setdefault((one.sop_class, *syntaxes), build_context(one.sop_class, list(syntaxes)))
    return list(offers.values())[:_MOST_CONTEXTS]


def sendable(one: Held, accepted: Collection[tuple[str, str]]) -> Dataset:
    """The object as it is kept, or uncompressed where the other side takes it no other way.

    Parameters
    ----------
    accepted : collection of (str, str)
        Classes and transfer syntaxes that were agreed on.

    Returns
    -------
    Dataset
        With nothing but its UIDs where it cannot be sent: that counts as a failure there.
    """
    broken = Dataset()
    broken.SOPClassUID, broken.SOPInstanceUID = one.sop_class, one.sop_uid
    try:
        dataset: Dataset = pydicom.dcmread(one.path)
        syntax = str(dataset.file_meta.TransferSyntaxUID)
        if (one.sop_class, syntax) not in accepted and UID(syntax).is_compressed:
            dataset.decompress()
    except (OSError, InvalidDicomError, EOFError, ValueError, AttributeError, NotImplementedError, RuntimeError) as why:
        log.warning("an object cannot be given: %s", type(why).__name__)
        return broken
    return dataset


def _syntax(one: Held) -> str:
    try:
        return str(pydicom.filereader.read_file_meta_info(one.path).TransferSyntaxUID)
    except (OSError, InvalidDicomError, EOFError, ValueError, AttributeError):
        return ""
