"""The Indiana layout: ``indiana_reports.csv`` and ``indiana_projections.csv`` side by side.

Reports: uid, MeSH, Problems, image, indication, comparison, findings, impression. Projections: uid, filename,
projection (Frontal or Lateral). A study is a uid; its first image brings its report and its MeSH labels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from prosvet.archive.readers.item import Item, ReportText
from prosvet.archive.readers.labels import mesh_labels
from prosvet.archive.readers.table import Images, csv_rows, find_table
from prosvet.core.types import View

__all__ = ["IndianaReader"]

_REPORTS = {"uid", "MeSH", "findings", "impression"}
_PROJECTIONS = {"uid", "filename", "projection"}


class IndianaReader:
    """The folder, or its table of reports; without the table of projections there are reports alone."""

    expects = "indiana_reports.csv with uid, MeSH, findings, impression, and indiana_projections.csv"

    def recognises(self, path: Path) -> bool:
        return find_table(path, _REPORTS) is not None

    def items(self, path: Path) -> Iterator[Item]:
        """One item an image, or one a report without images."""
        table = find_table(path, _REPORTS) or path
        films: dict[str, list[tuple[str, str]]] = defaultdict(list)
        projections = find_table(table.parent, _PROJECTIONS)
        if projections is not None:
            for _, row in csv_rows(projections, _PROJECTIONS):
                films[row["uid"]].append((row["filename"], row["projection"]))
        images = Images(table.parent)
        for _, row in csv_rows(table, _REPORTS):
            yield from _study(table, row, films[row["uid"]], images)


def _study(table: Path, row: dict[str, str], films: list[tuple[str, str]], images: Images) -> Iterator[Item]:
    facts, uid = table.stat(), row["uid"]
    codes = tuple(code.strip() for code in row["MeSH"].split(";") if code.strip())
    report = ReportText(
        table.name, findings=row["findings"], impression=row["impression"], indication=row.get("indication", ""),
        codes=codes, language="en",
    )  # fmt: skip
    found = [(name, view, images.find(name)) for name, view in films]
    present = [entry for entry in found if entry[2] is not None] or [("", "", None)]
    for order, (name, view, image) in enumerate(present):
        yield Item(
            key=f"{table.resolve()}#{uid}/{name}",
            size=image.size if image else facts.st_size,
            mtime_ns=image.mtime_ns if image else facts.st_mtime_ns,
            source="indiana",
            image=image,
            image_missing=image is None,
            report=report if order == 0 and report else None,
            labels=mesh_labels(codes) if order == 0 else (),
            study=f"indiana|{uid}",
            patient=f"indiana|{uid}",
            view={"Frontal": View.FRONTAL, "Lateral": View.LATERAL}.get(view),
        )
