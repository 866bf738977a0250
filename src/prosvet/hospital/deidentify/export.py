"""One export: every input file cleaned, looked at again, and written, or withheld with a reason."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import NamedTuple

import pydicom
from pydicom.dataset import Dataset

from prosvet import __version__
from prosvet.archive.deidentify import patient_key
from prosvet.archive.files import sha256
from prosvet.core.context import Context
from prosvet.core.errors import DeidentifyError, ImageError
from prosvet.hospital.deidentify import film, ocr
from prosvet.hospital.deidentify.check import look_again
from prosvet.hospital.deidentify.document import clean_document, clean_table
from prosvet.hospital.deidentify.header import HeaderCleaner
from prosvet.hospital.deidentify.items import Entry, Form, form_of
from prosvet.hospital.deidentify.journal import Workplace
from prosvet.hospital.deidentify.keys import Key
from prosvet.hospital.deidentify.known import Known, forms_of
from prosvet.hospital.deidentify.options import Options, method_codes
from prosvet.hospital.deidentify.picture import clean_picture
from prosvet.hospital.deidentify.report import ExportReport, FileReport, State, as_csv, as_html, totals_of
from prosvet.hospital.deidentify.survey import Survey, header_of, survey

__all__ = ["Exporter", "Made"]

_ABORT = {"ocr", "no_tesseract"}  # the engines are gone: no file can be vouched for
_WITHHELD = {"left", "masked_area"}


class Made(NamedTuple):
    """A cleaned file: path in the export, bytes, and what was done."""

    name: str
    data: bytes
    changes: Counter[str]
    masked: film.Masked


@dataclass
class Exporter:
    """Cleans the files of one export with one key and one set of options."""

    key: Key
    options: Options
    context: Context
    _files: dict[str, str] = field(default_factory=dict)
    _survey: Survey = field(default_factory=Survey)
    everyone: Known = field(default_factory=Known)

    def run(self, entries: Sequence[Entry], work: Workplace, key_kept: bool) -> ExportReport:
        """Make the export; it is whole when this returns.

        Raises
        ------
        DiskFull, Cancelled
            What was done is kept, and the next run goes on from there.
        DeidentifyError
        """
        if self.options.pixels:
            ocr.ready()
        track = self.context.progress.track
        self.look(list(track(entries, "deidentify_survey")))
        # Tables last: they name other files, whose new names must be known by then.
        ordered = sorted(entries, key=lambda entry: entry.path.lower().endswith((".csv", ".tsv")))
        reports: list[FileReport] = []
        with work.opened():
            for entry in track(ordered, "deidentify", len(ordered)):
                report = work.done(entry)
                if report is None:
                    report, data = self.one(entry)
                    work.finish(entry, report, data)
                self._remember(entry, report)
                reports.append(report)
            made = self._report(tuple(sorted(reports, key=lambda one: one.file)), key_kept)
            for name, text in (("report.json", made.model_dump_json(indent=1)), ("report.csv", as_csv(made)),
                               ("report.html", as_html(made, self.context.lang))):  # fmt: skip
                work.write(name, text.encode())
            work.complete()
        return made

    def look(self, entries: Sequence[Entry]) -> None:
        """Learn what the whole input says of people."""
        self._survey = survey(entries, self.options)
        self.everyone = self._survey.everyone()

    def known(self, path: str) -> Known:
        """What the input file `path` says, without what the export may say."""
        own = self._survey.known.get(path, Known())
        patient = self._survey.patient_beside(path)
        if patient is None:
            return own
        return own.without(form for day in own.days for form in forms_of(self.key.shifted(day, patient)))

    def one(self, entry: Entry) -> tuple[FileReport, bytes | None]:
        """One file, cleaned and checked; None for bytes when it does not go into the export."""
        sealed = self.key.file(entry.path)
        if entry.file is None or entry.reason:
            return FileReport(file=sealed, state="left_out", reason=entry.reason), None
        form: Form | None = None
        try:
            data = entry.file.read()
            form = form_of(entry.path, data)
            if form is None:
                raise DeidentifyError(reason="kind", name="")
            made = self._clean(entry.path, form, data)
        except DeidentifyError as error:
            reason = str(error.details["reason"])
            if reason in _ABORT:
                raise
            state: State = "withheld" if reason in _WITHHELD else "left_out"
            return FileReport(file=sealed, form=form or "", state=state, reason=reason), None
        except ImageError as error:  # a damaged member of a ZIP
            return FileReport(file=sealed, state="left_out", reason="damaged", changes={error.code: 1}), None
        written: Form = "png" if made.name.endswith(".png") else form
        known = self.known(entry.path)
        left = look_again(written, made.name, made.data, self.everyone if form in ("text", "table") else known,
                          self.options)  # fmt: skip
        if left:
            return FileReport(file=sealed, form=form, state="withheld", reason="left", left=tuple(left)), None
        regions = tuple((box.left, box.top, box.right, box.bottom) for box in made.masked.boxes)
        return (
            FileReport(
                file=made.name, form=form, state="exported", changes=dict(made.changes), regions=regions,
                markers=made.masked.markers, masked=round(made.masked.area, 6), sha256=sha256(made.data),
            ),
            made.data,
        )  # fmt: skip

    def _clean(self, path: str, form: Form, data: bytes) -> Made:
        name, limit = self.key.file(path), self.context.settings.max_pixels
        if form == "dicom":
            return self._dicom(path, name, data)
        if form in ("png", "jpeg"):
            clean, suffix, masked = clean_picture(data, form, self.options, limit)
            return Made(f"pictures/{name}{suffix}", clean, Counter(), masked)
        if form == "text":
            clean, counts = clean_document(data, self.everyone, self._shift(path))
            return Made(f"texts/{name}.txt", clean, counts, film.Masked())
        clean, counts = clean_table(data, self.everyone, self.key, self._files, self.options.dates == "shift")
        return Made(f"tables/{name}.csv", clean, counts, film.Masked())

    def _shift(self, path: str) -> Callable[[date], date] | None:
        patient = self._survey.patient_beside(path)
        if patient is None or self.options.dates != "shift":
            return None
        return lambda day: self.key.shifted(day, patient)

    def _dicom(self, path: str, name: str, data: bytes) -> Made:
        source = header_of(data, pixels=True)
        if source is None:
            raise DeidentifyError(reason="damaged", name="")
        if "PixelData" not in source:
            raise DeidentifyError(reason="not_image", name="")
        made, counts = HeaderCleaner(self.key, self.options).clean(source, self.known(path))
        masked = self._pixels(source, made)
        study = self.key.file(str(source.get("StudyInstanceUID", "")))
        out = io.BytesIO()
        made.preamble = bytes(128)
        pydicom.dcmwrite(out, made, enforce_file_format=True)
        folder = PurePosixPath("dicom", self.key.patient(patient_key(source)), study)
        return Made(str(folder / f"{name}.dcm"), out.getvalue(), counts, masked)

    def _pixels(self, source: Dataset, made: Dataset) -> film.Masked:
        pixels = film.decoded(source, self.context.settings.max_pixels)
        masked = film.Masked()
        if self.options.pixels:
            pixels = pixels.copy()
            black = film.black_of(pixels, source)
            masked = film.mask_frames(pixels, self.options, lambda frames: film.grey_frames(frames, source), black)
        film.write_pixels(made, source, pixels)
        return masked

    def _remember(self, entry: Entry, report: FileReport) -> None:
        """Lead tables' cells that name this file to its new name."""
        if report.state == "exported":
            for old in (entry.path, PurePosixPath(entry.path).name, PurePosixPath(entry.path).stem):
                self._files[old] = report.file

    def _report(self, files: tuple[FileReport, ...], key_kept: bool) -> ExportReport:
        codes = tuple(f"{item.CodeValue} {item.CodeMeaning}" for item in method_codes(self.options))
        return ExportReport(
            program=f"prosvet {__version__}", finished=datetime.now(UTC).isoformat(timespec="seconds"),
            options=self.options, codes=codes, key="kept" if key_kept else "thrown_away", totals=totals_of(files),
            files=files,
        )  # fmt: skip
