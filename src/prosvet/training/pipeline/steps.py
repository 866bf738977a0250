"""A step's folder: written whole or not at all, with the hash of what it was made from and of what it holds."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from prosvet.archive.files import write_whole
from prosvet.core.types import Frozen, Moment
from prosvet.evaluation.files import code_version

__all__ = ["STEPS", "Step", "StepRecord", "canonical", "digest", "file_digest", "make_step", "read_step", "write_text"]

Step = Literal["freeze", "train", "evaluate", "card", "promote"]
STEPS: tuple[Step, ...] = get_args(Step)
_RECORD = "step.json"
_BLOCK = 1 << 20


class StepRecord(Frozen):
    """What a finished step says of itself.

    Attributes
    ----------
    inputs : str
        SHA-256 of everything the outputs depend on.
    outputs : dict of file name to SHA-256
    seconds : float
    """

    step: Step
    inputs: str
    outputs: dict[str, str]
    at: Moment
    seconds: float
    code_version: str


def canonical(value: object) -> str:
    """JSON that is the same for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(value: object) -> str:
    """SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    made = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            made.update(block)
    return made.hexdigest()


def read_step(run: Path, step: Step, *, whole: bool = False) -> StepRecord | None:
    """The record of a finished step; None when it is not finished, or, with `whole`, when a file of it was changed."""
    folder = run / step
    if not (folder / _RECORD).is_file():
        return None
    record = StepRecord.model_validate_json((folder / _RECORD).read_text(encoding="utf-8"))
    if whole:
        for name, wanted in record.outputs.items():
            if not (folder / name).is_file() or file_digest(folder / name) != wanted:
                return None
    return record


def make_step(
    run: Path, step: Step, inputs: Mapping[str, Any], make: Callable[[Path], None]
) -> tuple[StepRecord, bool]:
    """Let `make` fill the step's folder, unless it was filled from the same inputs; the record, and whether it did.

    `make` writes into a folder that nobody reads; only when it has returned does that folder take its name. A process
    that is killed leaves the step as it was, or unfinished.
    """
    wanted = digest({"step": step, **inputs})
    standing = read_step(run, step, whole=True)
    if standing is not None and standing.inputs == wanted:
        return standing, False
    for left in run.glob(f".{step}-*"):
        shutil.rmtree(left)
    fresh = run / f".{step}-new"
    fresh.mkdir(parents=True)
    began = time.monotonic()
    make(fresh)
    outputs = {path.name: file_digest(path) for path in sorted(fresh.iterdir()) if path.is_file()}
    record = StepRecord(
        step=step, inputs=wanted, outputs=outputs, at=datetime.now(UTC),
        seconds=round(time.monotonic() - began, 2), code_version=code_version(),
    )  # fmt: skip
    write_text(fresh / _RECORD, record.model_dump_json(indent=1))
    if (run / step).exists():
        (run / step).rename(run / f".{step}-old")
    fresh.rename(run / step)
    shutil.rmtree(run / f".{step}-old", ignore_errors=True)
    return record, True


def write_text(path: Path, text: str) -> None:
    """Write a record of a step, whole or not at all, for whoever may look into the folder."""
    write_whole(path, [text.encode()], mode=0o644)
