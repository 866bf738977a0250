"""The capability synthesize.pair: the same seed with a finding and without, and where the two pictures differ."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from prosvet.archive.files import room_for, write_whole
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest
from prosvet.core.i18n import text
from prosvet.core.types import Frozen
from prosvet.imaging.provenance import Provenance, png_bytes
from prosvet.synthesis.api import Settings, Words, task_of
from prosvet.synthesis.gallery import Entry, Gallery, new_name
from prosvet.synthesis.loaded import Loaded
from prosvet.synthesis.making import made_by, provenance_of
from prosvet.synthesis.marked import file_bytes, kind_of, marked
from prosvet.synthesis.pairs import Energy, energy, side_by_side
from prosvet.synthesis.said import Understood, understood, warnings
from prosvet.synthesis.zones import Anatomist, Mask, regions_asked

__all__ = ["PairRequest", "PairResult", "run"]

_SEEDS = 2**32


class PairRequest(Settings):
    """Two pictures of one seed."""

    normal: Words = Field(default="Normal chest X-ray.", min_length=1, description="The prompt of the normal picture.")
    out: Path | None = Field(default=None, description="FILE.png to write: the two and the map of their difference.")


class PairResult(Frozen):
    """What was made, and where the two pictures differ."""

    name: str | None
    file: str | None
    made: Provenance
    normal: Provenance
    energy: Energy
    understood: tuple[Understood, ...]
    unknown: tuple[str, ...]
    warnings: tuple[str, ...]
    said: str
    seconds: float


def run(request: PairRequest, context: Context) -> PairResult:
    """Make both, compare, write; kept in the gallery where a name or no file is given.

    Raises
    ------
    ModelNotFound, ModelError, UnknownName, SynthesisError, Cancelled
    InvalidRequest
        When the file is not to be a PNG, or its folder is not there.
    """
    began = time.monotonic()
    if request.out is not None:
        if kind_of(request.out) != "png":
            raise InvalidRequest(name="out", reason="pair_png")
        if not request.out.parent.is_dir():
            raise InvalidRequest(name="out", reason="no_such_folder")
    name = request.name or (None if request.out else new_name())
    seed = secrets.randbelow(_SEEDS) if request.seed is None else request.seed
    with context.get(Loaded).using(request.generator, request.adapter, context) as generator:
        tasks = [task_of(request, seed, None, prompt) for prompt in (request.normal, request.prompt)]
        normal, other = (made_by(generator, task, name, context) for task in tasks)
        before, made = (provenance_of(generator, task, None) for task in tasks)
        wanted = generator.wanted(request.prompt, request.style)
        said = warnings(wanted, generator.card, context.lang)
    asked = regions_asked(wanted.understood)
    masks = _either(context.get(Anatomist).masks(normal), context.get(Anatomist).masks(other))
    found = energy(normal, other, masks, asked)
    result = PairResult(
        name=name, file=str(request.out) if request.out else None, made=made, normal=before, energy=found,
        understood=understood(wanted, context.lang), unknown=wanted.unknown, warnings=said,
        said=_verdict(found, context), seconds=round(time.monotonic() - began, 2),
    )  # fmt: skip
    pixels = marked(normal, burn_in=False), marked(other, burn_in=False)
    titles = (request.normal, request.prompt, text("synthesis.difference", context.lang))
    _keep(pixels, side_by_side(*pixels, masks, asked, titles), result, request.out, context)
    AuditLog.from_context(context).write("synthesize pair", generator=made.generator, seed=seed)
    return result


def _either(one: dict[str, Mask], other: dict[str, Mask]) -> dict[str, Mask]:
    """The parts of both pictures together: a heart that has grown is heart where it was and where it is."""
    empty = np.zeros((1, 1), dtype=np.bool_)
    return {part: one.get(part, empty) | other.get(part, empty) for part in one | other}


def _verdict(found: Energy, context: Context) -> str:
    if not found.asked:
        return text("synthesis.verdict.no_place", context.lang)
    names = ", ".join(text(f"synthesis.regions.{region}", context.lang) for region in found.asked)
    if found.inside is None:
        return text("synthesis.verdict.not_found", context.lang, names=names)
    key = "there" if found.where_said else "elsewhere"
    return text(f"synthesis.verdict.{key}", context.lang, names=names, share=round(100 * found.inside))


def _keep(
    pixels: tuple[NDArray[np.uint8], NDArray[np.uint8]], picture: Image.Image, result: PairResult, out: Path | None,
    context: Context,
) -> None:  # fmt: skip
    pair = png_bytes(picture, result.made)
    if out is not None:
        with room_for(out):
            write_whole(out, [pair])
    if result.name is None:
        return
    gallery = context.get(Gallery)
    normal, other = pixels
    gallery.write(result.name, "normal.png", file_bytes(normal, result.normal, "png", burned_in=False))
    for kind in ("png", "dcm"):
        gallery.write(result.name, f"image.{kind}", file_bytes(other, result.made, kind, burned_in=False))
    gallery.write(result.name, "pair.png", pair)
    answer = json.loads(result.model_dump_json())
    gallery.keep(Entry(name=result.name, kind="pair", owner=context.actor.name, made=result.made, answer=answer))
