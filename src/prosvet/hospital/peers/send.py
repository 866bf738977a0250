"""C-STORE to a peer: objects as they lie on the disk, each with a status of its own."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
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

__all__ = ["Sent", "each", "judged", "store"]

log = logging.getLogger(__name__)

_PLAIN = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
_WARNINGS = (0x0001, 0x0107, 0x0116)
_DUPLICATE = 0x0111  # our UIDs follow from the content, so it is the same object
_LATER = (0x0110, 0x0210, 0x0212, 0x0213, 0xFE00)
"""Processing failure, duplicate invocation, mistyped argument, resource limitation, cancel."""


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
    """What a status of C-STORE means (PS3.4 B.2.3, PS3.7 C); a warning means stored.

    Examples
    --------
    >>> judged("1.2", 0x0000).ok, judged("1.2", 0xB000).ok, judged("1.2", 0x0111).ok
    (True, True, True)
    >>> judged("1.2", 0xA700)
    Sent(sop_uid='1.2', ok=False, again=True, status=42752, reason='no_room', confirmed=False)
    >>> judged("1.2", 0xC000).again
    False
    """
    if status in (0x0000, _DUPLICATE, *_WARNINGS) or 0xB000 <= status <= 0xBFFF:
        return Sent(sop_uid, True, status=status)
    if 0xA700 <= status <= 0xA7FF:
        return Sent(sop_uid, False, True, status, "no_room")
    if status in _LATER:
        return Sent(sop_uid, False, True, status, "busy")
    return Sent(sop_uid, False, False, status, "not_authorised" if status == 0x0124 else "refused_object")


def each(
    peer: Peer, paths: Sequence[Path], calling: str = "PROSVET", *, timeout: float = 60.0, opening: float = 30.0
) -> Generator[Sent]:
    """Send files to `peer` in turn, over one association where that is possible; the status of each as it comes.

    A compressed object that the peer does not take as it is goes uncompressed, where its pixels can be decoded.

    Raises
    ------
    PeerUnreachable, PeerError
        When no association comes about: this file and those after it were not sent.
    """
    for part in _parts([(path, _header(path)) for path in paths]):
        if not part.contexts:
            yield from (_NO_OBJECT for _ in part.items)
            continue
        with associated(peer, calling, part.contexts, timeout=timeout, opening=opening) as association:
            for path, header in part.items:
                yield _NO_OBJECT if header is None else _send(association, path, header)


def store(peer: Peer, paths: Sequence[Path], calling: str = "PROSVET", *, timeout: float = 60.0) -> list[Sent]:
    """Send files to `peer`; a status for each, in their order. See :func:`each`.

    Raises
    ------
    PeerUnreachable, PeerError
        When nothing was sent. A connection that breaks later is told by the statuses.
    """
    done: list[Sent] = []
    try:
        done.extend(each(peer, paths, calling, timeout=timeout))
    except PeerUnreachable:
        if not any(one.ok for one in done):
            raise
        rest = [_header(path) for path in paths[len(done) :]]
        done += [Sent(one.sop_uid if one else "", False, True, reason="no_connection") for one in rest]
    log.info("%d of %d objects were stored in %s", sum(one.ok for one in done), len(paths), peer.name)
    return done


_NO_OBJECT = Sent("", False, reason="not_dicom")


@dataclass(frozen=True, slots=True)
class _Header:
    sop_class: str
    sop_uid: str
    syntax: str


_Items = list[tuple[Path, _Header | None]]


@dataclass(frozen=True, slots=True)
class _Part:
    """What goes over one association, and the contexts that it needs."""

    items: _Items
    contexts: list[PresentationContext]


def _header(path: Path) -> _Header | None:
    try:
        read = pydicom.dcmread(path, specific_tags=["SOPClassUID", "SOPInstanceUID"], stop_before_pixels=True)
        made = _Header(str(read.SOPClassUID), str(read.SOPInstanceUID), str(read.file_meta.TransferSyntaxUID))
    except (InvalidDicomError, AttributeError, EOFError):
        return None
    return made if made.sop_class and made.sop_uid else None


def _parts(items: _Items) -> Iterator[_Part]:
    taken: _Items = []
    wanted: dict[tuple[str, ...], PresentationContext] = {}
    for path, header in items:
        needs: dict[tuple[str, ...], tuple[str, ...]] = {}
        if header is not None:
            needs = {(header.sop_class, *syntaxes): syntaxes for syntaxes in ((header.syntax,), _PLAIN)}
        if taken and len(wanted.keys() | needs.keys()) > MOST_CONTEXTS:
            yield _Part(taken, list(wanted.values()))
            taken, wanted = [], {}
        for key, syntaxes in needs.items():
            wanted.setdefault(key, context(key[0], *syntaxes))
        taken.append((path, header))
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
