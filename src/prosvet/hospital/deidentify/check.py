"""The look back: is anything of the person left in what was written? Told is where, never what."""

from __future__ import annotations

import io
import re

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from prosvet.hospital.deidentify.header import ADDED
from prosvet.hospital.deidentify.items import Form
from prosvet.hospital.deidentify.known import Known
from prosvet.hospital.deidentify.options import Options
from prosvet.hospital.deidentify.profile import actions
from prosvet.hospital.deidentify.text import find_identities

__all__ = ["look_again"]

_INSIDE_CODES = {"CodeValue", "CodeMeaning", "CodingSchemeDesignator"}
_LINES = {"CS", "SH", "LO", "LT", "ST", "UT", "UC", "PN", "AE", "UR"}
_OWN = re.compile(r"P[A-Z2-7]{12}|F[A-Z2-7]{16}")


def look_again(form: Form, name: str, data: bytes, known: Known, options: Options) -> list[str]:
    """Places where something is left, ``tag InstitutionName`` or ``bytes``; none when the file is clean.

    Parameters
    ----------
    name : str
        Path of the file in the export.
    known : Known
        What its input said of the person.
    """
    left = ["name"] if list(known.find(re.sub(r"[/_.-]", " ", name))) else []
    if form == "dicom":
        return left + _dicom(data, known, options)
    if form in ("png", "jpeg") and known.in_bytes(data, pixels=True):
        left.append("bytes")
    if form in ("text", "table"):
        text = data.decode("utf-8")
        left += ["text"] if list(known.find(text)) else []
        if form == "text" and any(span.kind not in ("date", "known") for span in find_identities(text)):
            left.append("text")
    if form == "png" and re.search(rb"(?:tEXt|zTXt|iTXt|tIME)", data[:4096]):
        left.append("notes")
    return sorted(set(left))


def _dicom(data: bytes, known: Known, options: Options) -> list[str]:
    try:
        dataset = pydicom.dcmread(io.BytesIO(data))
    except (InvalidDicomError, EOFError, ValueError):
        return ["unreadable"]
    left = _walk(dataset, known, options, actions(options).keys() | ADDED)
    pixels = b"" if "PixelData" not in dataset else dataset.PixelData
    head = data[: len(data) - len(pixels)] if len(pixels) else data
    if known.in_bytes(head) or known.in_bytes(pixels, pixels=True):
        left.append("bytes")
    if data[:128] != bytes(128):
        left.append("preamble")
    if options.pixels and dataset.get("BurnedInAnnotation") != "NO":
        left.append("tag BurnedInAnnotation")
    if dataset.get("PatientIdentityRemoved") != "YES" or "DeidentificationMethodCodeSequence" not in dataset:
        left.append("tag PatientIdentityRemoved")
    return sorted(set(left))


def _walk(dataset: Dataset, known: Known, options: Options, listed: set[str]) -> list[str]:
    left: list[str] = []
    table = actions(options)
    for element in dataset:
        if element.tag.is_private:
            left += [] if options.safe_private else ["private"]
            continue
        if element.keyword not in listed | _INSIDE_CODES:
            left.append(f"tag {element.keyword or element.tag.json_key}")
        if element.VR == "SQ":
            for item in element.value:
                left += _walk(item, known, options, listed)
        elif element.VR in _LINES:
            text = str(element.value)
            told = list(known.find(text))
            if table.get(element.keyword) == "clean":
                told += find_identities(text)
            if told and not _OWN.fullmatch(text):
                left.append(f"tag {element.keyword}")
    return left
