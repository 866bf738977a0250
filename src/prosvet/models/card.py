"""Model cards: TOML files that say what a model is, and that travel with its weights. Unknown keys are refused."""

from __future__ import annotations

import hashlib
import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from pydantic import Field, ValidationError

from prosvet.core.errors import ModelError, ModelHashMismatch, ModelNotFound
from prosvet.core.types import Frozen, Probability

__all__ = [
    "Calibration",
    "Card",
    "Figure",
    "OperatingPoint",
    "Parent",
    "WeightFile",
    "WithFiles",
    "cards",
    "load_card",
    "load_task_card",
    "verified_path",
]


class WeightFile(Frozen):
    """One file of weights beside the card, with the hash that loading demands."""

    path: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)


class InputPolicy(Frozen):
    """How a film is put before the network.

    Attributes
    ----------
    size : int
        Side of the square, pixels, at which the figures were measured.
    sizes : tuple of int
        Other sides that work, with what they cost in ``limits``.
    normalisation : str
        ``film-v1`` is :mod:`prosvet.imaging.intensity`: border crop, percentiles 1..99, mean 0.5, deviation 0.25.
    mirrored : bool
        Whether the answer is the mean over the film and its mirror image.
    """

    size: int
    sizes: tuple[int, ...]
    normalisation: Literal["film-v1"]
    mirrored: bool


class Calibration(Frozen):
    """Platt scaling: probability = sigmoid(scale * logit + shift), and on how many films it was fitted."""

    scale: float = Field(gt=0)
    shift: float
    chosen_on: str
    positives: int
    negatives: int


class OperatingPoint(Frozen):
    """A threshold on the calibrated probability, what it gave where it was chosen, and on how many."""

    threshold: Probability
    sensitivity: Probability
    specificity: Probability
    chosen_on: str
    positives: int
    negatives: int


class Source(Frozen):
    """A part of the training data with its count and licence as stated by its publisher."""

    name: str
    films: int
    licence: str


class Figure(Frozen):
    """A measured number with its 95 % interval, its data and the command that prints it."""

    metric: str
    data: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int
    command: str


class Parent(Frozen):
    """The model that another came from, and the hash of the frozen data that made the difference."""

    name: str
    revision: str
    encoder_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    kind: Literal["head", "full"]
    data_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Card(Frozen):
    """Everything a user of a model must know.

    Attributes
    ----------
    labels : tuple of str
        Concept ids in the order of the network's outputs.
    calibration, operating_points
        Per label; a label without operating points is scored but its finding is "not assessed".
    limits : dict of language to tuple of str
        Known limits, in Russian and English.
    parents : tuple of Parent
        What a retrained model came from; empty for one that was trained from the start.
    """

    name: str
    title: dict[str, str]
    task: Literal["read"]
    backend: Literal["onnx"]
    revision: str
    licence: str
    files: dict[str, WeightFile]
    input: InputPolicy
    labels: tuple[str, ...]
    calibration: dict[str, Calibration]
    operating_points: dict[str, dict[str, OperatingPoint]]
    gate_thresholds: dict[str, float]
    training: tuple[Source, ...]
    figures: tuple[Figure, ...] = ()
    limits: dict[str, tuple[str, ...]]
    parents: tuple[Parent, ...] = ()
    folder: Path = Field(default=Path(), exclude=True)


C = TypeVar("C", bound=Frozen)


def _folders(home: Path | None) -> list[Path]:
    shipped = Path(str(resources.files("prosvet.models"))) / "cards"
    return [shipped, home / "models"] if home is not None else [shipped]


def cards(home: Path | None = None, task: str = "read") -> dict[str, Path]:
    """Names of all cards of a task, shipped and of this archive (``HOME/models/*.toml``), with their files.

    A file that cannot be read counts as a card of every task: whoever asks for it is told what is wrong with it.
    """
    found = {path.stem: path for folder in _folders(home) for path in sorted(folder.glob("*.toml"))}
    return {name: path for name, path in found.items() if _task(path, path.stat().st_mtime_ns) in (task, "")}


@lru_cache(maxsize=256)
def _task(path: Path, _changed: int) -> str:
    """What a card is for; empty where the file does not say."""
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8")).get("task", ""))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return ""


def load_card(name: str, home: Path | None = None) -> Card:
    """Read and check the card `name` of a reading model.

    Raises
    ------
    ModelNotFound
        When there is no such card.
    ModelError
        When the card is not valid: a key is unknown, missing or out of range.
    """
    return load_task_card(name, Card, "read", home)


def load_task_card(name: str, kind: type[C], task: str, home: Path | None = None) -> C:
    """Read and check the card `name`, one of a task, as its `kind`.

    Raises
    ------
    ModelNotFound, ModelError
    """
    known = cards(home, task)
    if name not in known:
        raise ModelNotFound(name=name, known=", ".join(sorted(known)))
    card: C = _parsed(name, known[name], kind, known[name].stat().st_mtime_ns)  # type: ignore[assignment]
    return card


@lru_cache(maxsize=64)
def _parsed(name: str, path: Path, kind: type[Frozen], _changed: int) -> Frozen:
    """A card never changes once it is read, so that it is parsed once; `_changed` is when its file last did."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return kind.model_validate(content | {"folder": path.parent})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(name=name, reason=str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(name=name, reason=f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


class WithFiles(Protocol):
    """A card of any task that has weights beside it."""

    @property
    def name(self) -> str: ...
    @property
    def files(self) -> dict[str, WeightFile]: ...
    @property
    def folder(self) -> Path: ...


def verified_path(card: WithFiles, file: str) -> Path:
    """Where the weights `file` of `card` lie, after its size and hash were checked.

    Raises
    ------
    ModelError
        When the file is missing.
    ModelHashMismatch
        When it is not the file that the card describes.
    """
    entry = card.files[file]
    path = (card.folder / entry.path).resolve()
    if not path.is_file():
        raise ModelError(name=card.name, reason=f"{entry.path} is missing")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != entry.sha256:
        raise ModelHashMismatch(name=card.name, file=entry.path, expected=entry.sha256[:12], found=found[:12])
    return path
