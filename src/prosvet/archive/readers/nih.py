"""NIH ChestX-ray14: ``Data_Entry_2017*.csv`` (or .gz); all fourteen findings of a row are judged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from prosvet.archive.readers.item import FileBytes, Item, Label
from prosvet.archive.readers.labels import NIH, stated
from prosvet.archive.readers.table import Images, csv_rows, find_table, number, sex_code
from prosvet.core.errors import ManifestError
from prosvet.core.types import View

__all__ = ["NihReader"]

_NEEDED = {"Image Index", "Finding Labels", "Patient ID", "Patient Gender", "View Position"}
_NORMAL = "No Finding"


class NihReader:
    """A study is an image here; its patient's images are many."""

    expects = "a CSV with Image Index, Finding Labels, Patient ID, ..."

    def recognises(self, path: Path) -> bool:
        return find_table(path, _NEEDED) is not None

    def items(self, path: Path) -> Iterator[Item]:
        """One item a row."""
        table = find_table(path, _NEEDED) or path
        facts, images = table.stat(), Images(table.parent)
        for line, row in csv_rows(table, _NEEDED):
            try:
                labels = _labels(row["Finding Labels"], table.name, line)
            except ManifestError as error:
                yield Item(f"{table.resolve()}#{line}", facts.st_size, facts.st_mtime_ns, "nih", error=error)
                continue
            yield _item(table, facts, row, labels, images.find(row["Image Index"]))


def _item(
    table: Path, facts: os.stat_result, row: dict[str, str], labels: tuple[Label, ...], image: FileBytes | None
) -> Item:
    name, age = row["Image Index"], number(row.get("Patient Age", "").rstrip("Yy"))
    return Item(
        key=f"{table.resolve()}#{name}",
        size=image.size if image else facts.st_size,
        mtime_ns=image.mtime_ns if image else facts.st_mtime_ns,
        source="nih",
        image=image,
        image_missing=image is None,
        labels=labels,
        study=f"nih|{name}",
        patient=f"nih|{row['Patient ID']}",
        sex=sex_code(row["Patient Gender"]),
        age=age if age is not None and age <= 120 else None,  # the first edition has ages of 400
        view=View.FRONTAL if row["View Position"] in ("PA", "AP") else None,
    )


def _labels(text: str, name: str, line: int) -> tuple[Label, ...]:
    words = set(text.split("|"))
    unknown = words - set(NIH) - {_NORMAL}
    if unknown:
        raise ManifestError(name=name, line=line, reason=f"unknown finding: {', '.join(sorted(unknown))}")
    present = {NIH[word] for word in words - {_NORMAL}} or {"normal"}
    return stated(present, spoken_of=set(NIH.values()))
