"""An association that we ask for: bounded in time, over TLS where the peer has it, and always ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu_primitives import A_ASSOCIATE, SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext

from prosvet.core.errors import PeerError, PeerUnreachable
from prosvet.hospital.config import Peer
from prosvet.hospital.node.tls import client_context
from prosvet.hospital.peers.quiet import hush
from prosvet.imaging.naming import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom.association import Association
    from pynetdicom.events import EventHandlerType

__all__ = ["ECHO", "MOST_CONTEXTS", "associated", "context", "echo", "role", "status_of"]

ECHO = "1.2.840.10008.1.1"
MOST_CONTEXTS = 128  # PS3.8: their numbers are odd, and below 256
_CONNECT, _ACSE = 10.0, 30.0  # seconds
_TRANSIENT = 2  # the result of a rejection: may be asked again (PS3.8, 9.3.4)
_DIAGNOSTICS = {(1, 3): "calling_aet", (1, 7): "called_aet"}  # source, diagnostic


def context(sop_class: str, *syntaxes: str) -> PresentationContext:
    """A presentation context; without `syntaxes`, both uncompressed little endian ones."""
    made = PresentationContext()
    made.abstract_syntax = sop_class
    made.transfer_syntax = list(syntaxes) or ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]
    return made


def role(sop_class: str) -> SCP_SCU_RoleSelectionNegotiation:
    """That we take objects of `sop_class` on an association of ours (C-GET)."""
    made = SCP_SCU_RoleSelectionNegotiation()
    made.sop_class_uid, made.scu_role, made.scp_role = sop_class, False, True
    return made


@contextmanager
def associated(
    peer: Peer,
    calling: str,
    contexts: Sequence[PresentationContext],
    *,
    roles: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
    handlers: Sequence[EventHandlerType] = (),
    timeout: float = 60.0,
    opening: float = _ACSE,
) -> Iterator[Association]:
    """Talk to `peer` under the name `calling`.

    Parameters
    ----------
    timeout : float
        Seconds that one answer, or a silence, may last.
    opening : float
        Seconds until it has to have accepted us.

    Raises
    ------
    PeerUnreachable
        Nobody answers there, it breaks off, or it is busy.
    PeerError
        It refuses us, or all that we ask for.
    InvalidSettings
        When the files for TLS cannot be used.
    """
    hush()
    entity = ApplicationEntity(calling)
    entity.connection_timeout, entity.acse_timeout = min(_CONNECT, opening), opening
    entity.dimse_timeout = entity.network_timeout = timeout
    entity.implementation_class_uid = IMPLEMENTATION_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION
    named: dict[str, Any] = {"ae_title": peer.aet, "evt_handlers": list(handlers)}
    if roles:
        named["ext_neg"] = list(roles)
    if peer.tls is not None:
        named["tls_args"] = (client_context(peer.tls), peer.host)
    try:
        association = entity.associate(peer.host, peer.port, contexts=list(contexts), **named)
    except OSError:
        raise PeerUnreachable(peer=peer.name, reason="no_connection") from None
    if not association.is_established:
        raise _refusal(peer, association)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()
        if association.is_alive():
            association.abort()


def echo(peer: Peer, calling: str, *, timeout: float = 20.0) -> None:
    """Ask whether `peer` is there and knows us.

    Raises
    ------
    PeerUnreachable, PeerError
    """
    with associated(peer, calling, [context(ECHO)], timeout=timeout) as association:
        status_of(association.send_c_echo(), peer)


def status_of(answer: Dataset | None, peer: Peer) -> int:
    """The status of an answer that has to be success.

    Raises
    ------
    PeerUnreachable
        When none came.
    PeerError
        When it is another.
    """
    if not answer:
        raise PeerUnreachable(peer=peer.name, reason="no_answer")
    status = int(answer.Status)
    if status != 0x0000:
        raise PeerError(peer=peer.name, reason="status", status=f"{status:04X}")
    return status


def _refusal(peer: Peer, association: Association) -> PeerError:
    answer = association.acceptor.primitive
    if association.is_rejected and isinstance(answer, A_ASSOCIATE):
        if answer.result == _TRANSIENT:
            return PeerUnreachable(peer=peer.name, reason="busy")
        place = (int(answer.result_source or 0), int(answer.diagnostic or 0))
        return PeerError(peer=peer.name, reason=_DIAGNOSTICS.get(place, "rejected"))
    if answer is not None and association.rejected_contexts and not association.accepted_contexts:
        return PeerError(peer=peer.name, reason="no_context")
    return PeerUnreachable(peer=peer.name, reason="no_connection")
