"""UIDs that follow from what an object was made of, so that a repeat after a crash is the same object."""

from __future__ import annotations

from uuid import UUID, uuid5

__all__ = ["SCHEME_UID", "device_uid", "uid"]

_OURS = UUID("6d3c0f0e-5a0b-5d0f-9a54-8f0f7a1b6c21")


def uid(*of: str) -> str:
    """A UID under 2.25 (PS3.5 B.2) that follows from its arguments alone.

    Examples
    --------
    >>> uid("study", "sr") == uid("study", "sr")
    True
    >>> uid("study", "sr") == uid("study", "seg")
    False
    >>> len(uid("a")) <= 64
    True
    """
    return f"2.25.{uuid5(_OURS, chr(0).join(of)).int}"


def device_uid(model: str, revision: str) -> str:
    """The observer: one UID for each revision of a model, everywhere."""
    return uid("device", model, revision)


SCHEME_UID = uid("coding scheme", "99PROSVET")
