"""Words on the wire: delimiters and line ends escaped (HL7 v2.5, 2.7), characters that the encoding has."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydicom.sr.coding import Code

from prosvet.hospital.objects.frame import fitted
from prosvet.hospital.objects.kinds import CHARSETS, Charset

__all__ = ["CHARACTERS", "coded", "components", "encoded", "escaped", "field"]

CHARACTERS: dict[str, Charset] = {"UNICODE UTF-8": "ISO_IR 192", "8859/5": "ISO_IR 144"}
"""MSH-18 to the character set of DICOM that has the same letters."""

_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
_SCHEMES = {"SCT": "SCT", "LN": "LN", "DCM": "DCM", "UCUM": "UCUM", "99PROSVET": "99PROSVET"}
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def escaped(value: str) -> str:
    """Text as it may stand in a field: a line end becomes ``\\.br\\``, other control signs go.

    Examples
    --------
    >>> escaped("A|B^C")
    'A\\\\F\\\\B\\\\S\\\\C'
    """
    lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\\.br\\".join("".join(_ESCAPES.get(sign, sign) for sign in _CONTROL.sub("", line)) for line in lines)


def components(parts: Iterable[str]) -> str:
    """Components of a field, each escaped; empty ones at the end are left out."""
    return "^".join(escaped(part) for part in parts).rstrip("^")


def coded(code: Code) -> str:
    """A coded element (CE): value, words, scheme."""
    return components((code.value, code.meaning, _SCHEMES[code.scheme_designator]))


def field(*values: str) -> str:
    """Fields of a segment; empty ones at the end are left out."""
    return "|".join(values).rstrip("|")


def encoded(message: str, encoding: str) -> bytes:
    """The bytes of a message; typographic signs that the encoding lacks become those that typists use.

    Raises
    ------
    ResultError
        When letters would be lost.
    """
    charset = CHARACTERS[encoding]
    codec = CHARSETS[charset]
    return fitted(message, codec, charset).encode(codec)
