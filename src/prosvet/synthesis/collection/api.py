"""The capability synthesize.set: made films of a finding that is missed, for retraining."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import numpy as np
from pydantic import Field

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest, SynthesisError
from prosvet.core.types import Frozen
from prosvet.imaging.provenance import Provenance
from prosvet.models.deployed import in_force
from prosvet.synthesis.collection.cells import SEVERITIES, Cell, cells_of, words_of
from prosvet.synthesis.collection.checks import Checks, Verdict
from prosvet.synthesis.collection.files import RECORD, Made, Record, write_set
from prosvet.synthesis.loaded import DEFAULT, Loaded
from prosvet.synthesis.make import CompactGenerator, Task
from prosvet.synthesis.making import provenance_of
from prosvet.synthesis.marked import file_bytes, marked

__all__ = ["FOLDER", "SetRequest", "SetResult", "run"]

FOLDER = "synthetic-sets"
_LABEL = "synthesize_set"
_NORMAL = "Normal chest X-ray."
_TRIES = 6  # pairs tried for each that is wanted; then the cell stays short, and the record says so


class SetRequest(Frozen):
    """Which finding, how many films with it, where and how severe."""

    finding: str = Field(max_length=64, description="A concept that the generator learned, as in its card.")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="The set's name.")
    films: int = Field(default=36, ge=1, le=2000, description="Films with the finding; each has a normal twin.")
    zones: tuple[str, ...] = Field(default=(), max_length=6, description="Only there: left_lower, right_upper, ...")
    severities: tuple[str, ...] = Field(default=SEVERITIES, min_length=1, max_length=3)
    generator: str = Field(default=DEFAULT, max_length=100)
    seed: int = Field(default=1, ge=0, lt=2**31, description="The same gives the same set.")
    steps: int = Field(default=20, ge=2, le=150)
    guidance: float = Field(default=4.0, ge=0, le=20)


class SetResult(Frozen):
    """The set that was made.

    Attributes
    ----------
    folder : str
        To be named as ``synthetic`` among the data of a retraining run.
    short : bool
        Whether some cells have fewer films than were asked for: `record` has the numbers.
    """

    folder: str
    record: Record
    short: bool
    seconds: float


def run(request: SetRequest, context: Context) -> SetResult:
    """Make pairs for each cell in turn until it has its share, keep those that pass, write the set.

    Raises
    ------
    ModelNotFound, ModelError, Cancelled, DiskFull
    SynthesisError
        When the generator cannot be asked for that, has no prints, or not one pair passed.
    InvalidRequest
        When a set of this name is there: a set is never changed.
    """
    began = time.monotonic()
    folder = context.settings.home / FOLDER / request.name
    if (folder / RECORD).exists():
        raise InvalidRequest(name="name", reason="set_is_there")
    unknown = sorted(set(request.severities) - set(SEVERITIES))
    if unknown:
        raise InvalidRequest(name="severities", reason=", ".join(unknown))
    refused: Counter[str] = Counter()
    with context.get(Loaded).using(request.generator) as generator:
        if not isinstance(generator, CompactGenerator):
            raise SynthesisError(reason="no_prints", name=request.generator)
        cells = cells_of(request.finding, generator.card, request.zones, request.severities)
        films = list(_made(request, cells, generator, refused, context))
        card = generator.card
    if not films:
        raise SynthesisError(reason="nothing_kept", refused=", ".join(f"{k}: {n}" for k, n in refused.most_common()))
    counts = Counter(film.cell for film in films if film.finding)
    judge = in_force(context.settings).card
    record = write_set(folder, films, Record(
        name=request.name, finding=request.finding, sha256="", generator=card.name, revision=card.revision,
        model=judge.name, model_revision=judge.revision, asked=request.films,
        films={cell.name: counts[cell.name] for cell in cells}, refused=dict(sorted(refused.items())),
    ))  # fmt: skip
    AuditLog.from_context(context).write(
        "synthesize_set", name=request.name, finding=request.finding, films=len(films), sha256=record.sha256
    )
    return SetResult(
        folder=str(folder), record=record, short=sum(counts.values()) < request.films,
        seconds=round(time.monotonic() - began, 1),
    )  # fmt: skip


def _made(
    request: SetRequest, cells: tuple[Cell, ...], generator: CompactGenerator, refused: Counter[str], context: Context
) -> Iterator[Made]:
    """Films and twins that passed: cells by turns, a new seed each time, until every cell has its share."""
    checks = Checks.of(generator.card, request.finding, context)
    missing = {cell: request.films // len(cells) + (n < request.films % len(cells)) for n, cell in enumerate(cells)}
    tries = [cell for _ in range(_TRIES) for cell in cells for _ in range(missing[cell])]
    number = 0
    for attempt, cell in enumerate(context.progress.track(tries, _LABEL, len(tries))):
        if not missing[cell]:
            continue
        seed = request.seed * 1_000_003 + attempt
        pair = [
            _one(generator, _task(request, words, seed), finding, checks)
            for words, finding in ((words_of(request.finding, cell, attempt), request.finding), (_NORMAL, None))
        ]
        refused.update(verdict.refused for _, verdict, _ in pair if verdict.refused)
        if any(verdict.refused for _, verdict, _ in pair):
            continue
        missing[cell] -= 1
        for (png, verdict, made), finding in zip(pair, (request.finding, None), strict=True):
            yield Made(number, png, finding, cell.name, made, verdict)
        number += 1


def _task(request: SetRequest, words: str, seed: int) -> Task:
    return Task(prompt=words, seed=seed % 2**32, steps=request.steps, guidance=request.guidance)


def _one(
    generator: CompactGenerator, task: Task, finding: str | None, checks: Checks
) -> tuple[bytes, Verdict, Provenance]:
    picture = generator.make(task)
    verdict = checks.judge(np.asarray(picture, dtype=np.float32), finding)
    made = provenance_of(generator, task, None)
    return file_bytes(marked(picture, burn_in=False), made, "png", burned_in=False), verdict, made
