"""The header without the person: built anew from what may stay, sequences walked."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import pydicom
from pydicom import uid
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from prosvet.archive.deidentify import OLDEST, age_years, dicom_day, patient_key
from prosvet.core.errors import DeidentifyError
from prosvet.hospital.deidentify.keys import Key
from prosvet.hospital.deidentify.known import Known
from prosvet.hospital.deidentify.names import find_names
from prosvet.hospital.deidentify.numbers import find_dates
from prosvet.hospital.deidentify.options import Options, method_codes, method_words
from prosvet.hospital.deidentify.profile import Action, actions
from prosvet.hospital.deidentify.terms import coded, is_term, known_words
from prosvet.imaging.naming import written_by_us

__all__ = ["ADDED", "HeaderCleaner"]

_ADDED = """
    SpecificCharacterSet PatientIdentityRemoved DeidentificationMethod DeidentificationMethodCodeSequence
    LongitudinalTemporalInformationModified BurnedInAnnotation PatientName PatientID PixelData
"""
ADDED = frozenset(_ADDED.split())
"""Keywords that the export writes itself."""

_STANDARD = "1.2.840.10008."
_CLASSES = frozenset(
    (
        uid.ComputedRadiographyImageStorage, uid.DigitalXRayImageStorageForPresentation,
        uid.DigitalXRayImageStorageForProcessing, uid.XRayRadiofluoroscopicImageStorage,
        uid.SecondaryCaptureImageStorage, uid.MultiFrameSingleBitSecondaryCaptureImageStorage,
        uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
        uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        uid.MultiFrameTrueColorSecondaryCaptureImageStorage,
    )
)  # fmt: skip
_MANY = (list, tuple, pydicom.multival.MultiValue)
_NUMBERS = {"IS", "DS"}
_TEXTS = {"CS", "SH", "LO", "LT", "ST", "UT", "UC", "AS", "AE", "UR", "PN"}
_BINARY = {"US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "OB", "OW", "AT", "US or SS", "OB or OW"}
_PRIVATE_NUMBERS = {"US", "SS", "UL", "SL", "FL", "FD", "DS", "IS"}
_CODE_PARTS = ("CodeValue", "LongCodeValue", "CodeMeaning", "CodingSchemeVersion", "CodingSchemeDesignator")
_KEPT_UIDS = {"SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"}  # by --keep-uids
_COUNTERS = {"SeriesNumber", "InstanceNumber", "AcquisitionNumber"}
_MOST, _MOST_COUNTED = 1e8, 99_999  # a longer figure may be somebody's number
_LONG = re.compile(r"\d{6}|\d[\d\W_]{9,}\d")
_TIME = re.compile(r"\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?")
_MOMENT = re.compile(r"\d{8}(?:\d{6}(?:\.\d{1,6})?)?")
_TYPE_TWO = {"PatientSex", "StudyDate", "StudyTime", "SeriesNumber", "InstanceNumber",
             "PatientOrientation",
             "Manufacturer", "AcquisitionNumber", "Laterality", "ContentDate", "ContentTime",
             "ViewPosition"}  # fmt: skip


@dataclass
class HeaderCleaner:
    """Cleans the headers of one export.

    ``counts`` of :meth:`clean` are keyed ``ACTION KEYWORD``, ``dropped PatientAddress`` for example; private elements
    are counted together.
    """

    key: Key
    options: Options
    _table: dict[str, Action] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._table = actions(self.options)

    def clean(self, source: Dataset, known: Known) -> tuple[Dataset, Counter[str]]:
        """A new data set with its file meta, without pixel data.

        Raises
        ------
        DeidentifyError
            Reason ``class`` for an object of another class than those of projection X-rays and secondary capture:
            the list of what may stay is made for these, and others would not be valid without more.
        """
        if str(source.get("SOPClassUID", "")) not in _CLASSES:
            raise DeidentifyError(reason="class", name="")
        patient = patient_key(source)
        counts: Counter[str] = Counter()
        made = self._walk(source, patient, known, counts)
        self._times(made)
        age = age_years(source)
        if "PatientAge" in made and age is not None and age >= OLDEST:
            made.PatientAge = f"{OLDEST:03d}Y"
            counts["age PatientAge"] += 1
        made.PatientID = made.PatientName = self.key.patient(patient)
        if "SamplesPerPixel" in made and "Modality" not in made:
            made.Modality = "OT"
        self._declare(made)
        made.file_meta = _meta(made)
        return made, counts

    def _declare(self, made: Dataset) -> None:
        """Write what was done."""
        made.SpecificCharacterSet = "ISO_IR 192"
        made.PatientIdentityRemoved = "YES"
        made.DeidentificationMethod = method_words()
        made.DeidentificationMethodCodeSequence = Sequence(method_codes(self.options))
        made.LongitudinalTemporalInformationModified = "MODIFIED" if self.options.dates == "shift" else "REMOVED"
        if self.options.pixels:
            made.BurnedInAnnotation = "NO"

    def _walk(self, source: Dataset, patient: str, known: Known, counts: Counter[str]) -> Dataset:
        made = Dataset()
        for element in source:
            if element.tag.is_private:
                self._private(source, element, made, counts)
            elif element.keyword != "PixelData":
                action = self._table.get(element.keyword)
                if action is None:
                    counts[f"dropped {element.keyword or element.tag.json_key}"] += 1
                else:
                    self._take(element, action, made, patient, known, counts)
        return made

    def _take(
        self, element: DataElement, action: Action, made: Dataset, patient: str, known: Known, counts: Counter[str]
    ) -> None:  # fmt: skip
        if action == "sequence":
            items = self._items(element, patient, known, counts)
            if items:
                made.add_new(element.tag, "SQ", items)
            return
        if element.value in (None, "") and action not in ("uid", "pseudonym"):
            made.add_new(element.tag, element.VR, None)
            return
        value = self._value(element, action, patient, known)
        if value is None and action != "empty":
            counts[f"dropped {element.keyword}"] += 1
            action = "empty" if element.keyword in _TYPE_TWO else action
        elif action not in ("keep", "name", "device") or value != element.value:
            counts[f"{action} {element.keyword}"] += 1
        if value is not None or action == "empty":
            made.add_new(element.tag, element.VR, [] if element.VR == "SQ" else value)
        if action == "shift" and element.VR in ("DA", "DT") and element.tag in made:
            self.key.dates(patient)(made, made[element.tag])

    def _items(self, element: DataElement, patient: str, known: Known, counts: Counter[str]) -> list[Dataset]:
        """The items of a sequence; a coded entry as the standard words it."""
        found: list[Dataset] = []
        for item in element.value or []:
            clean = self._walk(item, patient, known, counts)
            if "CodeValue" in item or "LongCodeValue" in item or "CodeMeaning" in item:
                code = coded(item)
                if code is None:
                    counts[f"dropped {element.keyword} item"] += 1
                    continue
                for keyword in _CODE_PARTS:
                    if keyword in clean:
                        delattr(clean, keyword)
                clean.update(code)
            if len(clean):
                found.append(clean)
        return found

    def _value(self, element: DataElement, action: Action, patient: str, known: Known) -> object:
        """The value that stays; None for none."""
        value = element.value
        if action == "empty" or value is None or value == "":
            return None
        if action == "uid":
            return (
                [self.key.uid(str(one)) for one in _many(value)]
                if isinstance(value, _MANY)
                else self.key.uid(str(value))
            )
        if action == "pseudonym":
            return self.key.patient(patient)
        if action == "clean":
            return known_words(str(value))[:64] or None
        if action == "name":
            return _make(str(value), known)
        if action == "device":
            return None if any(known.find(str(value))) else value
        return _moment(element) if action == "shift" else _plain(element, known)

    def _private(self, source: Dataset, element: DataElement, made: Dataset, counts: Counter[str]) -> None:
        creator = element.private_creator
        place = f"{creator}:{element.tag.group:04X}:{element.tag.element & 0xFF:02X}".casefold()
        safe = {one.casefold() for one in self.options.safe_private}
        if creator and place in safe and element.VR in _PRIVATE_NUMBERS and _plain(element, Known()) is not None:
            block = made.private_block(element.tag.group, creator, create=True)
            block.add_new(element.tag.element & 0xFF, element.VR, element.value)
            counts["keep private"] += 1
        elif not element.tag.is_private_creator:
            counts["dropped private"] += 1

    @staticmethod
    def _times(made: Dataset) -> None:
        """A time of the day without its day says nothing and goes; so does a pointer to nothing."""
        present = {str(element.tag) for element in made}
        for element in list(made):
            day = element.keyword.replace("Time", "Date")
            if element.keyword == "FrameIncrementPointer" and any(
                str(tag) not in present for tag in _many(element.value)
            ):
                del made[element.tag]  # what it points to was dropped
            if element.VR == "TM" and not str(made.get(day, "") or ""):
                made.add_new(element.tag, "TM", "")


def _meta(made: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.get("SOPInstanceUID", "")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    written_by_us(meta)
    return meta


def _many(value: object) -> list[object]:
    return list(value) if isinstance(value, _MANY) else [value]


def _make(text: str, known: Known) -> str | None:
    """The make of an apparatus; None when it tells of a person, a day or a long number."""
    told = any(known.find(text)) or any(find_names(text)) or any(find_dates(text)) or _LONG.search(text)
    return None if told else text[:64]


def _moment(element: DataElement) -> object:
    """A date or time that can be read; None for another."""
    said = [str(one) for one in _many(element.value)]
    if element.VR == "DA":
        return element.value if all(dicom_day(one) is not None for one in said) else None
    pattern = _TIME if element.VR == "TM" else _MOMENT
    return element.value if all(pattern.fullmatch(one) for one in said) else None


def _plain(element: DataElement, known: Known) -> object:
    """A number, a defined term or a UID of the standard; None for anything else."""
    value, kind = element.value, str(element.VR)
    if kind == "UI":
        return value if element.keyword in _KEPT_UIDS or str(value).startswith(_STANDARD) else None
    if kind in _BINARY:
        return value
    if kind in _NUMBERS:
        most = _MOST_COUNTED if element.keyword in _COUNTERS else _MOST
        try:
            fits = all(abs(float(str(one))) <= most for one in _many(value) if one is not None)
        except ValueError:
            return None
        return value if fits and not any(str(one) in known.strings for one in _many(value)) else None
    if kind in _TEXTS:
        return value if all(is_term(str(one)) for one in _many(value)) else None
    return None
