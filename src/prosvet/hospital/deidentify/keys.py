"""Pseudonyms of one export: everything follows from a secret key, and nothing leads back without it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import stat
import uuid
from datetime import date, timedelta
from pathlib import Path

from dicognito.datetimeanonymizer import DateTimeAnonymizer

from prosvet.archive.files import write_whole
from prosvet.core.errors import DeidentifyError

__all__ = ["Key", "open_key"]

_BYTES = 32
_LEAST, _MOST = 62, 730  # days that dates go back, as the archive's own intake has it
_STANDARD = "1.2.840.10008."  # UIDs of the standard itself name nobody


class Key:
    """HMAC-SHA-256 pseudonyms.

    Examples
    --------
    >>> key = Key(bytes(32))
    >>> key.patient("|12345") == key.patient("|12345"), len(key.patient("|12345"))
    (True, 13)
    >>> key.uid("1.2.3")[:5], key.uid("1.2.840.10008.5.1.4.1.1.1")
    ('2.25.', '1.2.840.10008.5.1.4.1.1.1')
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def _digest(self, kind: str, value: str) -> bytes:
        return hmac.new(self._secret, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

    def _short(self, kind: str, value: str, length: int) -> str:
        return base64.b32encode(self._digest(kind, value)).decode()[:length]

    def patient(self, known: str) -> str:
        """Pseudonym of the patient `known` to the source (see ``prosvet.archive.deidentify.patient_key``)."""
        return "P" + self._short("patient", known, 12)

    def file(self, known: str) -> str:
        """Name of the file that had the path `known`."""
        return "F" + self._short("file", known, 16)

    def uid(self, known: str) -> str:
        """UID for `known`, under 2.25; those of the standard stay."""
        if known.startswith(_STANDARD):
            return known
        return f"2.25.{uuid.UUID(bytes=self._digest('uid', known)[:16], version=5).int}"

    def days(self, patient: str) -> int:
        """Days that the dates of the patient `patient` go back: 62 to 730."""
        number = int.from_bytes(self._digest("days", patient)[:8], "big")
        return _LEAST + number % (_MOST - _LEAST + 1)

    def shifted(self, day: date, patient: str) -> date:
        """`day` of the patient, moved."""
        return day - timedelta(days=self.days(patient))

    def dates(self, patient: str) -> DateTimeAnonymizer:
        """What moves the dates and times in a header of the patient; the time of the day stays."""
        return DateTimeAnonymizer(-24 * self.days(patient))

    def seal(self, value: str) -> str:
        """What a journal may hold instead of `value`: 40 hexadecimal digits."""
        return self._digest("seal", value).hex()[:40]


def open_key(path: Path) -> Key:
    """The key in the file `path`, made on first use for its owner's eyes only.

    Raises
    ------
    DeidentifyError
        Reason ``key_open`` (others may read it), ``key_broken`` or ``key_link``.
    """
    if path.is_symlink():
        raise DeidentifyError(reason="key_link", name=path.name)
    if not path.exists():
        write_whole(path, [os.urandom(_BYTES).hex().encode() + b"\n"])
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise DeidentifyError(reason="key_open", name=path.name)
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        raise DeidentifyError(reason="key_broken", name=path.name) from None
    if len(secret) != _BYTES:
        raise DeidentifyError(reason="key_broken", name=path.name)
    return Key(secret)
