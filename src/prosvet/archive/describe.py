"""From what was read and what the networks said to the rows that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from prosvet.archive.deidentify import OLDEST, Deidentifier, age_years, dicom_day, patient_key
from prosvet.archive.files import sha256
from prosvet.archive.intake import Intake
from prosvet.archive.readers.item import Item, ReportText
from prosvet.archive.readers.table import sex_code
from prosvet.archive.records import Claim, ImageRecord, Record, ReportRecord
from prosvet.archive.strip import strip_notes
from prosvet.archive.texts import report_claims, report_language
from prosvet.core.types import Status, View
from prosvet.imaging.film import Film
from prosvet.models.adapter import base_revision
from prosvet.models.examine import Examination

__all__ = ["Describer", "half"]

_LATERAL = {"LL", "RL", "LLD", "RLD", "LAT", "LATERAL"}
_READ_LANGUAGES = ("ru", "en", "mixed")


def half(vector: NDArray[np.float32]) -> bytes:
    """A vector (512,) as it is stored: float16, little-endian."""
    return vector.astype("<f2").tobytes()


@dataclass(frozen=True)
class Describer:
    """Makes records, with identity taken out when `deidentify` says so.

    Attributes
    ----------
    thresholds : mapping of concept to probability
        Above it a score claims that the concept is present; a concept without one is scored and claims nothing.
    """

    names: Deidentifier
    deidentify: bool
    thresholds: Mapping[str, float]

    def record(self, intake: Intake, examination: Examination | None, stored: str | None) -> Record:
        """The record of one item; `stored` names its image's bytes as they are kept."""
        item, header = intake.item, intake.film.header if intake.film else None
        patient, study = _keys(item, header, intake.sha256)
        age, done = _age(item, header), _date(item, header)
        if self.deidentify:
            age = min(age, float(OLDEST)) if age is not None else None
            done = self.names.shifted(done) if done is not None else None
        old = self.deidentify and age is not None and age >= OLDEST
        study_id = self.names.study(study)
        return Record(
            key=self.names.ledger_key(item.key),
            size=item.size,
            mtime_ns=item.mtime_ns,
            sha256=intake.sha256,
            study=study_id,
            patient=self.names.patient(patient),
            source=item.source,
            date_shifted=self.deidentify and done is not None,
            sex=item.sex or (sex_code(str(header.get("PatientSex", ""))) if header is not None else None),
            birth_year=None if old else item.birth_year,
            age=age,
            date=done,
            split=item.split,
            description=self._description(item, header),
            image=None if stored is None else self._image(intake, study_id, examination, stored),
            report=self._report(item.report) if item.report else None,
            claims=tuple(Claim(x.concept, x.status, "manifest", side=x.side, zone=x.zone) for x in item.labels),
        )

    def stored_bytes(self, intake: Intake) -> bytes:
        """The bytes to keep of an image: the file as it came, or without who it shows."""
        film = intake.film
        if not self.deidentify or film is None:
            return intake.data
        if film.format == "dicom":
            return self.names.dicom(intake.data)
        return strip_notes(intake.data, film.format, film.pixels)

    def _description(self, item: Item, header: Dataset | None) -> str:
        if item.description or self.deidentify or header is None:
            return item.description
        return str(header.get("StudyDescription", ""))

    def _image(self, intake: Intake, study: str, examination: Examination | None, stored: str) -> ImageRecord:
        film = intake.film
        if film is None:
            raise ValueError("an image record needs a film")
        name = film.name
        if self.deidentify and film.header is not None:
            name = self.names.file_name(name, film.header, study)
        spacing = film.spacing or (None, None)
        columns: dict[str, Any] = {
            "sha256": stored, "source_sha256": intake.sha256, "file": name, "format": film.format,
            "view": View.UNKNOWN.value,
            "rows": film.shape[0], "cols": film.shape[1], "row_spacing": spacing[0], "col_spacing": spacing[1],
            "is_chest_xray": None, "gates": {}, "scores": {}, "state": "stored",
            "synthetic": intake.synthetic,
        }  # fmt: skip
        plain = ImageRecord(columns)
        view = _view(intake.item, film)
        if examination is None:
            return replace(plain, columns=columns | {"view": (view or View.UNKNOWN).value})
        return examined(plain, examination, view, self.thresholds)

    def _report(self, report: ReportText) -> ReportRecord:
        text = "\n".join(part for part in (report.findings, report.impression) if part)
        language = report.language or report_language(text)
        columns = {
            "sha256": sha256("\0".join((report.indication, report.findings, report.impression)).encode()),
            "file": report.file, "language": language, "indication": report.indication, "findings": report.findings,
            "impression": report.impression, "labels": list(report.codes),
        }  # fmt: skip
        return ReportRecord(columns, report_claims(text) if language in _READ_LANGUAGES else ())


def examined(
    image: ImageRecord, examination: Examination, view: View | None, thresholds: Mapping[str, float]
) -> ImageRecord:
    """`image` with what the networks said; a side view, seen or stated, keeps no scores."""
    gates, model = examination.gates, examination.model
    seen = View.LATERAL if view is View.LATERAL else gates.view
    scores = dict(examination.scores) if seen is not View.LATERAL else {}
    origin = f"model:{model.name}@{model.revision}"
    claims = tuple(
        Claim(concept, Status.PRESENT, origin, probability=score)
        for concept, score in scores.items()
        if concept in thresholds and score >= thresholds[concept]
    )
    vector = examination.vector if seen is not View.LATERAL else None
    columns = image.columns | {
        "view": seen.value, "is_chest_xray": gates.is_chest_xray, "gates": gates.model_dump(mode="json"),
        "scores": scores, "state": "examined",
    }  # fmt: skip
    kept = None if vector is None else (model.name, model.revision, half(vector))
    adapted = bool(scores and examination.base_scores)
    own = (model.name, base_revision(model.revision), dict(examination.base_scores)) if adapted else None
    return ImageRecord(columns, claims, kept, own)


def _keys(item: Item, header: Dataset | None, content: str) -> tuple[str, str]:
    """(patient, study) as the source knows them; a film of nobody is a patient of its own."""
    if header is not None:
        study = item.study or f"uid:{header.get('StudyInstanceUID', '') or content}"
        return item.patient or patient_key(header), study
    study = item.study or f"content:{content}"
    return item.patient or f"study:{study}", study


def _age(item: Item, header: Dataset | None) -> float | None:
    return item.age if item.age is not None or header is None else age_years(header)


def _date(item: Item, header: Dataset | None) -> date | None:
    return item.date if item.date is not None or header is None else dicom_day(str(header.get("StudyDate", "")))


def _view(item: Item, film: Film) -> View | None:
    """The view that the source states, or None."""
    if item.view is not None or film.header is None:
        return item.view
    stated = str(film.header.get("ViewPosition", "")).upper()
    return View.LATERAL if stated in _LATERAL else View.FRONTAL if stated in ("PA", "AP") else None
