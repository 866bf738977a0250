"""Why the node says no, and what it answers then: one table."""

from __future__ import annotations

import errno

from prosvet.core.errors import AlreadyRunning, DiskFull, ProsvetError

__all__ = ["REASONS", "Refusal", "of_failure"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

REASONS: dict[str, tuple[int, str]] = {
    # Whom we do not know: the association is rejected or the connection closed, no status is sent.
    "address": (0, "address is not on the list"),
    "calling_aet": (0, "calling AE title is not on the list"),
    "called_aet": (0, "called AE title is not ours"),
    "too_many_associations": (0, "too many associations"),
    "tls": (0, "TLS handshake failed"),
    # What is no conversation: the association is aborted.
    "not_dicom": (0, "not a DICOM association"),
    "pdu_too_long": (0, "PDU longer than agreed"),
    "bad_message": (0, "message cannot be decoded"),
    "object_too_large": (0, "object larger than the limit"),
    "object_timeout": (0, "object took too long"),
    "association_timeout": (0, "association took too long"),
    "stopping": (0, "the node is stopping"),
    # What is no object we can keep: a status of PS3.4 B.2.3 and PS3.7 9.1.1.1.9.
    "disk_full": (0xA700, "no room left"),
    "busy": (0xA700, "database is busy, send again"),
    "spool_full": (0xA700, "too much is arriving at once, send again"),
    "storage": (0xA700, "storage failed, send again"),
    "inflated": (0xA700, "data set inflates beyond the limit"),
    "too_many_objects": (0xA702, "more objects than one retrieval may have, ask for less"),
    "other_class": (0xA900, "data set is of another SOP class"),
    "other_instance": (0xA900, "data set is another SOP instance"),
    "truncated": (0xC000, "data set is truncated or its lengths lie"),
    "not_understood": (0xC000, "data set cannot be parsed"),
    "missing_uid": (0xC000, "a UID is missing"),
    "invalid_uid": (0x0117, "a UID is not a UID"),
    "not_authorised": (0x0124, "not allowed for this AE title"),
    "other_content": (0x0111, "another object with this UID is kept"),
}
"""Reason to DICOM status (0: none is sent) and the words that go with it; never a word of the object itself."""


class Refusal(Exception):
    """Something that is not taken, for one of :data:`REASONS`. Never leaves the node."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.status, self.words = REASONS[reason]
        super().__init__(self.words)


def of_failure(error: ProsvetError | OSError) -> Refusal:
    """The refusal that a failure of ours comes to: always one after which the sender may send again.

    Examples
    --------
    >>> of_failure(OSError(errno.ENOSPC, "No space left on device")).reason
    'disk_full'
    """
    if isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in _FULL):
        return Refusal("disk_full")
    return Refusal("busy" if isinstance(error, AlreadyRunning) else "storage")
