"""A cohort as a file: a table for people, a manifest for programs, a list of DICOM objects."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from prosvet.archive.files import FileStore, room_for
from prosvet.archive.rows import ReportRow, StudyRow
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.types import Status
from prosvet.search.cohorts.describe import open_rows
from prosvet.search.cohorts.dicom_list import dicom_lines
from prosvet.search.cohorts.films import FilmRow, films_of
from prosvet.search.cohorts.shapes import CohortFile, CohortView, Format

__all__ = ["export", "harmless"]

_TABLE = ("study", "files", "patient", "sex", "age", "date", "date_shifted", "source", "split", "views", "images",
          "reports", "present", "uncertain", "absent")  # fmt: skip
_MANIFEST = ("id", "file", "split", "source", "labels", "view", "patient", "sex", "age", "text")
_EXTENSIONS = {"dicom": "dcm", "jpeg": "jpg", "png": "png", "tiff": "tif"}
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
_NAME = re.compile(r"[^\w.-]+")


def export(
    cohort: CohortView, studies: Sequence[str], form: Format, folder: Path | None, context: Context
) -> CohortFile:
    """The cohort in the form asked for; written to `folder` when one is given.

    Raises
    ------
    DiskFull
    """
    store = context.get(Store)
    rows = open_rows(store, context.actor, studies)
    if form == "csv":
        made = _file(cohort, "csv", len(rows), _table(rows))
    elif form == "manifest":
        made = _file(cohort, "manifest", *_manifest([row for row, _ in rows], folder, context))
    else:
        lines, left_out = dicom_lines(films_of(store, studies), context.get(FileStore))
        made = _file(cohort, "dicom", len(lines), "".join(f"{line}\n" for line in lines), left_out)
    return made if folder is None else _written(made, folder)


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    Examples
    --------
    >>> harmless("=1+1"), harmless("film.png")
    ("'=1+1", 'film.png')
    """
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def _file(cohort: CohortView, form: Format, rows: int, text: str, left_out: tuple[str, ...] = ()) -> CohortFile:
    stem = _NAME.sub("_", cohort.name).strip("._") or f"cohort-{cohort.id}"
    name = {"csv": f"{stem}.csv", "manifest": "manifest.csv", "dicom": f"{stem}-dicom.txt"}[form]
    kind = "text/plain" if form == "dicom" else "text/csv"
    return CohortFile(name=name, media_type=kind, rows=rows, text=text, left_out=left_out)


def _written(made: CohortFile, folder: Path) -> CohortFile:
    with room_for(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / made.name).write_text(made.text, encoding="utf-8", newline="")
    return made.model_copy(update={"text": ""})


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def _table(rows: Sequence[tuple[StudyRow, bool]]) -> str:
    return _csv(
        _TABLE,
        [
            (row.id, " | ".join(row.files), row.patient, row.sex or "", "" if row.age is None else f"{row.age:g}",
             row.date.isoformat() if row.date else "", "yes" if shifted else "no", row.source, row.split or "",
             "|".join(view.value for view in row.views), str(len(row.images)), str(len(row.reports)),
             *(_claims(row, status) for status in (Status.PRESENT, Status.UNCERTAIN, Status.ABSENT)))
            for row, shifted in rows
        ],
    )  # fmt: skip


def _claims(row: StudyRow, status: Status) -> str:
    """``pneumothorax (manifest, report)|cardiomegaly (model:compact@1)``: who says so stands beside each."""
    origins: dict[str, dict[str, None]] = {}
    for finding in row.findings:
        if finding.status is status:
            origins.setdefault(finding.concept, {})[finding.origin] = None
    return "|".join(f"{concept} ({', '.join(said)})" for concept, said in origins.items())


def _manifest(rows: Sequence[StudyRow], folder: Path | None, context: Context) -> tuple[int, str]:
    """A row a film, as `prosvet ingest` reads it; the labels of people only, for a model must not teach itself."""
    store, files = context.get(Store), context.get(FileStore)
    films: dict[str, list[FilmRow]] = {}
    for film in films_of(store, [row.id for row in rows]):
        films.setdefault(film.study, []).append(film)
    texts = store.lookup_reports([number for row in rows for number in row.reports])
    lines: list[tuple[str, ...]] = []
    for row in rows:
        mine = films.get(row.id, [])
        lines += [_line(row, texts, number, film) for number, film in enumerate(mine)] or [_line(row, texts, 0, None)]
        if folder is not None:
            for film in mine:
                _copy(files.path(film.sha256), folder / _place(film))
    return len(lines), _csv(_MANIFEST, lines)


def _line(row: StudyRow, texts: dict[int, ReportRow], number: int, film: FilmRow | None) -> tuple[str, ...]:
    people = [f.concept for f in row.findings if f.status is Status.PRESENT and not f.origin.startswith("model:")]
    body = "\n\n".join(texts[n].text for n in row.reports if n in texts) if number == 0 else ""
    age = "" if row.age is None else f"{row.age:g}"
    return (
        row.id if number == 0 else f"{row.id}-{number + 1}", _place(film) if film else "", row.split or "", row.source,
        "|".join(dict.fromkeys(people)), film.view if film and film.view != "unknown" else "", row.patient,
        row.sex or "", age, body,
    )  # fmt: skip


def _place(film: FilmRow) -> str:
    """Where a film lies beside the manifest; named by its content, since a file's own name may name a patient."""
    return f"films/{film.sha256[:16]}.{_EXTENSIONS.get(film.format, film.format)}"


def _copy(source: Path, target: Path) -> None:
    with room_for(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(source, target)
