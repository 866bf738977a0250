"""ORU^R01: who, what was ordered, every finding and measurement, and the protocol in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from prosvet.core.errors import ResultError
from prosvet.core.optional import require
from prosvet.hospital.config import Hl7
from prosvet.hospital.hl7.observations import observations, result_status
from prosvet.hospital.hl7.words import components, encoded, escaped, field
from prosvet.hospital.objects.identity import uid
from prosvet.hospital.objects.results import Results
from prosvet.hospital.objects.said import notice_of
from prosvet.hospital.objects.sources import Sources, read_sources

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["oru"]

VERSION = "2.5"
_LONGEST_TEXT = 65536  # of FT (2.A.31)
_REPORT = components(("18748-4", "Diagnostic imaging report", "LN"))
_SEXES = {"M": "M", "F": "F", "O": "O"}


def oru(sources: Sequence[Dataset | Path], results: Results, *, at: datetime, config: Hl7, made_of: str = "") -> bytes:
    """What was read or signed of a study, as a message in the encoding of `config`.

    Parameters
    ----------
    at : datetime
        When it was read or signed.
    made_of : str
        As for the DICOM results: the control id (MSH-10) follows from it, so that a receiver knows a repetition.

    Returns
    -------
    bytes
        Segments parted by carriage returns, without the frame of MLLP.

    Raises
    ------
    ResultError
        When the sources are not of one study, a letter cannot be written in the encoding, or a value of the header
        does not fit its field.
    MissingExtra
    """
    require("hl7apy", "hospital")
    given = read_sources(sources, results.film)
    at = at if at.tzinfo else at.astimezone()
    segments = [_msh(given, results, at, config, made_of), _pid(given), _obr(given, results, at)]
    notice = notice_of(results)
    if notice:
        segments.append(field("NTE", "1", "L", escaped(notice)))
    segments += observations(given, results)
    message = "\r".join(segments) + "\r"
    data = encoded(message, config.encoding)
    _check(message)
    return data


def _msh(sources: Sources, results: Results, at: datetime, config: Hl7, made_of: str) -> str:
    digest = results.signed.digest if results.signed else ""
    number = uid("hl7", sources.study, made_of, results.lang, digest, at.isoformat()).removeprefix("2.25.")
    control = f"P{int(number) % 36**18:X}"[:20]
    return field(
        "MSH", "^~\\&", *(escaped(one) for one in (config.sending_application, config.sending_facility,
        config.receiving_application, config.receiving_facility)), _stamp(at), "", "ORU^R01^ORU_R01", control, "P",
        VERSION, "", "", "", "", "", config.encoding,
    )  # fmt: skip


def _pid(sources: Sources) -> str:
    film = sources.film
    names = [*_value(sources, "PatientName").partition("=")[0].split("^"), "", "", "", ""][:5]
    family, given, middle, prefix, suffix = names
    number = components((_value(sources, "PatientID"), "", "", str(film.get("IssuerOfPatientID") or "").strip()))
    birth = _value(sources, "PatientBirthDate")
    return field(
        "PID", "1", "", number, "", components((family, given, middle, suffix, prefix)), "",
        birth if birth.isdecimal() and len(birth) == 8 else "", _SEXES.get(_value(sources, "PatientSex"), ""),
    )  # fmt: skip


def _obr(sources: Sources, results: Results, at: datetime) -> str:
    """Order: OBR-2 and OBR-3 are the accession number, by which the orderer knows it."""
    accession = escaped(_value(sources, "AccessionNumber"))
    time = _value(sources, "StudyTime").partition(".")[0]
    taken = _value(sources, "StudyDate") + (time if time.isdecimal() and len(time) in (4, 6) else "")
    fields = [""] * 33
    fields[0], fields[1], fields[2], fields[3], fields[4] = "OBR", "1", accession, accession, _REPORT
    fields[7], fields[22], fields[24] = taken, _stamp(at), "RAD"
    fields[25] = result_status(results)
    if results.signed:
        # A person whose number we do not know: the name alone, as NDL's first component has it (CNN).
        family, _, rest = results.signed.name.replace("^", " ").strip().partition(" ")
        fields[32] = "&".join(("", escaped(family), escaped(rest))).rstrip("&")
    return field(*fields)


def _value(sources: Sources, keyword: str) -> str:
    return str(sources.film.get(keyword) or "").strip()


def _stamp(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S%z")


def _check(message: str) -> None:
    """Hold the message against the tables of the standard.

    The library takes a value of any type for a short string (199 signs), so that the length of formatted text is
    looked at here.
    """
    from hl7apy.consts import VALIDATION_LEVEL
    from hl7apy.exceptions import HL7apyException
    from hl7apy.parser import parse_message

    rows = [segment.split("|") for segment in message.split("\r")]
    for row in rows:
        if row[0] == "OBX" and row[2] == "FT":
            if len(row[5]) > _LONGEST_TEXT:
                raise ResultError(reason="not_hl7", keyword="MaxLengthReached")
            row[5] = "text"
    try:
        parse_message(
            "\r".join("|".join(row) for row in rows), validation_level=VALIDATION_LEVEL.STRICT, force_validation=True
        )
    except HL7apyException as error:
        raise ResultError(reason="not_hl7", keyword=type(error).__name__) from None
