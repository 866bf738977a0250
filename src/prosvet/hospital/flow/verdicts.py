"""What a C-STORE status means for the object that was sent (PS3.4 B.2.3, PS3.7 C)."""

from __future__ import annotations

from prosvet.hospital.flow.routes import Answer

__all__ = ["verdict"]

_WARNINGS = (0x0001, 0x0107, 0x0116)
_DUPLICATE = 0x0111
_LATER = (0x0110, 0x0210, 0x0212, 0x0213, 0xFE00)
"""Processing failure, duplicate invocation, mistyped argument, resource limitation, cancel."""


def verdict(status: int) -> Answer:
    """The answer behind a status; a warning means stored, and so does "I have it already".

    Examples
    --------
    >>> verdict(0x0000).verdict, verdict(0xB000).verdict, verdict(0xA700).verdict, verdict(0xA900).verdict
    ('taken', 'taken', 'later', 'refused')
    """
    number = f"{status:04X}"
    if status == 0:
        return Answer("taken")
    if status in _WARNINGS or 0xB000 <= status <= 0xBFFF:
        return Answer("taken", "with_warning", number)
    if status == _DUPLICATE:
        return Answer("taken", "was_there", number)
    if 0xA700 <= status <= 0xA7FF:
        return Answer("later", "no_room", number)
    if status in _LATER:
        return Answer("later", "busy", number)
    return Answer("refused", "status", number)
