"""The project's own manifest: one row an image, labels joined by ``|``, images in folders or tar archives.

Columns: id, file, split, source, labels; and, where known, raw_label, view, patient, sex, age, text. An absent
label is not a negative: only rows of ChestX-ray14 (source ``nih...``) judge all its findings; ``normal`` denies
every finding of the manifest; Wingspan speaks of the heart's size alone and JSRT of nodules alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prosvet.archive.readers.item import Item, Label, ReportText
from prosvet.archive.readers.labels import NIH, stated
from prosvet.archive.readers.table import Images, csv_rows, find_table, number, sex_code
from prosvet.core.types import Status, View

__all__ = ["ManifestReader"]

_NEEDED = {"id", "file", "split", "source", "labels"}
_ALIAS = {"effusion": "pleural_effusion", "covid": "covid19_pneumonia"}
_NIH = set(NIH.values()) - {"infiltration"}  # the manifest joins infiltration with consolidation
_ALL = _NIH | {"tuberculosis", "covid19_pneumonia"}
_NOT_CHEST = "not_chest_xray"


class ManifestReader:
    """``manifest.csv``."""

    expects = "a CSV with id, file, split, source, labels"

    def recognises(self, path: Path) -> bool:
        return find_table(path, _NEEDED) is not None

    def items(self, path: Path) -> Iterator[Item]:
        """One item a row."""
        table = find_table(path, _NEEDED) or path
        facts, images = table.stat(), Images(table.parent)
        for _, row in csv_rows(table, _NEEDED):
            image = images.find(row["file"]) if row["file"] else None
            note = row.get("text", "")
            yield Item(
                key=f"{table.resolve()}#{row['id']}",
                size=image.size if image else facts.st_size,
                mtime_ns=image.mtime_ns if image else facts.st_mtime_ns,
                source=row["source"],
                image=image,
                image_missing=bool(row["file"]) and image is None,
                report=ReportText(Path(row["file"]).name or table.name, findings=note) if note else None,
                labels=_labels(row),
                study=f"{row['source']}|{row['id']}",
                patient=row.get("patient") or None,
                sex=sex_code(row.get("sex", "")),
                age=number(row.get("age", "")),
                view=_view(row.get("view", "")),
                split=row["split"] or None,
            )


def _view(text: str) -> View | None:
    if not text:
        return None
    return View.LATERAL if text.upper() in ("L", "LL", "RL", "LATERAL") else View.FRONTAL


def _labels(row: dict[str, str]) -> tuple[Label, ...]:
    present = {_ALIAS.get(name, name) for name in row["labels"].split("|") if name} - {_NOT_CHEST}
    source = row["source"].split("(")[0].split("/")[0]
    if source == "nih":
        return stated(present, spoken_of=_NIH) if present else ()
    if source == "wingspan":
        return (Label("cardiomegaly", Status.PRESENT if "cardiomegaly" in present else Status.ABSENT),)
    if source == "jsrt":
        return (Label("nodule", Status.PRESENT if "nodule" in present else Status.ABSENT),)
    return stated(present, spoken_of=_ALL if "normal" in present else None)
