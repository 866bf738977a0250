"""C-MOVE: a PACS sends a study to whoever we name, ourselves for one; our node has to be running then."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID

from prosvet.core.errors import PeerError, PeerUnreachable
from prosvet.hospital.config import Peer
from prosvet.hospital.peers.link import associated, context

__all__ = ["Moved", "study", "tally"]

STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
_PENDING = (0xFF00, 0xFF01)
_UNKNOWN_DESTINATION = 0xA801
_SOME_FAILED = 0xB000


@dataclass(frozen=True, slots=True)
class Moved:
    """How many objects went over, and how many did not."""

    completed: int = 0
    failed: int = 0
    warned: int = 0


def study(peer: Peer, study_uid: str, destination: str, calling: str = "PROSVET", *, timeout: float = 120.0) -> Moved:
    """Have `peer` send a study to the AE title `destination`.

    Raises
    ------
    PeerUnreachable
    PeerError
        When it does not know the destination, or nothing was moved and something failed.
    """
    asked = request(study_uid)
    with associated(peer, calling, [context(STUDY_ROOT_MOVE)], timeout=timeout) as association:
        for answer, _ in association.send_c_move(asked, destination, UID(STUDY_ROOT_MOVE)):
            if not answer:
                raise PeerUnreachable(peer=peer.name, reason="no_answer")
            if int(answer.Status) not in _PENDING:
                return tally(answer, peer)
    raise PeerUnreachable(peer=peer.name, reason="no_answer")


def request(study_uid: str) -> Dataset:
    """The identifier of a C-MOVE or C-GET of one study."""
    made = Dataset()
    made.QueryRetrieveLevel, made.StudyInstanceUID = "STUDY", study_uid
    return made


def tally(answer: Dataset, peer: Peer) -> Moved:
    """What the last answer of a C-MOVE or C-GET says.

    Raises
    ------
    PeerError
    """
    status = int(answer.Status)
    done = Moved(*(int(answer.get(f"NumberOf{kind}Suboperations") or 0) for kind in ("Completed", "Failed", "Warning")))
    if status == _UNKNOWN_DESTINATION:
        raise PeerError(peer=peer.name, reason="unknown_destination")
    if status not in (0x0000, _SOME_FAILED) or (done.failed and not done.completed + done.warned):
        raise PeerError(peer=peer.name, reason="status", status=f"{status:04X}")
    return done
