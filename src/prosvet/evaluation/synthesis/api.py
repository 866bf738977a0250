"""The capability `evaluate synthesis`: a generator and a data set in; how good its pictures are, and whose, out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest
from prosvet.core.i18n import Lang, text
from prosvet.core.types import ModelRef
from prosvet.evaluation.files import code_version
from prosvet.evaluation.result import Cell, DataRef, Evaluation, Items
from prosvet.evaluation.synthesis.difference import changes
from prosvet.evaluation.synthesis.films import Shots, read_films
from prosvet.evaluation.synthesis.judge import Judge, Judged
from prosvet.evaluation.synthesis.making import made
from prosvet.evaluation.synthesis.material import Made, Material, Section
from prosvet.evaluation.synthesis.memory import memorisation, memory_of
from prosvet.evaluation.synthesis.plan import ASKED, Asked, findings_plan, likenesses, pairs_plan, styles_with
from prosvet.evaluation.synthesis.sections import (
    adherence,
    anatomy,
    detection,
    differences,
    diversity,
    fidelity,
    none_of,
)
from prosvet.evaluation.synthesis.shape import shapes
from prosvet.evaluation.synthesis.sheet import write_sheet
from prosvet.synthesis.card import GeneratorCard, load_generator_card
from prosvet.synthesis.loaded import DEFAULT

__all__ = ["SynthesisRequest", "evaluate", "plan_of", "run"]

_PART = 100_000  # seeds between the parts of a plan
_LEAST = 20  # films of each half


class SynthesisRequest(BaseModel):
    """Which generator, against which films, with how many pictures.

    Attributes
    ----------
    data : Path
        A data set of films with labels and splits, in a layout that ``prosvet ingest`` reads.
    generator : str
        Name of the generator's card.
    judge : Path or None
        ONNX file of a findings network that learned from films which the generator never saw. Without one adherence
        is not assessed, and the pack's own encoder, which may have seen them, measures distances.
    judge_size : int
        Side of its squares, pixels.
    trained_on, reference : tuple of str
        Splits: what the generator learned from, and films of other patients.
    likenesses : int
        Pictures with labels and looks of reference films; at most half of these have one.
    per_finding : int
        Pictures of each finding, and of normals, in any look, and again within one look.
    pairs : int
        Pairs of a normal and a finding of one seed.
    keep : Path or None
        Folder where made pictures are kept; a run that was stopped goes on from there.
    sheet : Path or None
        PNG of the pictures nearest to training films, with these films.
    """

    model_config = ConfigDict(extra="forbid")

    data: Path
    generator: str = Field(default=DEFAULT, max_length=100)
    judge: Path | None = None
    judge_size: int = Field(default=128, ge=32, le=512, multiple_of=32)
    trained_on: tuple[str, ...] = ("train",)
    reference: tuple[str, ...] = ("val",)
    likenesses: int = Field(default=600, ge=_LEAST, le=100_000)
    per_finding: int = Field(default=100, ge=2, le=100_000)
    pairs: int = Field(default=100, ge=1, le=100_000)
    steps: int = Field(default=20, ge=2, le=150)
    guidance: float = Field(default=3.0, ge=0, le=20)
    keep: Path | None = None
    sheet: Path | None = None
    lang: Lang | None = None
    seed: int = Field(default=0, ge=0, lt=2**31)
    resamples: int = Field(default=1000, ge=100, le=100_000)


def run(request: SynthesisRequest, context: Context) -> Evaluation:
    """Make pictures and measure them: nothing is trained.

    Raises
    ------
    NotFound, UnknownLayout, SeveralLayouts, ManifestError
        When the data set or the judge cannot be read.
    ModelNotFound, ModelError, SynthesisError
        When the generator or the judge cannot be used.
    InvalidRequest
        When there are too few films, or the sheet is to be something else than a PNG.
    """
    load_generator_card(request.generator, context.settings.home)
    if request.sheet is not None and request.sheet.suffix.lower() != ".png":
        raise InvalidRequest(name="sheet", reason="sheet_png")
    if request.judge is not None:
        Judge.given(request.judge, request.judge_size, context.settings.threads)
    training = read_films(request.data, request.trained_on, context)
    reference = read_films(request.data, request.reference, context)
    return evaluate(request, Material(training, reference), context)


def evaluate(request: SynthesisRequest, material: Material, context: Context) -> Evaluation:
    """The same with films that are prepared already: the way in for films of one's own."""
    card = load_generator_card(request.generator, context.settings.home)
    judge = _judge(request, context)
    reference = material.reference
    halves = reference.halves(request.seed)
    if min(int(half.sum()) for half in halves) < _LEAST:
        raise InvalidRequest(name="reference", reason="too_few_films", least=2 * _LEAST)
    styles = {finding: styles_with(finding, material.training, card) for finding in ASKED}
    plan = plan_of(request, material, card, styles)
    pixels = made(plan, card, request.steps, request.guidance, request.keep, context)
    pictures = Made(tuple(plan), pixels, judge.look(pixels), shapes(pixels, context))
    real, known = judge.look(reference.pixels), judge.look(material.training.pixels)
    sections, items = _sections(request, material, pictures, (real, known), judge, halves, styles, context)
    return Evaluation(
        kind="synthesis",
        data=_data(material, judge),
        settings=_settings(request, judge, plan),
        metrics={name: figure for section in sections for name, figure in section.metrics.items()},
        controls={name: value for section in sections for name, value in section.controls.items()},
        tables=tuple(table for section in sections for table in section.tables if table.rows),
        items=items,
        notes=tuple(_notes(judge, request, request.lang or context.lang)),
        model=ModelRef(name=card.name, revision=card.revision, operating_point=""),
        code_version=code_version(),
        at=datetime.now(UTC),
    )


def plan_of(
    request: SynthesisRequest, material: Material, card: GeneratorCard, styles: Mapping[str, str]
) -> list[Asked]:
    """Every picture that is made, in order; its first are likenesses of the second half of the reference films."""
    second = material.reference.where(material.reference.halves(request.seed)[1])
    return [
        *likenesses(second, request.likenesses, card, request.seed),
        *findings_plan(dict(styles), request.per_finding, request.seed + _PART),
        *pairs_plan(request.pairs, request.seed + 2 * _PART),
    ]


def _judge(request: SynthesisRequest, context: Context) -> Judge:
    if request.judge is None:
        return Judge.of_pack(context)
    return Judge.given(request.judge, request.judge_size, context.settings.threads)


def _sections(
    request: SynthesisRequest,
    material: Material,
    pictures: Made,
    seen: tuple[Judged, Judged],
    judge: Judge,
    halves: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    styles: Mapping[str, str],
    context: Context,
) -> tuple[list[Section], Items]:
    real, known = seen
    reference, resamples, seed = material.reference, request.resamples, request.seed
    at = {one.id: row for row, one in enumerate(reference.known)}
    liked = np.array([at[one.like] for one in pictures.asked if one.part == "likeness"], dtype=np.int64)
    likened = Shots(reference.pixels[liked], tuple(reference.known[row] for row in liked))
    theirs = Judged(real.logits[liked], real.features[liked], real.mirrored[liked])
    like = pictures.judged.where(pictures.part("likeness"))
    of_pairs = pictures.part("normal_of_pair", "finding_of_pair")
    asked = [one for one, it in zip(pictures.asked, of_pairs, strict=True) if it]
    items = Items()
    sections = [fidelity(real.where(halves[0]), theirs, like, seed)]
    if judge.apart:
        section, items = adherence(pictures, styles, reference, real, resamples, seed)
        sections.append(section)
    else:
        sections.append(none_of(*(f"adherence.{name}" for name in ("normal", *styles))))
    sections.append(anatomy(pictures, reference, shapes(reference.pixels, context), halves, resamples, seed))
    found = changes(asked, pictures.pixels[of_pairs], request.generator, context)
    sections.append(differences(found, resamples, seed))
    sections.append(diversity(pictures, likened, theirs, resamples, seed))
    memory = memory_of(pictures.pixels, pictures.judged, (material.training, known), (reference, real))
    sections.append(memorisation(memory, material.training))
    sections.append(detection(pictures, likened, theirs, resamples, seed))
    if request.sheet is not None:
        write_sheet(request.sheet, pictures.pixels, memory, material.training, request.lang or context.lang)
    return sections, items


def _data(material: Material, judge: Judge) -> tuple[DataRef, ...]:
    return (
        material.reference.ref("reference"),
        material.training.ref("training").model_copy(update={"role": "other"}),
        DataRef(name=judge.name, sha256=judge.sha256, n=1, role="other"),
    )


def _settings(request: SynthesisRequest, judge: Judge, plan: list[Asked]) -> dict[str, Cell]:
    return {
        "encoder": judge.name,
        "encoder_size": judge.size,
        "encoder_apart": judge.apart,
        **{f"pictures_{part}": sum(one.part == part for one in plan) for part in ("likeness", "finding")},
        "pairs_made": sum(one.part == "finding_of_pair" for one in plan),
        "generator_steps": request.steps,
        "guidance": request.guidance,
        "watermark": False,
        "trained_on": ", ".join(request.trained_on),
        "reference_splits": ", ".join(request.reference),
        "seed": request.seed,
        "resamples": request.resamples,
    }


def _notes(judge: Judge, request: SynthesisRequest, lang: Lang) -> list[str]:
    keys = ["encoder_judge" if judge.apart else "encoder_pack", "inception", "watermark", "copies", "detected"]
    return [text(f"synthesis_measures.notes.{key}", lang, name=judge.name) for key in keys]
