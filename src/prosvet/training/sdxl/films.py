"""The set of a run in its folder: squares as PNG files, and ``cases.jsonl`` with what each is called."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import NotFound, TuningError
from prosvet.core.settings import Settings
from prosvet.imaging.load import load_bytes
from prosvet.imaging.whole_range import film_windows
from prosvet.training.sdxl.recipe import Recipe
from prosvet.training.sdxl.sets import choose, read_rows
from prosvet.training.sdxl.square import square

__all__ = ["Case", "prepare", "read_cases"]

log = logging.getLogger(__name__)

_CASES, _RECORD = "cases.jsonl", "run.json"
_SUFFIXES = {".png", ".jpg", ".jpeg", ".dcm", ".tif", ".tiff"}


@dataclass(frozen=True)
class Case:
    """One square film: its file below the run's folder, its prompt, its own size and where the square was cut."""

    file: str
    prompt: str
    positive: bool
    original: tuple[int, int]
    corner: tuple[int, int]


def prepare(recipe: Recipe, data: Path, out: Path, context: Context) -> tuple[list[Case], int]:
    """The cases of the run, and rows left out; made once, the same ever after.

    Raises
    ------
    NotFound
    TuningError
        When the folder holds the run of another recipe, no row is left, or a film is missing.
    ImageError
        When a film cannot be read.
    """
    out.mkdir(parents=True, exist_ok=True)
    record = out / _RECORD
    if record.is_file():
        told = json.loads(record.read_text(encoding="utf-8"))
        if told["digest"] != recipe.digest():
            raise TuningError(reason="other_recipe", name=out.name)
        return read_cases(out), int(told["dropped"])
    chosen = choose(read_rows(data / recipe.data.rows), recipe.data)
    films = _index(data / recipe.data.films)
    rows = [(row, prompt, True) for row, prompt in chosen.positives]
    rows += [(row, prompt, False) for row, prompt in chosen.normals]
    (out / "films").mkdir(exist_ok=True)
    cases = [
        _case(films, row.film, prompt, positive, recipe.data.size, out, context.settings)
        for row, prompt, positive in context.progress.track(rows, "sdxl.films", len(rows))
    ]
    lines = "".join(json.dumps(asdict(case), ensure_ascii=False) + "\n" for case in cases)
    (out / _CASES).write_text(lines, encoding="utf-8")
    content = {
        "recipe": recipe.name, "digest": recipe.digest(), "films": len(cases), "dropped": chosen.dropped,
        "cases": hashlib.sha256(lines.encode()).hexdigest(),
    }  # fmt: skip
    fresh = out / "run.tmp"
    fresh.write_text(json.dumps(content, indent=1), encoding="utf-8")
    fresh.replace(record)
    log.info("%d films, %d rows left out", len(cases), chosen.dropped)
    return cases, chosen.dropped


def read_cases(out: Path) -> list[Case]:
    """The cases of a run that was prepared."""
    return list(_read(out / _CASES))


def _read(path: Path) -> Iterator[Case]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            told = json.loads(line)
            yield Case(
                told["file"], told["prompt"], told["positive"], tuple(told["original"]), tuple(told["corner"])
            )  # fmt: skip


def _index(folder: Path) -> dict[str, Path]:
    """Films by name, and by name without the endings that publishers add."""
    if not folder.is_dir():
        raise NotFound(kind="file", name=str(folder))
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES:
            found.setdefault(path.name, path)
            found.setdefault(_stem(path.name), path)
    return found


def _stem(name: str) -> str:
    while Path(name).suffix.lower() in _SUFFIXES:
        name = Path(name).stem
    return name


def _case(
    films: dict[str, Path], name: str, prompt: str, positive: bool, size: int, out: Path, settings: Settings
) -> Case:  # fmt: skip
    path = films.get(name) or films.get(_stem(name))
    if path is None:
        raise TuningError(reason="sdxl_no_film", name=name)
    made = square(_grey(path, settings), size)
    file = f"films/{_stem(name)}.png"
    made.picture.save(out / file)
    return Case(file, prompt, positive, made.original, made.corner)


def _grey(path: Path, settings: Settings) -> Image.Image:
    """The film in eight bits, in its default window."""
    film = load_bytes(path.read_bytes(), path.name, settings, windowed=False)
    window = film_windows(film)["default"]
    share = (film.pixels - np.float32(window.low)) / np.float32(max(window.high - window.low, 1e-6))
    return Image.fromarray((np.clip(share, 0, 1) * 255 + 0.5).astype(np.uint8))
