"""What every result has alike: whose it is, when and by what it was made, in which characters; and its file."""

from __future__ import annotations

import io
import re
import unicodedata
from datetime import datetime, timedelta, timezone

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from prosvet import __version__
from prosvet.core.errors import ResultError
from prosvet.core.i18n import text
from prosvet.hospital.objects.encoding import encoded
from prosvet.hospital.objects.identity import device_uid, uid
from prosvet.hospital.objects.kinds import CHARSETS, SERIES, Charset, Kind
from prosvet.hospital.objects.results import Results
from prosvet.hospital.objects.sources import AS_THEY_CAME, Sources, patient_and_study
from prosvet.imaging.naming import written_by_us

__all__ = ["Frame", "fitted", "write"]

_TEXT = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
# Typographic signs that ISO 8859-5 has not, and what Russian typists put for them.
_PLAIN = str.maketrans({
    "—": "-", "–": "-", "‑": "-", "−": "-", "«": '"', "»": '"', "„": '"', "“": '"', "”": '"', "‘": "'", "’": "'",
    "…": "...", "→": "->", "×": "x", "°": " град.", "·": ".", "≥": ">=", "≤": "<=", "±": "+/-", "²": "2", "³": "3",
    "µ": "мк", "\u2009": " ", "\u202f": " ",
})  # fmt: skip
_BYTES = {"LO": 64, "SH": 16}


class Frame:
    """The object around the content of one result.

    Parameters
    ----------
    at : datetime
        When the result was made; its wall clock is written, as the study's own times are.
    """

    def __init__(
        self, kind: Kind, sources: Sources, results: Results, *, made_of: str, at: datetime, charset: Charset
    ) -> None:
        self.kind, self.sources, self.results, self.charset = kind, sources, results, charset
        self.at = self.on_the_clock_of_the_study(at)
        digest = results.signed.digest if results.signed else ""
        self._of = (sources.study, kind, made_of, results.lang, charset, digest)

    @property
    def series_uid(self) -> str:
        """SeriesInstanceUID: each result is a series of its own."""
        return self.uid("series")

    @property
    def sop_uid(self) -> str:
        """SOPInstanceUID."""
        return self.uid("instance")

    @property
    def device(self) -> tuple[str, str]:
        """Name and revision of what wrote it: the model, or the program where no model had a part."""
        model = self.results.model
        return (model.name, model.revision) if model else ("prosvet", __version__)

    @property
    def device_uid(self) -> str:
        """The device observer."""
        return device_uid(*self.device)

    @property
    def software(self) -> list[str]:
        """Software Versions."""
        name, revision = self.device
        return (
            [f"prosvet {__version__}", f"{name}@{revision}"[:64]] if self.results.model else [f"prosvet {__version__}"]
        )

    def uid(self, *part: str) -> str:
        """A UID of this object's own parts."""
        return uid(*self._of, *part)

    def say(self, key: str, **values: object) -> str:
        """A string of this part's locale, in the results' language."""
        return text(f"objects.{key}", self.results.lang, **values)

    def on_the_clock_of_the_study(self, at: datetime) -> datetime:
        """`at` in the zone that the study's own times are in, where both tell their zones."""
        offset = re.fullmatch(r"([+-])(\d\d)(\d\d)", str(self.sources.film.get("TimezoneOffsetFromUTC") or "").strip())
        if offset is None or at.tzinfo is None:
            return at
        away = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return at.astimezone(timezone(-away if offset[1] == "-" else away))

    @property
    def day(self) -> str:
        """The date, as DICOM writes it."""
        return self.at.strftime("%Y%m%d")

    @property
    def time(self) -> str:
        """The time, as DICOM writes it."""
        return self.at.strftime("%H%M%S")

    def finished(self, dataset: Dataset) -> Dataset:
        """`dataset` with patient, study, series, equipment, dates and characters: what no kind does differently."""
        series = SERIES[self.kind]
        dataset.update(self._whose())
        dataset.SpecificCharacterSet = self.charset
        dataset.SOPInstanceUID, dataset.SeriesInstanceUID = self.sop_uid, self.series_uid
        dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = series.modality, series.number, 1
        dataset.SeriesDescription = self.say(f"series.{self.kind}")
        dataset.InstanceCreationDate = dataset.ContentDate = dataset.SeriesDate = self.day
        dataset.InstanceCreationTime = dataset.ContentTime = dataset.SeriesTime = self.time
        dataset.Manufacturer, dataset.ManufacturerModelName = "Prosvet", self.device[0][:64]
        dataset.DeviceSerialNumber, dataset.SoftwareVersions = self.device[1][:64], self.software
        # What other equipment had a part stands in the source's own header.
        dataset.pop("ContributingEquipmentSequence", None)
        _in_characters(dataset, self.charset)
        dataset.file_meta = self._meta(dataset)
        return dataset

    def _whose(self) -> Dataset:
        """Patient and study; a description that receivers may call too long is left to the study's own objects."""
        whose = patient_and_study(self.sources.film)
        codec = CHARSETS[self.charset]
        for element in list(whose):
            most = _BYTES.get(element.VR)
            long = most and isinstance(element.value, str) and len(element.value.encode(codec, "replace")) > most
            if long and element.keyword not in AS_THEY_CAME:
                del whose[element.tag]
        return whose

    def _meta(self, dataset: Dataset) -> FileMetaDataset:
        old = getattr(dataset, "file_meta", None)
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        meta.TransferSyntaxUID = old.TransferSyntaxUID if old and "TransferSyntaxUID" in old else ExplicitVRLittleEndian
        written_by_us(meta)
        return meta


def write(dataset: Dataset) -> bytes:
    """The file of an object, the same bytes for the same object."""
    if "ContentSequence" in dataset:
        return encoded(dataset)
    stream = io.BytesIO()
    dataset.preamble = bytes(128)
    pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def _in_characters(dataset: Dataset, charset: Charset) -> None:
    """Let every text be one that `charset` can write; signs it lacks become the ones that typists use.

    Raises
    ------
    ResultError
        When letters would be lost.
    """
    codec, seen = CHARSETS[charset], set()
    waiting = [dataset]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:  # reports say the same by the same item
            continue
        seen.add(id(item))
        for element in item:
            if element.VR == "SQ":
                waiting += element.value
            elif element.VR in _TEXT and element.value:
                _fit(element, codec, charset)


def _fit(element: DataElement, codec: str, charset: Charset) -> None:
    several = element.VM > 1
    was = [str(one) for one in (element.value if several else [element.value])]
    said = [fitted(one, codec, charset) for one in was]
    if element.VR in _BYTES and element.keyword not in AS_THEY_CAME:
        said = [_cut(one, _BYTES[element.VR], codec) for one in said]
    if said != was:
        element.value = said if several else said[0]


def _cut(value: str, most: int, codec: str) -> str:
    """`value` in at most so many bytes, at the end of a word: the standard counts letters, many receivers bytes."""
    if len(value.encode(codec)) <= most:
        return value
    short = value.encode(codec)[: most - 3].decode(codec, "ignore")
    return f"{short.rsplit(' ', 1)[0] if ' ' in short else short}..."


def fitted(value: str, codec: str, charset: Charset) -> str:
    """`value` in signs that `charset` has; those that typists replace are replaced.

    Raises
    ------
    ResultError
        When letters would be lost.
    """
    if value.isascii():
        return value
    value = unicodedata.normalize("NFC", value)
    if codec == "utf-8":
        return value
    value = value.translate(_PLAIN)
    try:
        value.encode(codec)
    except UnicodeEncodeError as error:
        raise ResultError(reason="characters", charset=charset, sign=value[error.start]) from error
    return value
