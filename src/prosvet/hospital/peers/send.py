"""C-STORE to a peer: objects as they lie on the disk, each with a status of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from prosvet.core.errors import PeerUnreachable
from prosvet.hospital.config import Peer
from prosvet.hospital.peers.link import MOST_CONTEXTS, associated, context

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom.association import Association
    from pynetdicom.presentation import PresentationContext

__all__ = ["Sent", "judged", "store"]

log = logging.getLogger(__name__)

_PLAIN = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
_TAKEN = (0x0000, 0xB000, 0xB006, 0xB007)  # success; coerced, elements discarded, class differs: it is stored
_THERE_ALREADY = 0x0111  # duplicate: our UIDs follow from the content, so it is the same object


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one object.

    Attributes
    ----------
    sop_uid : str
        Empty for a file that is no DICOM object.
    ok : bool
        The peer says that it has it.
    again : bool
        It may succeed later, as it is.
    status : int or None
        The peer's own, of DICOM or of HTTP.
    reason : str or None
        A key under ``peer_reasons``, when it is not there.
    confirmed : bool
        A query found it there.
    """

    sop_uid: str
    ok: bool
    again: bool = False
    status: int | None = None
    reason: str | None = None
    confirmed: bool = False


def judged(sop_uid: str, status: int) -> Sent:
    """What a status of C-STORE means (PS3.4, B.2.3).

    Examples
    --------
    >>> judged("1.2", 0x0000).ok, judged("1.2", 0xB000).ok, judged("1.2", 0x0111).ok
    (True, True, True)
    >>> judged("1.2", 0xA700)
    Sent(sop_uid='1.2', ok=False, again=True, status=42752, reason='out_of_resources', confirmed=False)
    >>> judged("1.2", 0xC000).again
    False
    """
    if status in _TAKEN or status == _THERE_ALREADY:
        return Sent(sop_uid, True, status=status)
    if status >> 8 == 0xA7 or status == 0x0110:
        return Sent(sop_uid, False, True, status, "out_of_resources")
    return Sent(sop_uid, False, False, status, "not_authorised" if status == 0x0124 else "refused_object")


def store(peer: Peer, paths: Sequence[Path], calling: str = "PROSVET", *, timeout: float = 60.0) -> list[Sent]:
    """Send files to `peer`, over one association where that is possible; a status for each, in their order.

    A compressed object that the peer does not take as it is goes uncompressed, where its pixels can be decoded.

    Raises
    ------
    PeerUnreachable, PeerError
        When no association comes about: nothing was sent. One that breaks later is told by the statuses.
    """
    headers = [_header(path) for path in paths]
    done: dict[int, Sent] = {n: Sent("", False, reason="not_dicom") for n, one in enumerate(headers) if one is None}
    for part in _parts([(n, one) for n, one in enumerate(headers) if one is not None]):
        try:
            with associated(peer, calling, part.contexts, timeout=timeout) as association:
                for number, header in part.items:
                    done[number] = _send(association, paths[number], header)
        except PeerUnreachable:
            if not any(one.ok for one in done.values()):
                raise
        for number, header in part.items:
            done.setdefault(number, Sent(header.sop_uid, False, True, reason="no_connection"))
    log.info("%d of %d objects were stored in %s", sum(one.ok for one in done.values()), len(paths), peer.name)
    return [done[number] for number in range(len(paths))]


@dataclass(frozen=True, slots=True)
class _Header:
    sop_class: str
    sop_uid: str
    syntax: str


@dataclass(frozen=True, slots=True)
class _Part:
    """What goes over one association, and the contexts that it needs."""

    items: list[tuple[int, _Header]]
    contexts: list[PresentationContext]


def _header(path: Path) -> _Header | None:
    try:
        read = pydicom.dcmread(path, specific_tags=["SOPClassUID", "SOPInstanceUID"], stop_before_pixels=True)
        made = _Header(str(read.SOPClassUID), str(read.SOPInstanceUID), str(read.file_meta.TransferSyntaxUID))
    except (InvalidDicomError, AttributeError, EOFError):
        return None
    return made if made.sop_class and made.sop_uid else None


def _parts(items: list[tuple[int, _Header]]) -> Iterator[_Part]:
    taken: list[tuple[int, _Header]] = []
    wanted: dict[tuple[str, ...], PresentationContext] = {}
    for number, header in items:
        needs = {(header.sop_class, *syntaxes): syntaxes for syntaxes in ((header.syntax,), _PLAIN)}
        if taken and len(wanted.keys() | needs.keys()) > MOST_CONTEXTS:
            yield _Part(taken, list(wanted.values()))
            taken, wanted = [], {}
        for key, syntaxes in needs.items():
            wanted.setdefault(key, context(header.sop_class, *syntaxes))
        taken.append((number, header))
    if taken:
        yield _Part(taken, list(wanted.values()))


def _send(association: Association, path: Path, header: _Header) -> Sent:
    if not association.is_established:
        return Sent(header.sop_uid, False, True, reason="no_connection")
    accepted = {str(one.transfer_syntax[0]) for one in association.accepted_contexts
                if one.abstract_syntax == header.sop_class}  # fmt: skip
    if not accepted:
        return Sent(header.sop_uid, False, reason="no_context")
    dataset: Dataset = pydicom.dcmread(path)
    try:
        if header.syntax not in accepted and UID(header.syntax).is_compressed:
            dataset.decompress()
        answer = association.send_c_store(dataset)
    except (ValueError, AttributeError, NotImplementedError):  # undecodable pixels, or an unencodable data set
        return Sent(header.sop_uid, False, reason="cannot_convert")
    except RuntimeError as error:  # pixels without a decoder, or an association that has ended meanwhile
        gone = not association.is_established
        log.info("an object was not sent: %s", type(error).__name__)
        return Sent(header.sop_uid, False, gone, reason="no_connection" if gone else "cannot_convert")
    if not answer:
        return Sent(header.sop_uid, False, True, reason="no_answer")
    return judged(header.sop_uid, int(answer.Status))
