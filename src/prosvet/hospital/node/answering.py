"""What the node answers: each request goes to whoever does such work, if who asks may ask for it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext

from prosvet.core.errors import ProsvetError
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.admission import Admission
from prosvet.hospital.node.commitment import Commitment
from prosvet.hospital.node.committed import settle
from prosvet.hospital.node.facts import Counts
from prosvet.hospital.node.providing import Providing
from prosvet.hospital.node.refusals import Refusal
from prosvet.hospital.node.storing import Storing
from prosvet.hospital.node.visits import Visits, address_of

if TYPE_CHECKING:
    from pynetdicom.events import Event, EventHandlerType

__all__ = ["Answering"]

log = logging.getLogger(__name__)

_PROCESSING_FAILURE = 0x0110
_REJECTIONS = {
    "called_aet": (0x01, 0x01, 0x07),
    "calling_aet": (0x01, 0x01, 0x03),
    "address": (0x01, 0x01, 0x01),
    "too_many_associations": (0x02, 0x03, 0x02),
    "stopping": (0x02, 0x03, 0x01),
}
"""Result, source and diagnostic of PS3.8, 9.3.4."""


class Answering:
    """The handlers of a node's events. ``queried`` are the contexts of who may look for studies here."""

    def __init__(
        self, visits: Visits, admission: Admission, counts: Counts, ledger: Ledger, storing: Storing,
        commitment: Commitment, providing: Providing, queried: list[PresentationContext],
    ) -> None:  # fmt: skip
        self._visits, self._admission, self._counts, self._ledger = visits, admission, counts, ledger
        self._storing, self._commitment, self._providing, self._queried = storing, commitment, providing, queried

    def handlers(self) -> list[EventHandlerType]:
        """Event to handler."""
        return [
            (evt.EVT_REQUESTED, self.requested),
            (evt.EVT_C_ECHO, self.echo),
            (evt.EVT_C_STORE, self.store),
            (evt.EVT_N_ACTION, self.commit),
            (evt.EVT_N_EVENT_REPORT, self.reported),
            (evt.EVT_C_FIND, self._providing.find),
            (evt.EVT_C_MOVE, self._providing.move),
            (evt.EVT_C_GET, self._providing.get),
        ]

    def requested(self, event: Event) -> None:
        """Let in or reject."""
        association, request = event.assoc, event.assoc.requestor.primitive
        if not isinstance(request, A_ASSOCIATE):
            self._visits.refuse("not_dicom", association)
            association.is_aborted = True
            association.dul.kill_dul()
            return
        reason = self._visits.reason(association, request)
        if reason is None:
            self._counts.add("associations")
            if self._providing.open and self._providing.may(association):
                association.acceptor.supported_contexts = self._queried  # to others these are not known
            return
        self._visits.refuse(reason, association)
        association.acse.send_reject(*_REJECTIONS[reason])
        association.kill()

    def echo(self, event: Event) -> int:
        """We are here."""
        self._counts.add("echoes")
        return 0x0000

    def store(self, event: Event) -> object:
        """Keep an object."""
        if not self._visits.may("send", event.assoc):
            self._visits.refuse("not_authorised", event.assoc)
            return Refusal("not_authorised").status
        with self._visits.storing(event.assoc):
            return self._storing.answer(event)

    def commit(self, event: Event) -> tuple[int, Dataset | None]:
        """Answer for objects that were kept."""
        if not self._visits.may("send", event.assoc):
            self._visits.refuse("not_authorised", event.assoc)
            return Refusal("not_authorised").status, None
        return self._commitment.answer(event)

    def reported(self, event: Event) -> tuple[int, None]:
        """A peer answers for results, or does not, on an association of its own."""
        callers = self._admission.callers(address_of(event.assoc), str(event.assoc.requestor.ae_title))
        names = [one.name for one in callers if one.commitment]
        if not names:
            self._visits.refuse("not_authorised", event.assoc)
            return Refusal("not_authorised").status, None
        try:
            settled = settle(self._ledger, names, event.event_information)
        except (ProsvetError, OSError) as error:  # told it failed, the peer may report again
            log.error("a storage commitment report could not be kept: %s", type(error).__name__)
            return _PROCESSING_FAILURE, None
        log.info("storage commitment report: %s", settled)
        return (0x0000 if settled is not None else _PROCESSING_FAILURE), None
