"""The capability synthesize: a chest X-ray from words, or from words and a film, marked as made."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from prosvet.archive.files import room_for, write_whole
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest
from prosvet.core.types import Frozen
from prosvet.imaging.provenance import Provenance
from prosvet.synthesis.door import Generator
from prosvet.synthesis.gallery import NAME, Entry, Gallery, new_name
from prosvet.synthesis.loaded import DEFAULT, Loaded
from prosvet.synthesis.make import Start, Task
from prosvet.synthesis.making import made_by, provenance_of
from prosvet.synthesis.marked import file_bytes, kind_of, marked
from prosvet.synthesis.said import Understood, understood, warnings
from prosvet.synthesis.sampling import Scheduler
from prosvet.synthesis.starting import given_film, start_from
from prosvet.synthesis.zones import Region

__all__ = ["Settings", "SynthesizeRequest", "SynthesizeResult", "run"]

_SEEDS = 2**32

Words = Annotated[str, Field(max_length=1000)]


class Settings(Frozen):
    """What one picture and a pair have in common."""

    prompt: Words = Field(min_length=1, description="What to show, Russian or English; (words:1.5) weighs them.")
    negative: Words = Field(default="", description="What to lead away from.")
    seed: int | None = Field(
        default=None, ge=0, lt=_SEEDS, description="The same gives the same picture; none: random."
    )
    steps: int = Field(default=20, ge=2, le=150, description="Steps from noise to the picture.")
    guidance: float = Field(default=3.0, ge=0, le=20, description="How strictly the prompt is followed.")
    scheduler: Scheduler = Field(default="dpmpp_2m_karras", description="The way from noise to the picture.")
    style: str = Field(default="", max_length=64, description="A look (archive) of the generator's card; none: any.")
    generator: str = Field(default=DEFAULT, max_length=100, description="Name of the generator's card.")
    adapter: str = Field(
        default="", max_length=500,
        description="Name of an adapter of the card, or a .safetensors file; empty: the card's own; none: without.",
    )  # fmt: skip
    adapter_strength: float = Field(default=1.0, ge=0, le=2, description="How much of the adapter, 1: as trained.")
    name: str | None = Field(default=None, pattern=NAME, description="Keep it in the gallery under this name.")


class SynthesizeRequest(Settings):
    """One picture. With a film (`start` or `study`) that is changed, within `region` where one is named."""

    start: Path | None = Field(default=None, description="A film to go on from.")
    study: str | None = Field(default=None, max_length=200, description="A study of the archive to go on from.")
    image: int | None = Field(default=None, ge=1, description="Which of its films; none: the first frontal one.")
    region: Region | None = Field(default=None, description="Change only this part of the film.")
    strength: float = Field(default=0.6, gt=0, le=1, description="How much of the film is forgotten.")
    burn_in: bool = Field(default=False, description="Write SYNTHETIC into the picture.")
    out: Path | None = Field(default=None, description="FILE.png or FILE.dcm to write.")

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        if self.start is not None and self.study is not None:
            raise ValueError("start, study: one of the two")
        if self.region is not None and self.start is None and self.study is None:
            raise ValueError("region: needs start or study")
        return self


class SynthesizeResult(Frozen):
    """What was made.

    Attributes
    ----------
    name : str or None
        In the gallery, where it was kept.
    file : str or None
        The file that was written.
    made : Provenance
        Everything used; the seed too where none was given.
    understood, unknown
        What the prompt names, and concepts of it that the generator was never told of.
    warnings : tuple of str
        In the user's language.
    """

    name: str | None
    file: str | None
    made: Provenance
    understood: tuple[Understood, ...]
    unknown: tuple[str, ...]
    warnings: tuple[str, ...]
    seconds: float


def run(request: SynthesizeRequest, context: Context) -> SynthesizeResult:
    """Make, mark, write; kept in the gallery where a name or no file is given.

    Raises
    ------
    ModelNotFound, ModelError
        When the generator is not there.
    UnknownName
        For a style that its card does not have.
    SynthesisError
        When the region is not found on the film, a number is not finite, or memory is short, the adapter does not fit.
    Cancelled
    InvalidRequest
        When the file is to be neither PNG nor DICOM, or its folder is not there.
    """
    began = time.monotonic()
    if request.out is not None:
        kind_of(request.out)
        if not request.out.parent.is_dir():
            raise InvalidRequest(name="out", reason="no_such_folder")
    name = request.name or (None if request.out else new_name())
    seed = secrets.randbelow(_SEEDS) if request.seed is None else request.seed
    with context.get(Loaded).using(request.generator, request.adapter, context) as generator:
        start, study = _start(request, generator, context)
        wanted = generator.wanted(request.prompt, request.style)
        said = warnings(wanted, generator.card, context.lang)
        task = task_of(request, seed, start)
        picture = made_by(generator, task, name, context)
        made = provenance_of(generator, task, request.region)
    pixels = marked(picture, burn_in=request.burn_in)
    result = SynthesizeResult(
        name=name, file=str(request.out) if request.out else None, made=made,
        understood=understood(wanted, context.lang), unknown=wanted.unknown, warnings=said,
        seconds=round(time.monotonic() - began, 2),
    )  # fmt: skip
    _keep(pixels, result, request, study, context)
    AuditLog.from_context(context).write("synthesize", generator=made.generator, seed=seed, kind=made.kind)
    return result


def task_of(request: Settings, seed: int, start: Start | None, prompt: str | None = None) -> Task:
    """What the generator is given."""
    return Task(
        prompt=request.prompt if prompt is None else prompt, negative=request.negative, seed=seed, steps=request.steps,
        guidance=request.guidance, scheduler=request.scheduler, style=request.style, start=start,
        adapter_strength=request.adapter_strength,
    )  # fmt: skip


def _start(request: SynthesizeRequest, generator: Generator, context: Context) -> tuple[Start | None, str | None]:
    given = given_film(request.start, request.study, request.image, context)
    if given is None:
        return None, None
    return start_from(given, generator.card.size, request.strength, request.region, context), given.study


def _keep(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], result: SynthesizeResult, request: SynthesizeRequest,
    study: str | None, context: Context,
) -> None:  # fmt: skip
    if request.out is not None:
        data = file_bytes(pixels, result.made, kind_of(request.out), burned_in=request.burn_in)
        with room_for(request.out):
            write_whole(request.out, [data])
    if result.name is not None:
        gallery = context.get(Gallery)
        for kind in ("png", "dcm"):
            gallery.write(
                result.name, f"image.{kind}", file_bytes(pixels, result.made, kind, burned_in=request.burn_in)
            )
        answer = json.loads(result.model_dump_json())
        owner = context.actor.name
        gallery.keep(Entry(name=result.name, kind="image", owner=owner, made=result.made, study=study, answer=answer))
