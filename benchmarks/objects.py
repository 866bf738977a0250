"""Every kind of result of every usable film: errors and warnings of `dciodvfy`, and whether others read it.

    python benchmarks/objects.py [--films 44] [--out results/objects.json]

Films: the DICOM files of `make data` that can be read as one grey picture (the chest ones are read by the model; the
others get a report without findings, a picture, and a contour drawn by hand), the chest film of the development data,
and PNG films of the development data wrapped as CR: with and without spacing, with and without a patient, in
ISO_IR 192, ISO_IR 144 and no character set, with 8, 12 and 16 bits, MONOCHROME1, a frame of reference.
"""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import highdicom
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from common import figure, finish, parser  # noqa: E402
from conftest import public_folder, shared_folder  # noqa: E402
from prosvet.core.context import Context  # noqa: E402
from prosvet.core.errors import ImageError, ProsvetError  # noqa: E402
from prosvet.core.settings import load_settings  # noqa: E402
from prosvet.hospital.objects import KINDS, Results, machine_results, make, write  # noqa: E402
from prosvet.imaging.geometry import Box  # noqa: E402
from prosvet.imaging.load import load_bytes  # noqa: E402
from prosvet.reading.api import read_film  # noqa: E402
from result_films import AT, VARIANTS, judged, square_results, wrapped  # noqa: E402

COLUMNS = ("objects", "refused", "errors", "inherited", "warnings", "unreadable", "seconds")


def real_files() -> Iterator[tuple[str, bytes]]:
    """DICOM files as they are."""
    folders = (public_folder() / "pydicom-data", shared_folder() / "dicom")
    for path in (path for folder in folders for path in sorted(folder.glob("*.dcm"))):
        yield path.name, path.read_bytes()


def wrapped_films(most: int) -> Iterator[tuple[str, bytes]]:
    """Films of the development data as CR, one variant after another."""
    with tarfile.open(shared_folder() / "cxr" / "test-000.tar") as pack:
        names = [name for name in pack.getnames() if name.endswith((".png", ".jpg", ".jpeg"))][:most]
        for number, name in enumerate(names):
            stream = pack.extractfile(name)
            if stream is None:
                continue
            pixels = np.asarray(Image.open(io.BytesIO(stream.read())).convert("L"), dtype=np.float32) / 255
            variant = list(VARIANTS)[number % len(VARIANTS)]
            source = wrapped(pixels, study=f"2.25.{2000 + number}", **VARIANTS[variant])  # type: ignore[arg-type]
            yield f"wrapped: {variant}", write(source)


def results_of(data: bytes, source: Dataset, context: Context) -> tuple[str, Results]:
    """The model's reading, or, of what is no frontal chest film, a text, the film and a contour by hand."""
    film = load_bytes(data, "film.dcm", context.settings)
    try:
        reading, examination = read_film(film, context, "ru")
    except ImageError:
        side = min(int(source.Rows), int(source.Columns))
        made = square_results(source, Box(side // 4, side // 4, side // 2, side // 2))
        assert made.examination is not None
        return "by hand", replace(made, findings=(), examination=replace(made.examination, film=film))
    return "read", machine_results(reading, examination, "ru")


def readable(kind: str, path: Path) -> bool:
    """dcmtk and highdicom read it."""
    commands = [["dcmdump", "-q"], ["dcm2xml", "-q", "+Ca", "utf-8"]] + ([["dsrdump", "-q"]] if "sr" in kind else [])
    done = [subprocess.run([*one, str(path)], capture_output=True, check=False).returncode == 0 for one in commands]
    if kind == "sr":
        done.append(bool(highdicom.sr.srread(path).content.get_image_measurement_groups()))
    elif kind == "seg":
        done.append(highdicom.seg.segread(path).number_of_segments > 0)
    return all(done)


def measure(name: str, data: bytes, context: Context, folder: Path) -> Iterator[dict[str, object]]:
    """A row for each kind."""
    source = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True, force=True)
    how, results = results_of(data, source, context)
    for kind in KINDS:
        try:
            began = time.perf_counter()
            dataset = make(kind, [source], results, made_of=name, at=AT)
            made = write(dataset)
            seconds = time.perf_counter() - began
        except ProsvetError as error:
            yield {"source": name, "how": how, "kind": kind, "refused": error.message("en")}
            continue
        path = folder / "made.dcm"
        path.write_bytes(made)
        found = judged(path)
        inherited = [line for line in found.errors if any(f'"{one}"' in line for one in own_uids(source))]
        yield {
            "source": name, "how": how, "kind": kind, "bytes": len(made), "seconds": round(seconds, 3),
            "errors": [line for line in found.errors if line not in inherited], "inherited": inherited,
            "warnings": list(found.warnings), "readable": readable(kind, path),
        }  # fmt: skip


def own_uids(source: Dataset) -> set[str]:
    """The source's own UIDs: one with an illegal root (an anonymiser's "9999.") is repeated where it is referred to."""
    return {str(source.get(keyword)) for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")}


def summary(rows: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    """What the table prints, by kind."""
    made: dict[str, dict[str, object]] = {}
    for kind in KINDS:
        own = [row for row in rows if row["kind"] == kind]
        done = [row for row in own if "refused" not in row]
        times = sorted(float(str(row["seconds"])) for row in done)
        made[kind] = {
            "objects": len(done), "refused": len(own) - len(done),
            "errors": sum(len(row["errors"]) for row in done),  # type: ignore[arg-type]
            "inherited": sum(len(row["inherited"]) for row in done),  # type: ignore[arg-type]
            "warnings": sum(len(row["warnings"]) for row in done),  # type: ignore[arg-type]
            "unreadable": sum(not row["readable"] for row in done),
            "seconds": times[len(times) // 2] if times else None,
        }  # fmt: skip
    return made


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--films", type=int, default=44, help="how many films of the development data are wrapped")
    asked = options.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    rows: list[dict[str, object]] = []
    passed: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        context = Context(load_settings({}, home=Path(folder) / "home", threads=1))
        for name, data in (*real_files(), *wrapped_films(asked.films)):
            try:
                rows += list(measure(name, data, context, Path(folder)))
            except ImageError as error:  # several frames, colour, damaged: no film, so that nothing is ever made of it
                passed[error.code] += 1
        context.close()
    return reported(rows, passed, asked.films, asked.out)


def reported(rows: list[dict[str, object]], passed: Counter[str], films: int, out: Path | None) -> int:
    """Print the table to the standard error and the result as JSON; 1 when an error of ours stands."""
    told = summary(rows)
    print("  ".join(f"{head:>10}" for head in ("kind", *COLUMNS)), file=sys.stderr)
    for kind, one in told.items():
        print("  ".join(f"{cell!s:>10}" for cell in (kind, *(one[column] for column in COLUMNS))), file=sys.stderr)
    figures = []
    for kind, one in told.items():
        n = int(str(one["objects"]))
        figures += [
            figure(f"{kind}: errors of dciodvfy", "all films", float(str(one["errors"])), n, target="≤ 0"),
            figure(f"{kind}: unread by dcmtk, highdicom", "all films", float(str(one["unreadable"])), n, target="≤ 0"),
            figure(f"{kind}: median time to make", "all films", float(str(one["seconds"])), n, unit="s"),
        ]  # fmt: skip
    sources = sorted({(str(row["source"]), str(row["how"])) for row in rows})
    finish(
        "objects",
        out,
        data={
            "read by the model": [name for name, how in sources if how == "read"],
            "not chest films, contour by hand": [name for name, how in sources if how == "by hand"],
            "wrapped films": films,
            "files that are no film": dict(passed),
        },
        figures=figures,
        kinds=told,
        refusals=dict(Counter(f"{row['kind']}: {row['refused']}" for row in rows if "refused" in row)),
        warnings=dict(_kinds_of_warnings(rows).most_common(10)),
    )
    return int(any(one["errors"] or one["unreadable"] for one in told.values()))


def _kinds_of_warnings(rows: list[dict[str, object]]) -> Counter[str]:
    told = (line for row in rows for line in row.get("warnings", ()))  # type: ignore[attr-defined]
    return Counter(re.sub(r"<[^<>]*>|\d+", "*", line) for line in told)


if __name__ == "__main__":
    sys.exit(main())
