"""C-STORE: from the last byte of an object to the answer."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydicom.dataset import Dataset

from prosvet.archive.deidentify import Deidentifier
from prosvet.archive.files import FileStore
from prosvet.core.errors import ProsvetError
from prosvet.hospital.config import Routing
from prosvet.hospital.node.classes import route
from prosvet.hospital.node.facts import Counts
from prosvet.hospital.node.identify import Identity, identify
from prosvet.hospital.node.keeper import Keeper
from prosvet.hospital.node.refusals import Refusal, of_failure
from prosvet.hospital.node.rows import Arrival
from prosvet.hospital.node.spool import Spool, Spooled

if TYPE_CHECKING:
    from pynetdicom.dimse_primitives import C_STORE
    from pynetdicom.events import Event

__all__ = ["Storing", "same_content"]

log = logging.getLogger(__name__)

_CHUNK = 1024 * 1024
_SUCCESS = 0x0000


class Storing:
    """Answers requests to store."""

    def __init__(self, keeper: Keeper, files: FileStore, names: Deidentifier, routing: Routing, counts: Counts) -> None:
        self._keeper, self._files, self._names, self._routing, self._counts = keeper, files, names, routing, counts

    def answer(self, event: Event) -> int | Dataset:
        """The status of one C-STORE request: Success only when the object is kept for good."""
        request = cast("C_STORE", event.request)
        spool = request.DataSet
        info = event.assoc.requestor.address_info
        address = str(info.address) if info is not None else ""
        try:
            return self._store(event, request, spool)
        except Refusal as refusal:
            return self._refuse(refusal, address)
        except (ProsvetError, OSError) as error:
            return self._refuse(of_failure(error), address)
        finally:
            if isinstance(spool, Spool):
                spool.discard()

    def _store(self, event: Event, request: C_STORE, spool: object) -> int:
        if not isinstance(spool, Spool):
            raise Refusal("truncated")
        spooled = spool.finish()
        syntax = str(event.context.transfer_syntax)
        identity = identify(spooled.path, spooled.start, syntax)
        _match(identity, str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID))
        if identity.sop_class != str(event.context.abstract_syntax):
            raise Refusal("other_class")
        before = self._keeper.keep(self._arrival(identity, spooled, syntax, event.assoc.requestor.ae_title.strip()))
        if before is not None:
            if before.transfer_syntax != syntax or not same_content(
                self._files.path(before.sha256), spooled.path, spooled.start
            ):
                raise Refusal("other_content")
            self._counts.add("repeated")
            return _SUCCESS
        self._counts.add("received")
        self._counts.add("received_bytes", spooled.size)
        return _SUCCESS

    def _arrival(self, identity: Identity, spooled: Spooled, syntax: str, sender: str) -> Arrival:
        return Arrival(
            identity,
            spooled,
            syntax,
            sender,
            self._names.patient(identity.patient),
            self._names.study(f"uid:{identity.study_uid}"),
            route(identity.sop_class, identity.modality, identity.body_part, self._routing),
        )

    def _refuse(self, refusal: Refusal, address: str) -> Dataset:
        self._counts.refuse(refusal.reason, address)
        log.warning("an object was refused: %s", refusal.reason)
        status = Dataset()
        status.Status = refusal.status
        status.ErrorComment = refusal.words[:64]
        return status


def _match(identity: Identity, sop_class: str, sop_uid: str) -> None:
    if identity.sop_class != sop_class:
        raise Refusal("other_class")
    if identity.sop_uid != sop_uid:
        raise Refusal("other_instance")


def same_content(kept: Path, fresh: Path, start: int) -> bool:
    """Whether two files hold the same data set; that of `fresh` begins at byte `start`.

    Headers may differ: they name the sender. A kept file's data set begins after its own.
    """
    with kept.open("rb") as one, fresh.open("rb") as other:
        one.seek(128 + 4)
        head = one.read(12)  # (0002,0000) UL 4: the length of what follows it
        one.seek(128 + 4 + 12 + int.from_bytes(head[8:12], "little"))
        other.seek(start)
        while True:
            left, right = one.read(_CHUNK), other.read(_CHUNK)
            if left != right:
                return False
            if not left:
                return True
