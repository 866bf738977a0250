"""C-STORE to a peer, and a look by C-FIND whether it is there."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, ImplicitVRLittleEndian
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association

from prosvet.archive.files import sha256
from prosvet.hospital.config import HospitalConfig, Peer
from prosvet.hospital.flow.routes import Answer, Parcel, Unreachable
from prosvet.hospital.flow.verdicts import verdict
from prosvet.hospital.node.naming import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION
from prosvet.hospital.node.tls import client_context

__all__ = ["PeerSender", "Waits"]

_FIND = UID("1.2.840.10008.5.1.4.1.2.2.1")  # Study Root Query/Retrieve: FIND
_PENDING = (0xFF00, 0xFF01)


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds to wait: for the connection, for the association, for an answer."""

    connection: float = 10.0
    association: float = 20.0
    answer: float = 45.0


class PeerSender:
    """Sends over one association a turn; each file is checked against its hash before it goes."""

    def __init__(self, aet: str, peer: Peer, waits: Waits | None = None) -> None:
        self._aet, self._peer, self._waits = aet, peer, waits or Waits()
        self._tls = client_context(peer.tls) if peer.tls is not None else None
        logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)  # its lines carry UIDs

    @classmethod
    def of(cls, destination: str, config: HospitalConfig) -> Self:
        """For the peer of that name."""
        return cls(config.node.aet, config.peer(destination))

    def send(self, parcels: list[Parcel], told: Callable[[Parcel, Answer], bool]) -> None:
        """See :class:`prosvet.hospital.flow.routes.Sender`."""
        loaded = [(parcel, _load(parcel)) for parcel in parcels]
        contexts = [
            (UID(parcel.sop_class or ""), syntax)
            for parcel, dataset in loaded
            if dataset is not None
            for syntax in (dataset.file_meta.TransferSyntaxUID, ImplicitVRLittleEndian)
        ]
        association = self._associate(list(dict.fromkeys(contexts))) if contexts else None
        try:
            for parcel, dataset in loaded:
                answer = Answer("refused", "damaged")
                if dataset is not None and association is not None:
                    answer = _store(association, dataset)
                if not told(parcel, answer):
                    return
        finally:
            _end(association)

    def confirm(self, parcels: list[Parcel]) -> dict[int, bool] | None:
        """See :class:`prosvet.hospital.flow.routes.Sender`; peers that may not be queried are not asked."""
        if not self._peer.may_query:
            return None
        association = self._associate([(_FIND, ImplicitVRLittleEndian)])
        try:
            return {parcel.id: _found(association, parcel) for parcel in parcels}
        finally:
            _end(association)

    def _associate(self, contexts: list[tuple[UID, UID]]) -> Association:
        entity = ApplicationEntity(self._aet)
        entity.connection_timeout, entity.acse_timeout = self._waits.connection, self._waits.association
        entity.dimse_timeout = entity.network_timeout = self._waits.answer
        entity.implementation_class_uid = IMPLEMENTATION_UID
        entity.implementation_version_name = IMPLEMENTATION_VERSION
        for sop_class, syntax in contexts:
            entity.add_requested_context(sop_class, syntax)
        named: dict[str, Any] = {"ae_title": self._peer.aet}
        if self._tls is not None:
            named["tls_args"] = (self._tls, self._peer.host)
        try:
            association = entity.associate(self._peer.host, self._peer.port, **named)
        except (OSError, RuntimeError) as error:
            raise Unreachable("no_connection") from error
        if association.is_established:
            return association
        # Accepted without any of the classes that were asked for: pynetdicom ends it by itself.
        if association.rejected_contexts and not association.is_rejected:
            raise Unreachable("no_context")
        raise Unreachable("rejected" if association.is_rejected else "no_connection")


def _load(parcel: Parcel) -> Dataset | None:
    """The object, or None when its file is gone or damaged."""
    try:
        data = parcel.path.read_bytes()
    except FileNotFoundError:
        return None
    return dcmread(io.BytesIO(data)) if sha256(data) == parcel.sha256 else None


def _store(association: Association, dataset: Dataset) -> Answer:
    if not association.is_established:
        raise Unreachable("ended")
    try:
        status = association.send_c_store(dataset)
    except ValueError:  # no presentation context of the class was accepted
        return Answer("refused", "no_context")
    except RuntimeError as error:
        raise Unreachable("ended") from error
    if "Status" not in status:
        raise Unreachable("no_answer")
    return verdict(int(status.Status))


def _found(association: Association, parcel: Parcel) -> bool:
    header = _load(parcel)
    query = Dataset()
    query.QueryRetrieveLevel = "IMAGE"
    query.StudyInstanceUID = parcel.study_uid
    query.SeriesInstanceUID = str(header.SeriesInstanceUID) if header is not None else ""
    query.SOPInstanceUID = parcel.sop_uid
    found = False
    try:
        for status, answer in association.send_c_find(query, _FIND):
            if "Status" not in status:
                raise Unreachable("no_answer")
            if status.Status in _PENDING and answer is not None:
                found = found or str(answer.get("SOPInstanceUID", "")) == parcel.sop_uid
            elif status.Status != 0 and status.Status not in _PENDING:
                raise Unreachable("query_refused")
    except (RuntimeError, ValueError) as error:
        raise Unreachable("ended") from error
    return found


def _end(association: Association | None) -> None:
    if association is not None and association.is_established:
        association.release()
