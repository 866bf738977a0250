"""Results to a DICOM peer by C-STORE, and a look by C-FIND whether they are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Self

import pydicom
from pydicom.dataset import Dataset

from prosvet.archive.files import sha256
from prosvet.core.errors import PeerError
from prosvet.hospital.config import HospitalConfig, Peer
from prosvet.hospital.flow.routes import Answer, Parcel, Unreachable
from prosvet.hospital.peers.find import STUDY_ROOT_FIND, answers
from prosvet.hospital.peers.link import associated, context
from prosvet.hospital.peers.send import Sent, each

__all__ = ["PeerSender"]

_BROKEN = ("no_connection", "no_answer")  # of the association, not of the parcel
_WAS_THERE = 0x0111


class PeerSender:
    """Sends over one association a turn; each file is checked against its hash before it goes.

    Parameters
    ----------
    timeout, opening : float
        Seconds until an answer, and until the association has to stand.
    """

    def __init__(self, aet: str, peer: Peer, *, timeout: float = 45.0, opening: float = 20.0) -> None:
        self._aet, self._peer, self._timeout, self._opening = aet, peer, timeout, opening

    @classmethod
    def of(cls, destination: str, config: HospitalConfig) -> Self:
        """For the peer of that name."""
        return cls(config.node.aet, config.peer(destination))

    def send(self, parcels: list[Parcel], told: Callable[[Parcel, Answer], bool]) -> None:
        """See :class:`prosvet.hospital.flow.routes.Sender`."""
        whole = [parcel for parcel in parcels if _whole(parcel)]
        paths = [parcel.path for parcel in whole]
        sending = each(self._peer, paths, self._aet, timeout=self._timeout, opening=self._opening)
        with _trouble(), closing(sending):
            for parcel in parcels:
                answer = _answer(next(sending)) if parcel in whole else Answer("refused", "damaged")
                if not told(parcel, answer):
                    return

    def confirm(self, parcels: list[Parcel]) -> dict[int, bool] | None:
        """See :class:`prosvet.hospital.flow.routes.Sender`; peers that may not be queried are not asked."""
        if not self._peer.may_query:
            return None
        contexts = [context(STUDY_ROOT_FIND)]
        opened = associated(self._peer, self._aet, contexts, timeout=self._timeout, opening=self._opening)
        with _trouble(), opened as association:
            found = {}
            for parcel in parcels:
                there = answers(association, self._peer, _query(parcel), STUDY_ROOT_FIND, most=10)
                found[parcel.id] = any(str(one.get("SOPInstanceUID", "")) == parcel.sop_uid for one in there)
            return found


@contextmanager
def _trouble() -> Iterator[None]:
    """The peer's errors are of the way, and of no parcel."""
    try:
        yield
    except PeerError as error:
        raise Unreachable(str(error.details["reason"])) from error


def _whole(parcel: Parcel) -> bool:
    try:
        return sha256(parcel.path.read_bytes()) == parcel.sha256
    except FileNotFoundError:
        return False


def _answer(sent: Sent) -> Answer:
    number = "" if sent.status is None else f"{sent.status:04X}"
    if sent.ok:
        if sent.status == _WAS_THERE:
            return Answer("taken", "was_there", number)
        return Answer("taken", "with_warning", number) if sent.status else Answer("taken")
    if sent.reason in _BROKEN:
        raise Unreachable("ended" if sent.reason == "no_connection" else "no_answer")
    return Answer("later" if sent.again else "refused", sent.reason or "status", number)


def _query(parcel: Parcel) -> Dataset:
    asked = Dataset()
    asked.QueryRetrieveLevel = "IMAGE"
    asked.StudyInstanceUID = parcel.study_uid
    header = pydicom.dcmread(parcel.path, specific_tags=["SeriesInstanceUID"]) if parcel.path.exists() else Dataset()
    asked.SeriesInstanceUID = str(header.get("SeriesInstanceUID", ""))
    asked.SOPInstanceUID = parcel.sop_uid
    return asked
