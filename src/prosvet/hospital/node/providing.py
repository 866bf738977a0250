"""Query and retrieval by other systems: who may, what they are told, and the audit of it.

Each query and each study that is given is in the audit log before the first answer leaves.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from threading import Event as Flag
from typing import TYPE_CHECKING, Any, Literal

from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pynetdicom import evt
from sqlalchemy import select

from prosvet.archive.deidentify import Deidentifier
from prosvet.core.audit import AuditLog
from prosvet.hospital.config import HospitalConfig, Peer
from prosvet.hospital.ledger.schema import Exam
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.admission import Admission
from prosvet.hospital.node.catalogue import Catalogue
from prosvet.hospital.node.facts import Counts
from prosvet.hospital.node.finding import find
from prosvet.hospital.node.holdings import Held
from prosvet.hospital.node.refusals import Refusal
from prosvet.hospital.node.retrieving import contexts_for, meant, sendable
from prosvet.hospital.node.roots import NotAnIdentifier, Root, level_of, root_of
from prosvet.hospital.node.tls import client_context

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.events import Event

__all__ = ["Providing"]

log = logging.getLogger(__name__)

Answer = tuple[int | Dataset, Dataset | None]

_PENDING, _CANCELLED, _NOT_AUTHORISED, _NO_ROOM = 0xFF00, 0xFE00, 0x0124, 0xA700
_MISMATCH = 0xA900
_MOST_COUNTED = 65535  # objects that an answer can count
_CATCH_UP = 10.0  # seconds that a query waits for what came since the last one


class Providing:
    """Answers C-FIND, C-MOVE and C-GET."""

    def __init__(
        self, ledger: Ledger, config: HospitalConfig, admission: Admission, names: Deidentifier, audit: AuditLog,
        counts: Counts,
    ) -> None:  # fmt: skip
        self._ledger, self._config, self._admission = ledger, config, admission
        self._names, self._audit, self._counts = names, audit, counts
        self._catalogue = Catalogue(ledger)

    @property
    def open(self) -> bool:
        """Whether anybody may query us."""
        return bool(self._config.queriers())

    def keep_up(self, stop: Flag) -> None:
        """Keep the catalogue until `stop` is set; where nobody may query us, there is none."""
        if self.open:
            self._catalogue(stop)
        else:
            self._catalogue.clear()

    def may(self, association: Association) -> bool:
        """Whether who asked for this association may query us."""
        info = association.requestor.address_info
        calling = _calling(association)
        return self._admission.may("query", str(info.address) if info is not None else "", calling)

    # ---------------------------------------------------------------- C-FIND

    def find(self, event: Event) -> Iterator[Answer]:
        """The answers to one C-FIND."""
        if not self.may(event.assoc):
            yield _NOT_AUTHORISED, None
            return
        try:
            asked, root = event.identifier, _root(event)
            level = level_of(asked, root)
        except (NotAnIdentifier, InvalidDicomError, ValueError, TypeError, KeyError, AttributeError, EOFError):
            yield _MISMATCH, None
            return
        if not self._catalogue.catch_up(_CATCH_UP):
            log.warning("a query is answered from a catalogue that is not whole yet")
        most, over = self._config.node.max_answers, False
        found: list[Dataset] = []
        for answer in find(self._ledger, asked, self._config.node.aet, root):
            if event.is_cancelled:
                yield _CANCELLED, None
                return
            if over := len(found) == most:
                break
            found.append(answer)
        self._counts.add("queries")
        self._audit.write("node.queried", peer=self._peer(event.assoc), level=level.lower(), found=len(found))
        for answer in found:
            if event.is_cancelled:
                yield _CANCELLED, None
                return
            yield _PENDING, answer
        if over:
            status = Dataset()
            status.Status, status.ErrorComment = _NO_ROOM, f"more than {most} answers: ask for less"
            yield status, None

    # ---------------------------------------------------------------- C-MOVE, C-GET

    def move(self, event: Event) -> Iterator[Any]:
        """Destination, number of objects, then the objects of one C-MOVE; errors end it as "unable to process"."""
        to = next((one for one in self._config.queriers() if one.aet == str(event.move_destination).strip()), None)
        if to is None or not self.may(event.assoc):
            yield None, None  # "move destination unknown"
            return
        objects = self._meant(event)
        refused = self._too_many(event, objects)
        if refused is None:
            self._note(event.assoc, objects, "move", to)
        accepted: set[tuple[str, str]] = set()
        yield to.host, to.port, self._way(to, objects if refused is None else objects[:1], accepted)
        yield min(len(objects), _MOST_COUNTED)
        yield from self._each(event, objects, accepted) if refused is None else iter([(refused, None)])

    def get(self, event: Event) -> Iterator[Any]:
        """Number of objects, then the objects of one C-GET; errors end it as "unable to process"."""
        if not self.may(event.assoc):
            raise PermissionError("not allowed for this AE title")
        objects = self._meant(event)
        refused = self._too_many(event, objects)
        yield min(len(objects), _MOST_COUNTED)
        if refused is not None:
            yield refused, None
            return
        self._note(event.assoc, objects, "get", None)
        yield from self._each(event, objects, _agreed(event.assoc))

    def _meant(self, event: Event) -> list[Held]:
        """The objects that are asked for: all of them, or an error."""
        root = _root(event)
        if root == "patient" and not self._catalogue.catch_up(_CATCH_UP):
            raise TimeoutError("the catalogue is not whole yet")
        return meant(self._ledger, event.identifier, root)

    def _too_many(self, event: Event, objects: list[Held]) -> Dataset | None:
        """The answer to who asks for more than one retrieval may have; nothing of it is given then."""
        if len(objects) <= self._config.node.max_given:
            return None
        refusal = Refusal("too_many_objects")
        info = event.assoc.requestor.address_info
        self._counts.refuse(refusal.reason, str(info.address) if info is not None else "")
        status = Dataset()
        status.Status, status.ErrorComment = refusal.status, refusal.words
        return status

    def _way(self, to: Peer, objects: list[Held], accepted: set[tuple[str, str]]) -> dict[str, Any]:
        """How to call the destination; what it takes is put down in `accepted` once it has answered."""
        named: dict[str, Any] = {
            "contexts": contexts_for(objects),
            "evt_handlers": [(evt.EVT_ACCEPTED, lambda event: accepted.update(_agreed(event.assoc)))],
        }
        if to.tls is not None:
            named["tls_args"] = (client_context(to.tls), to.host)
        return named

    def _each(self, event: Event, objects: list[Held], accepted: set[tuple[str, str]]) -> Iterator[Answer]:
        for one in objects:
            if event.is_cancelled:
                yield _CANCELLED, None
                return
            yield _PENDING, sendable(one, accepted)
            self._counts.add("given")

    # ---------------------------------------------------------------- the audit

    def _note(
        self, association: Association, objects: list[Held], how: Literal["move", "get"], to: Peer | None
    ) -> None:
        peer, numbers = self._peer(association), Counter(one.study_uid for one in objects)
        query = select(Exam.study_uid, Exam.study).where(Exam.study_uid.in_(list(numbers)))
        with self._ledger.read() as db:
            known = {uid: study for uid, study in db.execute(query)}
        self._counts.add("queries")
        for uid, number in numbers.items():
            study = known.get(uid) or self._names.study(f"uid:{uid}")
            self._audit.write("node.given", study=study, peer=peer, to=to.name if to else peer, how=how, objects=number)

    def _peer(self, association: Association) -> str:
        info = association.requestor.address_info
        callers = self._admission.callers(str(info.address) if info is not None else "", _calling(association))
        return next((one.name for one in callers if one.may_query_us), "")


def _root(event: Event) -> Root:
    return root_of(str(event.context.abstract_syntax))


def _calling(association: Association) -> str:
    """Its own AE title, which stands in its request before anything was negotiated."""
    request = association.requestor.primitive
    return str(request.calling_ae_title if request is not None else association.requestor.ae_title).strip()


def _agreed(association: Association) -> set[tuple[str, str]]:
    return {(str(one.abstract_syntax), str(one.transfer_syntax[0])) for one in association.accepted_contexts}
