"""MultiCaRe as published: ``captions_and_labels.csv``, ``cases.parquet`` (or ``cases.csv``), images in ``PMC1/PMC10``.

``cases.parquet`` holds either a row a case (case_id, gender, age, case_text) or, as on Zenodo, a row an article with
the list ``cases`` of such records. Only figures that their labels call an X-ray of the thorax are taken; a figure
without labels is taken when none of the table has any.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prosvet.archive.readers.item import FileBytes
from prosvet.archive.readers.table import Images, csv_rows, find_table, number, sex_code
from prosvet.core.errors import NotFound
from prosvet.core.optional import require
from prosvet.training.vlm.case import Case, one_line

__all__ = ["multicare_cases"]

_CAPTIONS = {"file", "patient_id", "caption"}
_CASES = {"case_id", "gender", "age", "case_text"}
_LABELS = ("gt_labels_for_semisupervised_classification", "ml_labels_for_supervised_classification", "labels")
_CHEST = {"x_ray", "thorax"}
_OLDEST = 120


def multicare_cases(folder: Path) -> Iterator[Case]:
    """One case a chest figure that is there and has a caption.

    Raises
    ------
    NotFound
        When the folder has no such table.
    MissingExtra
        For ``cases.parquet`` without pyarrow.
    """
    table = find_table(folder, _CAPTIONS)
    if table is None:
        raise NotFound(kind="file", name=str(folder / "captions_and_labels.csv"))
    images, known = Images(table.parent), _known(table.parent)
    for _, row in csv_rows(table, _CAPTIONS):
        labels = _labels(row)
        if labels is not None and not labels >= _CHEST:
            continue
        name, patient = row["file"], row["patient_id"]
        image = images.find(f"{name[:4]}/{name[:5]}/{name}")
        if image is not None and row["caption"]:
            yield _case(name, patient, image, row["caption"], labels or set(), known.get(patient, {}))


def _case(
    name: str, patient: str, image: FileBytes, caption: str, labels: set[str], about: Mapping[str, Any]
) -> Case:  # fmt: skip
    age = number(str(about.get("age", "")))
    return Case(
        id=name,
        source="multicare",
        patient=patient,
        images=(image,),
        text=one_line(caption),
        context=one_line(str(about.get("case_text") or "")),
        labels=tuple(sorted(labels)),
        sex=sex_code(str(about.get("gender") or "")),
        age=int(age) if age is not None and 0 <= age <= _OLDEST else None,
    )


def _labels(row: Mapping[str, str]) -> set[str] | None:
    """The taxonomy's words of a figure; None where the table says nothing."""
    words: set[str] = set()
    for column in _LABELS:
        value = row.get(column, "")
        if value.startswith("["):
            try:
                words |= {str(word) for word in ast.literal_eval(value)}
            except (ValueError, SyntaxError):
                continue  # a cell that the publisher's tool cut short says nothing
    return words or None


def _known(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Case id to its record."""
    whole = folder / "cases.parquet"
    if whole.is_file():
        require("pyarrow", "vlm")
        rows = require("pyarrow.parquet", "vlm").read_table(whole).to_pylist()
        return {str(case["case_id"]): case for row in rows for case in row.get("cases") or [row] if "case_id" in case}
    table = find_table(folder, _CASES)
    return {} if table is None else {row["case_id"]: row for _, row in csv_rows(table, _CASES)}
