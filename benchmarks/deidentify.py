"""De-identification measured: burned-in text masked, area lost on films as they are, headers valid, texts cleaned.

    python benchmarks/deidentify.py --films FOLDER --full FOLDER --dicom FOLDER --out benchmarks/results/deidentify.json

FILMS holds tar archives of 256-pixel films, FULL films of 1024 pixels, DICOM files of any class. Texts are drawn on
films in DejaVu's faces; a text counts as masked when 95 % of its letters' pixels are.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import random
import re
import subprocess
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset

from common import figure, finish
from deidentify_reports import reports
from prosvet.core.context import Context
from prosvet.core.errors import DeidentifyError
from prosvet.core.settings import load_settings
from prosvet.hospital.deidentify import film
from prosvet.hospital.deidentify.api import DeidentifyRequest, run
from prosvet.hospital.deidentify.options import Options
from prosvet.hospital.deidentify.text import find_identities

_FACES = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "DejaVuSansCondensed")
_FOLDER = Path("/usr/share/fonts/truetype/dejavu")
_SIZES = (14, 18, 24, 36)
_CONTRASTS = {"full": 255, "middle": 110, "low": 60}  # grey levels above or below the ground, of 255
_RU = (
    "Иванов И.И.",
    "ПЕТРОВА АННА",
    "12.03.1960",
    "ФИО: Кузнецов",
    "ГКБ №7 Рентген",
    "Карта 48213",
    "Снимок 05.04.2022",
    "Сидоров Олег",
)
_EN = (
    "SMITH JOHN",
    "DOB 03/12/1960",
    "MRN 4821377",
    "Petrova A.",
    "City Hospital",
    "2022-04-05 14:31",
    "ID: 7712-A",
    "PORTABLE AP",
)


def wilson(hits: int, total: int) -> dict[str, float | int]:
    """A share with its 95 % interval."""
    if not total:
        return {"n": 0}
    z, share = 1.96, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return {
        "share": round(share, 4),
        "low": round(max(0, middle - half), 4),
        "high": round(min(1, middle + half), 4),
        "n": total,
    }


def films(folder: Path, count: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    """Films of 256 pixels drawn from the archives of `folder`."""
    rng = random.Random(seed)
    for archive in sorted(folder.glob("val-*.tar"))[:1]:
        with tarfile.open(archive) as tar:
            members = [member for member in tar.getmembers() if member.name.endswith(".jpg")]
            for member in rng.sample(members, count):
                stream = tar.extractfile(member)
                assert stream is not None
                yield np.asarray(Image.open(io.BytesIO(stream.read())).convert("L"))


def as_object(grey: NDArray[np.uint8], bits: int, inverted: bool) -> tuple[NDArray[Any], Dataset]:
    """Pixels of 8 or 12 bits with the attributes that say how they are shown."""
    header = Dataset()
    header.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    shown = 255 - grey if inverted else grey
    return (shown.copy() if bits == 8 else shown.astype(np.uint16) * 16)[None], header


def masked(pixels: NDArray[Any], header: Dataset) -> film.Masked:
    """Mask in place, as an export does."""
    black = film.black_of(pixels, header)
    return film.mask_frames(pixels, Options(), lambda now: film.grey_frames(now, header), black)


def plant(grey: NDArray[np.uint8], rng: random.Random) -> tuple[NDArray[np.uint8], list[dict[str, Any]]]:
    """Six texts on a film, where no other is: the film, and each text's letters and make."""
    picture, taken = grey.copy(), np.zeros(grey.shape, dtype=bool)
    made: list[dict[str, Any]] = []
    while len(made) < 6:
        lang, size = rng.choice(("ru", "en")), rng.choice(_SIZES)
        contrast, face = rng.choice(tuple(_CONTRASTS)), rng.choice(_FACES)
        font = ImageFont.truetype(str(_FOLDER / f"{face}.ttf"), size)
        text = rng.choice(_RU if lang == "ru" else _EN)
        canvas = Image.new("L", grey.shape[::-1], 0)
        width = int(font.getlength(text)) + 4
        left, top = rng.randint(4, grey.shape[1] - width - 4), rng.randint(4, grey.shape[0] - 2 * size)
        ImageDraw.Draw(canvas).text((left, top), text, fill=255, font=font)
        letters = np.asarray(canvas).astype(np.float32) / 255
        area = (slice(max(0, top - size), top + 2 * size), slice(max(0, left - size), left + width + size))
        if taken[area].any():
            continue
        taken[area] = True
        ground = float(np.median(picture[area]))
        step = _CONTRASTS[contrast]
        level = min(255.0, ground + step) if ground < 128 else max(0.0, ground - step)
        picture = np.round(picture * (1 - letters) + level * letters).astype(np.uint8)
        made.append({"lang": lang, "size": size, "contrast": contrast, "letters": letters > 0.5})
    return picture, made


def measure_recall(folder: Path, full: Path, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Texts masked on `count` films, six on each; the figures so far after each film."""
    rng = random.Random(seed)
    grounds = [np.asarray(Image.open(path).convert("L").resize((1024, 1024))) for path in sorted(full.glob("*.png"))]
    grounds += [np.asarray(Image.fromarray(one).resize((1024, 1024), Image.Resampling.BICUBIC))
                for one in films(folder, max(0, count - len(grounds)), seed)]  # fmt: skip
    tally: dict[str, list[int]] = defaultdict(list)
    withheld = 0
    for number, ground in enumerate(grounds[:count]):
        picture, made = plant(ground, rng)
        bits, inverted = rng.choice((8, 16)), rng.random() < 0.3
        pixels, header = as_object(picture, bits, inverted)
        before = pixels.copy()
        try:
            film.mask_frames(
                pixels,
                Options(),
                lambda now, header=header: film.grey_frames(now, header),
                film.black_of(pixels, header),
            )
        except DeidentifyError:
            withheld += 1
            continue
        black = film.black_of(before, header)
        for text in made:
            gone = float((pixels[0][text["letters"]] == black).mean())
            hit = int(gone >= 0.95)
            for key in (
                "all",
                f"lang {text['lang']}",
                f"size {text['size']}",
                f"contrast {text['contrast']}",
                f"bits {bits}",
            ):
                tally[key].append(hit)
            if text["contrast"] != "low" and text["size"] >= 18:
                tally["18 px and more, middle or full contrast"].append(hit)
            tally["at least half of the letters"].append(int(gone >= 0.5))
        shares = {key: wilson(sum(hits), len(hits)) for key, hits in sorted(tally.items())}
        yield {"films": number + 1, "films_withheld": withheld, **shares}


def measure_area(folder: Path, count: int, seed: int, crops: Path | None) -> Iterator[dict[str, Any]]:
    """Part of the picture that is masked on films as they are: their own letters, and what is taken for letters."""
    areas, boxes = [], 0
    for number, grey in enumerate(films(folder, count, seed + 1)):
        pixels, header = as_object(grey, 8, False)
        try:
            done = masked(pixels, header)
        except DeidentifyError:
            areas.append(1.0)
            continue
        areas.append(done.area)
        boxes += len(done.boxes)
        for at, box in enumerate(done.boxes if crops else []):
            part = Image.fromarray(grey[box.top : box.bottom, box.left : box.right])
            part.save(crops / f"{number:03d}-{at}.png")  # type: ignore[operator]
        yield {
            "films_touched": wilson(sum(area > 0 for area in areas), len(areas)), "boxes": boxes,
            "mean_area": round(float(np.mean(areas)), 5), "median_area": round(float(np.median(areas)), 5),
            "p95_area": round(float(np.percentile(areas, 95)), 5), "withheld": sum(area == 1.0 for area in areas),
        }  # fmt: skip


def errors_of(path: Path) -> set[str]:
    """What dicom3tools' validator calls errors."""
    told = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
    return {line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")}


def measure_headers(folder: Path) -> dict[str, Any]:
    """Errors of the validator that the input did not have."""
    tally: Counter[str] = Counter()
    fresh: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        context = Context(load_settings({}, home=Path(place) / "home"))
        for number, path in enumerate(sorted(folder.glob("*.dcm"))):
            out = Path(place) / f"out{number}"
            request = DeidentifyRequest(source=path, out=out, options=Options(pixels=False))
            report = run(request, context).report
            assert report is not None
            tally[report.files[0].state] += 1
            for made in out.rglob("*.dcm"):
                new = errors_of(made) - errors_of(path)
                tally["with new errors"] += bool(new)
                fresh.update(line[:120] for line in new)
    return {**tally, "new_errors": dict(fresh)}


def measure_texts(count: int, seed: int) -> dict[str, Any]:
    """Identities found in invented reports, and what was taken for one."""
    hits: dict[str, list[int]] = defaultdict(list)
    right: dict[str, list[int]] = defaultdict(list)
    for report in reports(count, seed):
        spans = find_identities(report.text)
        covered = np.zeros(len(report.text), dtype=bool)
        planted = np.zeros(len(report.text), dtype=bool)
        for span in spans:
            covered[span.start : span.end] = True
        for kind, start, end in report.planted:
            planted[start:end] = True
            signs = [at for at in range(start, end) if report.text[at].isalnum()]
            hit = int(all(covered[at] for at in signs))
            for key in (f"{report.lang} all", f"{report.lang} {kind}"):
                hits[key].append(hit)
        for span in spans:
            right[report.lang].append(int(planted[span.start : span.end].any()))
    return {
        "recall": {key: wilson(sum(found), len(found)) for key, found in sorted(hits.items())},
        "precision": {key: wilson(sum(found), len(found)) for key, found in sorted(right.items())},
    }  # fmt: skip


def measure_real(archive: Path, count: int, seed: int) -> dict[str, int]:
    """What is taken for an identity in real reports that have none left (Open-i wrote XXXX for each)."""
    tally: Counter[str] = Counter()
    with tarfile.open(archive) as tar:
        members = [member for member in tar.getmembers() if member.name.endswith(".xml")]
        for member in random.Random(seed).sample(members, count):
            stream = tar.extractfile(member)
            if stream is None:
                continue
            for text in re.findall(r'Label="(?:FINDINGS|IMPRESSION)">(.*?)</Abs', stream.read().decode()):
                spans = [text[span.start : span.end] for span in find_identities(text)]
                tally.update(sections=1, words=len(text.split()), taken=len(spans))
                tally["taken_xxxx"] += sum("XXXX" in span for span in spans)
    return dict(tally)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=Path, required=True)
    parser.add_argument("--full", type=Path, required=True)
    parser.add_argument("--dicom", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--planted", type=int, default=40, help="films with six texts each")
    parser.add_argument("--clean", type=int, default=200, help="films as they are")
    parser.add_argument("--reports", type=int, default=400)
    parser.add_argument("--crops", type=Path, default=None, help="folder for what was masked on films as they are")
    parser.add_argument("--openi", type=Path, default=None, help="NLMCXR_reports.tgz")
    parser.add_argument("--only", choices=("recall", "area", "headers", "texts"), action="append")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    parts = asked.only or ["texts", "headers", "recall", "area"]
    if asked.crops:
        asked.crops.mkdir(parents=True, exist_ok=True)
    found = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    if "texts" in parts:
        found["texts"] = measure_texts(asked.reports, asked.seed)
        if asked.openi:
            found["real_english_reports"] = measure_real(asked.openi, 600, asked.seed)
    if "headers" in parts:
        found["headers"] = measure_headers(asked.dicom)
    if "recall" in parts:
        for found["burned_in_text_masked"] in measure_recall(asked.films, asked.full, asked.planted, asked.seed):
            keep(found, asked.out)
    if "area" in parts:
        for found["area_on_films_as_they_are"] in measure_area(asked.films, asked.clean, asked.seed, asked.crops):
            keep(found, asked.out)
    keep(found, asked.out)


def keep(found: dict[str, Any], out: Path) -> None:
    """Write what is measured so far, with its headline figures."""
    figures = []
    if masked := found.get("burned_in_text_masked", {}).get("all"):
        figures.append(
            figure("burned-in text masked", "texts drawn on films", masked["share"], masked["n"],
                   low=masked["low"], high=masked["high"])
        )  # fmt: skip
    if "headers" in found:
        one = found["headers"]
        figures.append(
            figure("new errors of dciodvfy", "exported objects", one["with new errors"], one["exported"], target="≤ 0")
        )
    with contextlib.redirect_stdout(io.StringIO()):
        finish("deidentify", out, **(found | {"figures": figures}))


if __name__ == "__main__":
    main()
