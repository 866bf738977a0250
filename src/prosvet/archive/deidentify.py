"""Identity is taken out on the way in: pseudonyms, shifted dates, and headers without the person.

DICOM headers follow the Basic Application Level Confidentiality Profile (DICOM PS3.15, annex E) through the
library dicognito, after a stricter step of our own: an element that is not on the list of what reading and
retrieval need is dropped, private ones and free text among them. Kept are sex, age (above 89 it becomes 90) and
the time between a patient's studies: all dates of an archive move back by one secret number of hours (two months
to two years). Letters burned into the pixels are out of scope here, and so is free text of reports: they stay as
they came.

Everything derives from a secret of the archive (``secret``, readable by its owner only), so that the same patient
always gets the same pseudonym here, and another one in another archive.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import os
import re
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Self

import pydicom
from dicognito.anonymizer import Anonymizer
from pydicom.dataset import Dataset, FileMetaDataset

from prosvet.archive.files import write_whole
from prosvet.archive.keep import KEPT
from prosvet.core.context import Context
from prosvet.imaging.naming import written_by_us

__all__ = ["OLDEST", "Deidentifier", "age_years", "archive_secret", "dicom_day", "patient_key"]

OLDEST = 90  # years: ages above 89 identify, and become this
_FIRST_YEAR = 1850  # earlier ones are no dates, and could not be moved back
_LEAST = 4  # characters: a shorter name or number says too little to look for in a file's name


def archive_secret(home: Path) -> bytes:
    """The archive's secret, made on first use, with access for its owner only."""
    path = home / "secret"
    if not path.exists():
        write_whole(path, [os.urandom(32).hex().encode()])
    return bytes.fromhex(path.read_text())


class Deidentifier:
    """Pseudonyms and clean headers of one archive.

    Examples
    --------
    >>> names = Deidentifier(bytes(32))
    >>> names.patient("hospital|12345") == names.patient("hospital|12345")
    True
    >>> names.study("1.2.840.1")[0], len(names.study("1.2.840.1"))
    ('S', 13)
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._anonymizer = Anonymizer(seed=secret.hex())
        self.shifted = lru_cache(maxsize=65536)(self._shifted)

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """With the secret of the context's archive."""
        return cls(archive_secret(context.settings.home))

    def _keyed(self, kind: str, value: str) -> bytes:
        return hmac.new(self._secret, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

    def patient(self, key: str) -> str:
        """Pseudonym of the patient known to the source as `key`."""
        return "P" + base64.b32encode(self._keyed("patient", key)).decode()[:12]

    def study(self, key: str) -> str:
        """Id of the study known to the source as `key`."""
        return "S" + base64.b32encode(self._keyed("study", key)).decode()[:12]

    def ledger_key(self, path: str) -> str:
        """What stands in the ledger for a path: folders are often named after patients."""
        return self._keyed("path", path).hex()[:40]

    def _shifted(self, day: date) -> date:
        header = Dataset()
        header.file_meta = FileMetaDataset()
        header.StudyDate = day.strftime("%Y%m%d")
        self._anonymizer.anonymize(header)
        return datetime.strptime(header.StudyDate, "%Y%m%d").date()

    def header(self, header: Dataset) -> Dataset:
        """Clean `header` (with its ``file_meta``) in place and return it; pixel data stay as they are."""
        patient = self.patient(patient_key(header))
        _drop_unlisted(header)
        self._anonymizer.anonymize(header)
        header.PatientID = patient
        header.PatientName = patient
        header.PatientBirthDate = ""
        age = age_years(header)
        if age is not None and age >= OLDEST:
            header.PatientAge = f"{OLDEST:03d}Y"
        return header

    def dicom(self, data: bytes) -> bytes:
        """A DICOM file without the person; the same bytes in give the same bytes out."""
        dataset = pydicom.dcmread(io.BytesIO(data), force=True)
        self.header(dataset)
        meta = dataset.file_meta
        for keyword in ("SourceApplicationEntityTitle", "SendingApplicationEntityTitle", "PrivateInformation",
                        "PrivateInformationCreatorUID", "ReceivingApplicationEntityTitle",
                        "SourcePresentationAddress"):  # fmt: skip
            if keyword in meta:
                delattr(meta, keyword)
        written_by_us(meta)
        dataset.preamble = bytes(128)
        out = io.BytesIO()
        pydicom.dcmwrite(out, dataset, enforce_file_format=True)
        return out.getvalue()

    @staticmethod
    def file_name(name: str, header: Dataset, instead: str) -> str:
        """`name`, or `instead` with its suffix when the name tells who the patient is."""
        known = [str(header.get(keyword, "")) for keyword in ("PatientID", "AccessionNumber", "OtherPatientIDs")]
        known += re.split(r"[\^=\s]+", str(header.get("PatientName", "")))
        plain = re.sub(r"[\W_]+", "", name).casefold()
        for value in known:
            short = re.sub(r"[\W_]+", "", value).casefold()
            if len(short) >= _LEAST and short in plain:
                return instead + Path(name).suffix
        return name


def patient_key(header: Dataset) -> str:
    """What a DICOM header calls its patient: issuer and number, or the study where it names nobody."""
    number = str(header.get("PatientID", "") or "").strip()
    if not number:
        return f"study:{header.get('StudyInstanceUID', '') or header.get('SOPInstanceUID', '')}"
    return f"{str(header.get('IssuerOfPatientID', '') or '').strip()}|{number}"


def age_years(header: Dataset) -> float | None:
    """Age at the study, from the header's age or its dates; None where neither says a sensible one."""
    text = str(header.get("PatientAge", "") or "").strip().upper()
    found = re.fullmatch(r"(\d{1,3})([DWMY]?)", text)
    if found:
        years = int(found[1]) / {"D": 365.25, "W": 52.18, "M": 12.0}.get(found[2], 1.0)
        return round(years, 2) if years <= 120 else None
    born, done = dicom_day(str(header.get("PatientBirthDate", ""))), dicom_day(str(header.get("StudyDate", "")))
    if born is None or done is None or not born <= done:
        return None
    years = done.year - born.year - ((done.month, done.day) < (born.month, born.day))
    return float(years) if years <= 120 else None


def dicom_day(text: str) -> date | None:
    """A DICOM date (``YYYYMMDD``, or the old ``YYYY.MM.DD``), or None."""
    try:
        day = datetime.strptime(text.replace(".", "")[:8], "%Y%m%d").date()
    except ValueError:
        return None
    return day if day.year >= _FIRST_YEAR else None


def _drop_unlisted(dataset: Dataset) -> None:
    """Leave what :data:`KEPT` lists, in sequences too, and no date that the shift could not read."""
    for element in list(dataset):
        if element.tag.is_private or element.keyword not in KEPT:
            del dataset[element.tag]
        elif element.VR == "SQ":
            for part in element.value:
                _drop_unlisted(part)
        elif (element.VR == "DA" and dicom_day(str(element.value)) is None) or (
            element.VR == "TM" and not re.match(r"\d\d", str(element.value))
        ):
            del dataset[element.tag]
