"""C-FIND: the studies of a patient, as a PACS knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.uid import UID

from prosvet.core.errors import PeerError, PeerUnreachable
from prosvet.hospital.config import Peer
from prosvet.hospital.peers.link import associated, context
from prosvet.hospital.peers.query import StudyMatch, StudyQuery, identifier, match_of, same_patient

if TYPE_CHECKING:
    from pynetdicom.association import Association

__all__ = ["answers", "studies"]

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
_PENDING = (0xFF00, 0xFF01)
_CANCELLED = 0xFE00
_GRACE = 100  # answers that may still come after we asked to stop


def studies(
    peer: Peer, query: StudyQuery, calling: str = "PROSVET", *, most: int = 200, timeout: float = 60.0
) -> tuple[StudyMatch, ...]:
    """Studies that fit, the newest first, at most `most` of them.

    Raises
    ------
    PeerUnreachable, PeerError
    """
    with associated(peer, calling, [context(STUDY_ROOT_FIND)], timeout=timeout) as association:
        found = [match_of(one) for one in answers(association, peer, identifier(query), STUDY_ROOT_FIND, most)]
    kept = same_patient(query, [one for one in found if one is not None])
    return tuple(sorted(kept, key=lambda one: (one.date, one.time), reverse=True))


def answers(association: Association, peer: Peer, asked: Dataset, model: str, most: int) -> Iterator[Dataset]:
    """Matches, at most `most`; then the peer is asked to stop.

    Raises
    ------
    PeerUnreachable
        When the answers break off.
    PeerError
        When it cannot answer, or does not stop.
    """
    for number, (answer, found) in enumerate(association.send_c_find(asked, UID(model), msg_id=1), start=1):
        if not answer:
            raise PeerUnreachable(peer=peer.name, reason="no_answer")
        status = int(answer.Status)
        if status not in _PENDING:
            if status not in (0x0000, _CANCELLED):
                raise PeerError(peer=peer.name, reason="status", status=f"{status:04X}")
            return
        if found is not None and number <= most:
            yield found
        if number == most:
            association.send_c_cancel(1, query_model=UID(model))
        if number >= most + _GRACE:
            association.abort()
            return
