"""An export looked at again beside its input, by whoever holds the key: files as they lie, and letters in pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pydicom

from prosvet.hospital.deidentify import film, ocr
from prosvet.hospital.deidentify.check import look_again
from prosvet.hospital.deidentify.export import Exporter
from prosvet.hospital.deidentify.items import Entry, Form
from prosvet.hospital.deidentify.picture import grey_picture, picture_pixels
from prosvet.hospital.deidentify.report import ExportReport, FileReport

__all__ = ["check_again"]

_OURS = {"report.json", "report.csv", "report.html"}


def check_again(
    out: Path, report: ExportReport, entries: Sequence[Entry], exporter: Exporter
) -> tuple[FileReport, ...]:  # fmt: skip
    """Files in which something is left, that were changed since, or that nobody exported."""
    exporter.look(entries)
    if exporter.options.pixels:
        ocr.ready()
    inputs = {exporter.key.file(entry.path): entry for entry in entries}
    listed = {file.file: file for file in report.files if file.state == "exported"}
    left: list[FileReport] = []
    for path in exporter.context.progress.track(sorted(out.rglob("*")), "deidentify_check"):
        name = path.relative_to(out).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        places = _places(path, name, listed.get(name), inputs, exporter)
        if places:
            left.append(FileReport(file=name, state="withheld", reason="left", left=tuple(places)))
    return tuple(left)


def _places(
    path: Path, name: str, file: FileReport | None, inputs: dict[str, Entry], exporter: Exporter
) -> list[str]:  # fmt: skip
    if path.is_symlink():
        return ["link"]
    data = path.read_bytes()
    if name in _OURS:
        return ["text"] if any(exporter.everyone.find(data.decode("utf-8", "replace"))) else []
    entry = inputs.get(PurePosixPath(name).stem)
    if file is None or entry is None:
        return ["unknown_file"]
    form: Form = "png" if name.endswith(".png") else file.form  # type: ignore[assignment]
    known = exporter.everyone if form in ("text", "table") else exporter.known(entry.path)
    places = look_again(form, name, data, known, exporter.options)
    return places + (["pixels"] if exporter.options.pixels and _letters(form, data, exporter) else [])


def _letters(form: Form, data: bytes, exporter: Exporter) -> bool:
    """Whether a picture still has text that an engine reads."""
    limit = exporter.context.settings.max_pixels
    if form == "dicom":
        dataset = pydicom.dcmread(io.BytesIO(data))
        pixels = film.decoded(dataset, limit)
        frames = film.grey_frames(pixels, dataset)
    elif form in ("png", "jpeg"):
        frames = [grey_picture(picture_pixels(data, limit))]
    else:
        return False
    return film.has_text(frames, exporter.options)
