"""C-GET: a study comes over the association that we asked on; nothing has to listen."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom.uid import UID
from pynetdicom import evt

from prosvet.core.errors import PeerError, PeerUnreachable
from prosvet.hospital.config import Peer
from prosvet.hospital.peers.link import MOST_CONTEXTS, associated, context, role
from prosvet.hospital.peers.move import Moved, request, tally

if TYPE_CHECKING:
    from pynetdicom.events import Event

__all__ = ["FILMS", "study"]

log = logging.getLogger(__name__)

STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
_PENDING = (0xFF00, 0xFF01)
FILMS = {  # storage classes that a chest film comes in
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "SC": "1.2.840.10008.5.1.4.1.1.7",
    "SC grey byte": "1.2.840.10008.5.1.4.1.1.7.2",
    "SC grey word": "1.2.840.10008.5.1.4.1.1.7.3",
    "SC colour": "1.2.840.10008.5.1.4.1.1.7.4",
}
_SYNTAXES = (  # each in a context of its own, so that a film may come as it lies
    "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.5",
)  # fmt: skip
_NO_ROOM, _NOT_ASKED = 0xA700, 0xA900


def study(
    peer: Peer,
    study_uid: str,
    folder: Path,
    calling: str = "PROSVET",
    *,
    most_bytes: int = 400_000_000,
    timeout: float = 120.0,
) -> Moved:
    """Fetch the films of a study into `folder`, ``000001.dcm`` on.

    Parameters
    ----------
    most_bytes : int
        Of the whole study; what goes over it is refused.

    Raises
    ------
    PeerUnreachable, PeerError
    """
    keeper = _Keeper(folder, study_uid, most_bytes)
    contexts = [context(STUDY_ROOT_GET)] + [context(one, syntax) for one in FILMS.values() for syntax in _SYNTAXES]
    with associated(
        peer, calling, contexts[:MOST_CONTEXTS], roles=[role(one) for one in FILMS.values()],
        handlers=[(evt.EVT_C_STORE, keeper.keep)], timeout=timeout,
    ) as association:  # fmt: skip
        for answer, _ in association.send_c_get(request(study_uid), UID(STUDY_ROOT_GET)):
            if not answer:
                raise PeerUnreachable(peer=peer.name, reason="no_answer")
            if int(answer.Status) not in _PENDING:
                done = tally(answer, peer)
                if done.completed > keeper.kept:
                    raise PeerError(peer=peer.name, reason="lost_objects")
                return done
    raise PeerUnreachable(peer=peer.name, reason="no_answer")


class _Keeper:
    """Writes what comes, and only what was asked for."""

    def __init__(self, folder: Path, study_uid: str, most_bytes: int) -> None:
        self._folder, self._study, self._room, self.kept = folder, study_uid, most_bytes, 0

    def keep(self, event: Event) -> int:
        data = event.encoded_dataset()
        self._room -= len(data)
        if self._room < 0:
            return _NO_ROOM
        if str(event.dataset.get("StudyInstanceUID", "")) != self._study:
            log.warning("a peer sent an object of another study; it was refused")
            return _NOT_ASKED
        path = self._folder / f"{self.kept + 1:06d}.dcm"  # never a name of the sender's
        try:
            path.write_bytes(data)
        except OSError as error:
            path.unlink(missing_ok=True)
            log.error("an object was not kept: %s", error.strerror)
            return _NO_ROOM
        self.kept += 1
        return 0x0000
