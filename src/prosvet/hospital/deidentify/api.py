"""The capability `deidentify`: films and reports for research, without the people in them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from prosvet.archive.files import FileStore
from prosvet.archive.readers.item import FileBytes
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import DeidentifyError, InvalidRequest, NotFound
from prosvet.core.types import Frozen
from prosvet.hospital.deidentify import ocr
from prosvet.hospital.deidentify.again import check_again
from prosvet.hospital.deidentify.export import Exporter
from prosvet.hospital.deidentify.items import Entry, entries
from prosvet.hospital.deidentify.journal import Workplace, refuse_paths
from prosvet.hospital.deidentify.keys import open_key
from prosvet.hospital.deidentify.options import Options
from prosvet.hospital.deidentify.report import ExportReport, FileReport, Totals
from prosvet.search.cohorts import rows
from prosvet.search.cohorts.films import films_of

__all__ = ["NAME", "DeidentifyRequest", "DeidentifyResult", "ExportView", "exports_folder", "run"]

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"
_TOLD = 1000  # files that a result names
_SUFFIXES = {"dicom": "dcm", "jpeg": "jpg", "png": "png", "tiff": "tif"}


class DeidentifyRequest(Frozen):
    """What to export, where to, and what may stay."""

    action: Literal["run", "ready", "check", "list", "show"] = Field(
        default="run",
        description="Export, only see whether that could begin, look at an export again, list exports, show one.",
    )
    source: Path | None = Field(default=None, description="File, folder or ZIP.")
    cohort: str = Field(default="", description="Name or number of a cohort, instead of a source.")
    out: Path | None = Field(default=None, description="Folder to make; it must not be there.")
    name: str = Field(
        default="", pattern=NAME + "|^$", description="Name of an export under HOME/exports, instead of out."
    )
    key: Path | None = Field(default=None, description="File of the key; by default HOME/hospital/keys/EXPORT.key.")
    keep_key: bool = Field(default=True, description="Keep the key: pseudonyms can then be led back by its owner.")
    options: Options = Options()


class ExportView(Frozen):
    """An export of this archive, and whether it is whole."""

    name: str
    finished: str = ""
    whole: bool
    totals: Totals = Totals()


class DeidentifyResult(Frozen):
    """What came of it.

    Attributes
    ----------
    out : str
        Name of the export's folder.
    report : ExportReport or None
    exports : tuple of ExportView
        Of ``list``.
    left : tuple of FileReport
        Files in which the check found something; they are not in the export, or (``check``) should not be. At most
        1,000, and a report of more files than that comes without them.
    """

    action: str
    out: str = ""
    report: ExportReport | None = None
    exports: tuple[ExportView, ...] = ()
    left: tuple[FileReport, ...] = ()


def exports_folder(context: Context) -> Path:
    """Where exports asked for on the page lie."""
    return context.settings.home / "exports"


def run(request: DeidentifyRequest, context: Context) -> DeidentifyResult:
    """Export, check an export again, list exports, or show one.

    The input is only read. The export appears whole under its name, or not at all; a run that was stopped goes on
    where it was. A file in which the check finds something is withheld.

    Raises
    ------
    InvalidRequest, NotFound, DeidentifyError, BadZip, DiskFull, MissingExtra
    """
    if request.action == "list":
        return DeidentifyResult(action="list", exports=tuple(_exports(context)))
    out = _out(request, context)
    if request.action == "show":
        return DeidentifyResult(action="show", out=out.name, report=_read(out))
    if (request.source is None) == (not request.cohort):
        raise InvalidRequest(name="source, cohort", reason="one of the two")
    if request.action == "ready":
        return _ready(request, out, context)
    return _check(request, out, context) if request.action == "check" else _export(request, out, context)


def _export(request: DeidentifyRequest, out: Path, context: Context) -> DeidentifyResult:
    refuse_paths(request.source, out)
    path = _key_path(request, out, context)
    key = open_key(path)
    found, facts = _input(request, context)
    audit = AuditLog.from_context(context)
    audit.write("deidentify_begin", files=len(found), **facts)
    exporter = Exporter(key, request.options, context)
    report = exporter.run(found, Workplace(out, key, request.options), request.keep_key)
    if not request.keep_key:
        path.unlink()
    totals = report.totals
    audit.write("deidentify", exported=totals.exported, withheld=totals.withheld, left_out=totals.left_out, **facts)
    left = tuple(file for file in report.files if file.state == "withheld")
    return DeidentifyResult(action="run", out=out.name, report=_short(report), left=left[:_TOLD])


def _ready(request: DeidentifyRequest, out: Path, context: Context) -> DeidentifyResult:
    """Refuse at once what the job would refuse later."""
    refuse_paths(request.source, out)
    if request.options.pixels:
        ocr.ready()
    if request.source is None:
        rows.one(context.get(Store), context.actor, request.cohort)
    elif not request.source.exists():
        raise NotFound(kind="file", name=request.source.name)
    return DeidentifyResult(action="ready", out=out.name)


def _check(request: DeidentifyRequest, out: Path, context: Context) -> DeidentifyResult:
    """Look at every file of an export again, beside the input that it was made of."""
    report = _read(out)
    path = _key_path(request, out, context)
    if not path.is_file():
        raise DeidentifyError(reason="no_key", name=out.name)
    key = open_key(path)
    found, facts = _input(request, context)
    left = check_again(out, report, found, Exporter(key, report.options, context))
    AuditLog.from_context(context).write("deidentify_check", files=len(report.files), left=len(left), **facts)
    return DeidentifyResult(action="check", out=out.name, report=_short(report), left=left[:_TOLD])


def _out(request: DeidentifyRequest, context: Context) -> Path:
    if (request.out is None) == (not request.name):
        raise InvalidRequest(name="out, name", reason="one of the two")
    return exports_folder(context) / request.name if request.out is None else request.out.expanduser()


def _key_path(request: DeidentifyRequest, out: Path, context: Context) -> Path:
    """Apart from the export: a key beside what it hides is no key."""
    if request.key is None:
        folder = context.settings.home / "hospital" / "keys"
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
        place = hashlib.sha256(str(out.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:12]
        return folder / f"{re.sub(r'[^A-Za-z0-9_-]+', '_', out.name)[:40]}-{place}.key"
    if not request.keep_key:
        raise InvalidRequest(name="key, keep_key", reason="a key of your own is not thrown away")
    key = request.key.expanduser()
    if key.resolve().is_relative_to(out.resolve()):
        raise DeidentifyError(reason="key_inside", name=key.name)
    return key


def _input(request: DeidentifyRequest, context: Context) -> tuple[list[Entry], dict[str, int]]:
    if request.source is not None:
        return entries(request.source.expanduser(), context.settings), {}
    store, films = context.get(Store), context.get(FileStore)
    cohort = rows.one(store, context.actor, request.cohort)
    studies = rows.study_ids(store, context.actor, cohort.id)
    found = []
    for row in films_of(store, studies):
        path = films.path(row.sha256)
        facts = path.stat()
        name = f"{row.study}/{row.sha256[:16]}.{_SUFFIXES.get(row.format, row.format)}"
        found.append(Entry(name, FileBytes(path, Path(name).name, facts.st_size, facts.st_mtime_ns)))
    if not found:
        raise NotFound(kind="cohort", name=request.cohort)
    return found, {"cohort": cohort.id, "studies": len(studies)}


def _short(report: ExportReport) -> ExportReport:
    """Of a long report the sums: all its lines are in ``report.json``."""
    return report if len(report.files) <= _TOLD else report.model_copy(update={"files": ()})


def _read(out: Path) -> ExportReport:
    try:
        return ExportReport.model_validate_json((out / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        raise NotFound(kind="export", name=out.name) from None


def _exports(context: Context) -> list[ExportView]:
    """The newest first."""
    found = []
    folder = exports_folder(context)
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_symlink() or not path.is_dir():
            continue
        if path.name.endswith(".part"):
            found.append(ExportView(name=path.name.removesuffix(".part"), whole=False))
            continue
        try:
            report = _read(path)
        except NotFound:
            continue
        found.append(ExportView(name=path.name, finished=report.finished, whole=True, totals=report.totals))
    return sorted(found, key=lambda one: one.finished, reverse=True)
