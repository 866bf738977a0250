"""PadChest: ``PADCHEST_chest_x_ray_images_labels_160K_*.csv`` (or .gz), with stemmed Spanish reports.

A report's labels are what it found; what it does not name stays unknown, except that ``normal`` denies
``abnormal``. Location words give the side and the zone.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from prosvet.archive.readers.item import FileBytes, Item, Label, ReportText
from prosvet.archive.readers.labels import PADCHEST, place
from prosvet.archive.readers.table import Images, csv_rows, day, find_table, number, sex_code
from prosvet.core.errors import ManifestError
from prosvet.core.types import Status, View

__all__ = ["PadChestReader"]

_NEEDED = {"ImageID", "ImageDir", "StudyDate_DICOM", "StudyID", "PatientID", "Projection", "Report", "Labels",
           "LabelsLocalizationsBySentence"}  # fmt: skip
_NAN = re.compile(r"(?<=[\[ ])nan(?=[,\]])")  # how the table writes a sentence that was not labelled
_VIEWS = {"L": View.LATERAL, "PA": View.FRONTAL, "AP": View.FRONTAL, "AP_horizontal": View.FRONTAL}


class PadChestReader:
    """Images of one study share its report; the first of them brings it."""

    expects = "a CSV with ImageID, StudyID, PatientID, Projection, Report, Labels, ..."

    def recognises(self, path: Path) -> bool:
        return find_table(path, _NEEDED) is not None

    def items(self, path: Path) -> Iterator[Item]:
        """One item a row."""
        table = find_table(path, _NEEDED) or path
        facts, images = table.stat(), Images(table.parent)
        told: set[str] = set()
        for line, row in csv_rows(table, _NEEDED):
            try:
                labels = _labels(row["LabelsLocalizationsBySentence"], table.name, line)
            except ManifestError as error:
                yield Item(f"{table.resolve()}#{line}", facts.st_size, facts.st_mtime_ns, "padchest", error=error)
                continue
            first = row["StudyID"] not in told
            told.add(row["StudyID"])
            image = images.find(f"{row['ImageDir']}/{row['ImageID']}")
            yield _item(table, facts, row, labels if first else (), image, first=first)


def _item(
    table: Path,
    facts: os.stat_result,
    row: dict[str, str],
    labels: tuple[Label, ...],
    image: FileBytes | None,
    *,
    first: bool,
) -> Item:
    done, born = day(row["StudyDate_DICOM"]), number(row.get("PatientBirth", ""))
    age = done.year - born if done and born else None
    report = ReportText(row["ImageID"], findings=row["Report"], language="es")
    return Item(
        key=f"{table.resolve()}#{row['ImageID']}",
        size=image.size if image else facts.st_size,
        mtime_ns=image.mtime_ns if image else facts.st_mtime_ns,
        source="padchest",
        image=image,
        image_missing=image is None,
        report=report if first and report else None,
        labels=labels,
        study=f"padchest|{row['StudyID']}",
        patient=f"padchest|{row['PatientID']}",
        sex=sex_code(row.get("PatientSex_DICOM", "")),
        age=age if age is not None and 0 <= age <= 120 else None,
        birth_year=int(born) if born else None,
        view=_VIEWS.get(row["Projection"]),
        date=done,
    )


def _labels(text: str, name: str, line: int) -> tuple[Label, ...]:
    if text in ("", "nan"):
        return ()
    try:
        sentences = ast.literal_eval(_NAN.sub("[]", text))
        labels: dict[str, Label] = {}
        for sentence in sentences:
            words = [str(word).strip() for word in sentence]
            where = place([word.removeprefix("loc ") for word in words if word.startswith("loc ")])
            for word in words:
                if word in PADCHEST:
                    labels.setdefault(PADCHEST[word], Label(PADCHEST[word], Status.PRESENT, *where))
        normal = {str(word).strip() for sentence in sentences for word in sentence} == {"normal"}
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ManifestError(name=name, line=line, reason=f"LabelsLocalizationsBySentence: {error}") from error
    if normal:
        return (Label("abnormal", Status.ABSENT), Label("normal"))
    return tuple(labels[concept] for concept in sorted(labels))
