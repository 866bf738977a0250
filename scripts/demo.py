"""The main job on real data, start to end: read, ingest, find, and the same film spoilt and still read alike.

Usage: ``python scripts/demo.py --data .data --out demo``. Writes ``demo/index.html``; the archive that it makes stays
in ``demo/archive``. Exits with 1 when the film with its many masses is read as normal or a spoilt copy is not noticed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo_page import Page, place_words
from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.core.context import Context
from prosvet.core.i18n import Lang
from prosvet.core.settings import load_settings
from prosvet.core.types import Status
from prosvet.imaging import load_film
from prosvet.imaging.film import Film
from prosvet.imaging.intensity import normalise
from prosvet.language.vocabulary import vocabulary
from prosvet.reading.api import Reading, ReadRequest
from prosvet.reading.api import run as read
from prosvet.search.api import SearchRequest, SearchResult
from prosvet.search.api import run as search

QUERIES: tuple[tuple[str, Lang], ...] = (
    ("правосторонний плевральный выпот без пневмоторакса", "ru"),
    ("multiple pulmonary nodules, no pleural effusion", "en"),
)
CLOSE = 0.15  # greatest difference of the "abnormal" probability between the film and its spoilt copy


@dataclass
class Copy:
    """A spoilt copy: what was done, the file, what the gates said and how far the reading moved."""

    name: str
    path: Path
    noticed: str
    difference: float
    ok: bool
    reading: Reading | None = None


def say(line: str = "") -> None:
    """One line of the demo's output."""
    print(line, flush=True)


def save_png(pixels: NDArray[np.float32], path: Path) -> Path:
    """A 16-bit picture of a film's pixels."""
    low, high = float(pixels.min()), float(pixels.max())
    Image.fromarray(np.round((pixels - low) / max(high - low, 1e-6) * 65535).astype(np.uint16)).save(path)
    return path


def spoilt(film: Film, folder: Path) -> list[tuple[str, Path, Callable[[Reading], str]]]:
    """Negative, turned and cropped copies with what must be noticed of each."""
    height, width = film.shape
    cut = film.pixels[height // 12 : -height // 12, width // 12 : -width // 12]
    return [
        (
            "негатив",
            save_png(film.pixels.max() - film.pixels, folder / "negative.png"),
            lambda r: "негатив распознан и обращён" if r.gates.inverted else "",
        ),
        (
            "поворот на 90°",
            save_png(np.ascontiguousarray(np.rot90(film.pixels)), folder / "turned.png"),
            lambda r: f"поворот на {r.gates.rotated}° распознан и исправлен" if r.gates.rotated == 90 else "",
        ),
        (
            "обрезанный снимок",
            save_png(cut, folder / "cropped.png"),
            lambda r: (
                "лёгкие обрезаны краем снимка" if "cut_lungs" in r.gates.quality else "обрезка края не мешает чтению"
            ),
        ),
    ]


def read_one(path: Path, context: Context, overlay: Path | None = None) -> Reading:
    """Read a file or stop the demo with its error."""
    item = read(ReadRequest(files=[path], lang="ru", overlay=overlay), context).items[0]
    if item.result is None:
        raise SystemExit(f"{path.name}: {item.error.message if item.error else ''}")
    return item.result


def show_reading(reading: Reading) -> None:
    """Findings and the draft on the terminal."""
    names = vocabulary().concepts
    for finding in reading.findings:
        if finding.status in (Status.PRESENT, Status.UNCERTAIN):
            place = place_words(finding)
            sure = "да" if finding.status is Status.PRESENT else "под вопросом"
            say(f"   {names[finding.concept].names['ru']:<28} {sure:<13} {finding.probability:>6.0%}  {place}")
    for measurement in reading.measurements:
        say(f"   кардиоторакальный индекс     {measurement.value:.2f}".replace(".", ","))
    say()
    say("   " + (reading.report.text if reading.report else "").replace("\n", "\n   "))
    say()


def try_copies(film: Film, original: Reading, folder: Path, context: Context) -> list[Copy]:
    """Read the spoilt copies and compare."""
    copies = []
    for name, path, notice in spoilt(film, folder):
        reading = read_one(path, context, folder)
        noticed = notice(reading)
        difference = abs(reading.scores["abnormal"] - original.scores["abnormal"])
        copies.append(Copy(name, path, noticed, difference, bool(noticed) and difference <= CLOSE, reading))
        say(f"   {name}: {noticed or 'НЕ ЗАМЕЧЕНО'}; вероятность патологии изменилась на {difference:.2f}")
    return copies


def show_hits(result: SearchResult, question: str) -> None:
    """Hits with their reasons on the terminal."""
    say(f" → {question}")
    for hit in result.hits[:3]:
        say(f"   {hit.score:.2f} {hit.kind:<7} {hit.study} {hit.file}: {'; '.join(hit.reasons)[:110]}")


def main() -> int:
    """Run the demo; 0 when everything came out as it must."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    began = time.monotonic()
    out: Path = given.out
    work = out / "pictures"
    work.mkdir(parents=True, exist_ok=True)
    rg1 = given.data / "pydicom-data" / "RG1_UNCR.dcm"
    with Context(load_settings(home=out / "archive", lang="ru")) as context:
        say("1. Чтение снимка RG1 (полноразмерная рентгенограмма из пакета pydicom-data)")
        reading = read_one(rg1, context, work)
        show_reading(reading)
        film = load_film(rg1, context.settings)
        save_png(normalise(film.pixels), work / "film.png")
        say("2. Тот же снимок, испорченный")
        copies = try_copies(film, reading, work, context)
        say()
        say("3. Архив: снимок и 3955 отчётов Open-i")
        added = ingest(IngestRequest(paths=(rg1, given.data / "torchxrayvision" / "NLMCXR_reports.tgz")), context)
        say(
            f"   добавлено исследований: {added.studies}, снимков: {added.images}, отчётов: {added.reports}; "
            f"уже было: {added.skipped}; {added.seconds:.0f} с"
        )
        say()
        say("4. Поиск")
        found = []
        for question, lang in QUERIES:
            result = search(SearchRequest(text=question, lang=lang, k=5), context)
            show_hits(result, question)
            found.append((question, result))
        result = search(SearchRequest(image=rg1, in_="reports", lang="ru", k=5), context)
        show_hits(result, "отчёты к этому снимку")
        found.append(("Отчёты, подходящие к снимку RG1", result))
    Page(reading, copies, added, found, vocabulary()).write(out / "index.html")
    normal = all(f.status is not Status.PRESENT for f in reading.findings if f.concept not in ("normal",))
    good = not normal and all(copy.ok for copy in copies) and all(result.hits for _, result in found)
    say()
    say(f"{out / 'index.html'}: {'готово' if good else 'НЕ ПРОЙДЕНО'}, {time.monotonic() - began:.0f} с")
    say(f"Открыть этот архив в браузере: {Path(sys.executable).parent / 'prosvet'} --home {out / 'archive'} serve")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
