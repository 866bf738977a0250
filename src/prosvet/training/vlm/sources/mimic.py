"""MIMIC-CXR-JPG beside MIMIC-CXR's reports, as PhysioNet lays them out.

``mimic-cxr-2.0.0-split.csv(.gz)`` gives the side of each film, ``mimic-cxr-2.0.0-metadata.csv(.gz)`` its view; films
lie in ``files/p10/p10000032/s50414267/DICOM.jpg``, reports in ``files/p10/p10000032/s50414267.txt`` or, unpacked from
``mimic-cxr-reports.zip``, under ``mimic-cxr-reports/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prosvet.archive.readers.item import FileBytes
from prosvet.archive.readers.table import csv_rows
from prosvet.core.errors import NotFound
from prosvet.language.sections import sections
from prosvet.training.vlm.case import Case, Part, one_line

__all__ = ["mimic_cases"]

_SIDES: dict[str, Part] = {"train": "train", "validate": "dev", "test": "test"}
_FRONTAL = ("PA", "AP")
_KEPT = ("findings", "impression")


def mimic_cases(folder: Path) -> Iterator[Case]:
    """One case a study with a report and a film: its frontal films first.

    Raises
    ------
    NotFound
        When a table is missing.
    """
    views = {row["dicom_id"]: row.get("ViewPosition", "") for _, row in _rows(folder, "metadata", {"dicom_id"})}
    studies: dict[tuple[str, str], list[tuple[str, Part]]] = {}
    needed = {"dicom_id", "study_id", "subject_id", "split"}
    for _, row in _rows(folder, "split", needed):
        if row["split"] in _SIDES:
            found = studies.setdefault((row["subject_id"], row["study_id"]), [])
            found.append((row["dicom_id"], _SIDES[row["split"]]))
    for (subject, study), films in studies.items():
        place = Path("files") / f"p{subject[:2]}" / f"p{subject}" / f"s{study}"
        ordered = sorted(films, key=lambda film: (views.get(film[0]) not in _FRONTAL, film[0]))
        files = [folder / place / f"{name}.jpg" for name, _ in ordered]
        images = tuple(FileBytes.of(file) for file in files if file.is_file())
        text, asked = _report(folder, place)
        if images and text:
            yield Case(f"s{study}", "mimic", f"p{subject}", images, text, context=asked, part=ordered[0][1])


def _rows(folder: Path, table: str, needed: set[str]) -> Iterator[tuple[int, dict[str, str]]]:
    for ending in ("csv.gz", "csv"):
        path = folder / f"mimic-cxr-2.0.0-{table}.{ending}"
        if path.is_file():
            yield from csv_rows(path, needed)
            return
    raise NotFound(kind="file", name=str(folder / f"mimic-cxr-2.0.0-{table}.csv.gz"))


def _report(folder: Path, place: Path) -> tuple[str, str]:
    """What was found and concluded, and what was asked; empty where there is no report or no such section."""
    for root in (folder, folder / "mimic-cxr-reports"):
        path = (root / place).with_suffix(".txt")
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            parts = sections(text)
            said = [text[part.start : part.end] for part in parts if part.kind in _KEPT]
            asked = [text[part.start : part.end] for part in parts if part.kind == "indication"]
            return one_line(" ".join(said)), one_line(" ".join(asked))
    return "", ""
