"""MultiCaRe: figures of open case reports, with captions and the patients' sex and age.

Read as published: ``captions_and_labels.csv`` (columns file, patient_id, caption and, where given,
gt_labels_for_semisupervised_classification, ml_labels_for_supervised_classification) with images under
``PMC1/PMC10/FILE``; and as its library writes a subset: ``image_metadata.json`` (a JSON object a line, with
case_id instead of patient_id). ``cases.csv`` beside either (case_id, gender, age) tells about the patient; the
``cases.parquet`` of the whole set is not read. Figures that their labels call something other than an X-ray of
the thorax are passed over. A caption is taken as the report; it claims no labels.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prosvet.archive.readers.item import Item, ReportText
from prosvet.archive.readers.table import Images, csv_rows, find_table, number, sex_code
from prosvet.core.errors import ManifestError
from prosvet.core.types import View

__all__ = ["MultiCaReReader"]

_CAPTIONS = {"file", "patient_id", "caption", "main_image"}
_CASES = {"case_id", "gender", "age"}
_SUBSET = "image_metadata.json"
_LABELS = ("gt_labels_for_semisupervised_classification", "ml_labels_for_supervised_classification")


class MultiCaReReader:
    """A study is a patient's case; its images share it."""

    expects = "captions_and_labels.csv with file, patient_id, caption, or image_metadata.json of a subset"

    def recognises(self, path: Path) -> bool:
        return _subset(path) is not None or find_table(path, _CAPTIONS) is not None

    def items(self, path: Path) -> Iterator[Item]:
        """One item a chest figure."""
        table = _subset(path) or find_table(path, _CAPTIONS) or path
        facts, images, cases = table.stat(), Images(table.parent), _cases(table.parent)
        for line, row in _rows(table):
            name, case = str(row["file"]), str(row.get("patient_id") or row.get("case_id") or "")
            words = _words(row)
            if words and not {"x_ray", "thorax"} <= words:
                continue
            image = images.find(str(row.get("file_path") or f"{name[:4]}/{name[:5]}/{name}"))
            sex, age = cases.get(case, (None, None))
            caption = str(row.get("caption") or "").strip()
            yield Item(
                key=f"{table.resolve()}#{name or line}",
                size=image.size if image else facts.st_size,
                mtime_ns=image.mtime_ns if image else facts.st_mtime_ns,
                source="multicare",
                image=image,
                image_missing=image is None,
                report=ReportText(name, findings=caption, language="en") if caption else None,
                study=f"multicare|{case or name}",
                patient=f"multicare|{case or name}",
                sex=sex,
                age=age,
                view=View.LATERAL if "sagittal" in words else View.FRONTAL if "frontal" in words else None,
            )


def _subset(path: Path) -> Path | None:
    file = path / _SUBSET if path.is_dir() else path
    return file if file.name == _SUBSET and file.is_file() else None


def _rows(table: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if table.suffix != ".json":
        yield from csv_rows(table, _CAPTIONS)
        return
    with table.open(encoding="utf-8") as stream:
        for line, text in enumerate(stream, start=1):
            try:
                row = json.loads(text)
            except ValueError as error:
                raise ManifestError(name=table.name, line=line, reason=str(error)) from error
            if not isinstance(row, dict) or "file" not in row:
                raise ManifestError(name=table.name, line=line, reason="an object with the key file is expected")
            yield line, row


def _words(row: dict[str, Any]) -> set[str]:
    """The taxonomy's labels of a figure; empty where there are none."""
    words: set[str] = set()
    for column in _LABELS:
        value = row.get(column)
        if isinstance(value, str) and value.startswith("["):
            try:
                value = ast.literal_eval(value)
            except (ValueError, SyntaxError):
                value = []
        if isinstance(value, list):
            words |= {str(word) for word in value}
    return words


def _cases(folder: Path) -> dict[str, tuple[str | None, float | None]]:
    table = find_table(folder, _CASES)
    if table is None:
        return {}
    return {row["case_id"]: (sex_code(row["gender"]), number(row["age"])) for _, row in csv_rows(table, _CASES)}
