"""Studies in a listing: JSON Lines beside the pictures, the plainest layout that carries views and priors.

A line is ``{"images": ["a/1.png", "a/2.png"], "roles": ["frontal", "prior"], "text": "…", "patient": "7",
"part": "train"}``. Paths are taken from the listing's folder; ``part`` is train, dev or test.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from pydantic import Field, ValidationError, model_validator

from prosvet.archive.readers.item import FileBytes
from prosvet.core.errors import InvalidRecord, NotFound, TuningError
from prosvet.core.settings import Settings
from prosvet.core.types import Frozen
from prosvet.models.backends.chain_parts import ROLES, Role
from prosvet.training.vlm.pictures import picture_of

__all__ = ["Listed", "Sample", "Samples", "read_listing"]

_LONGEST = 1024


class Listed(Frozen):
    """A line of a listing."""

    images: tuple[str, ...] = Field(min_length=1, max_length=16)
    roles: tuple[Role, ...] = ()
    text: str = Field(min_length=1)
    patient: str = Field(min_length=1)
    part: Literal["train", "dev", "test"] = "train"

    @model_validator(mode="after")
    def _matched(self) -> Listed:
        if self.roles and len(self.roles) != len(self.images):
            raise ValueError("as many roles as images")
        return self


@dataclass(frozen=True)
class Sample:
    """Pictures in RGB, what each is, and the text."""

    pictures: tuple[Image.Image, ...]
    roles: tuple[Role, ...]
    text: str


class Samples:
    """The studies of one part, read from disk when their turn comes."""

    def __init__(self, folder: Path, rows: list[Listed], settings: Settings) -> None:
        self._folder, self._rows, self._settings = folder, rows, settings

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Sample:
        row = self._rows[index]
        files = [FileBytes.of(self._folder / name) for name in row.images]
        pictures = tuple(picture_of(file, _LONGEST, self._settings) for file in files)
        plain: tuple[Role, ...] = tuple(ROLES[0] for _ in pictures)
        return Sample(pictures, row.roles or plain, row.text)


def read_listing(path: Path, part: str, settings: Settings) -> Samples:
    """The studies of `part`.

    Raises
    ------
    NotFound
        When the listing or a picture is not there.
    InvalidRecord
        For a line that cannot be used, with its number.
    TuningError
        When a patient stands on two sides, or the part is empty.
    """
    if not path.is_file():
        raise NotFound(kind="file", name=str(path))
    rows = [_row(line, number, path) for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if line]
    sides: dict[str, str] = {}
    for row in rows:
        if sides.setdefault(row.patient, row.part) != row.part:
            raise TuningError(reason="patient_on_two_sides", name=path.name)
    chosen = [row for row in rows if row.part == part]
    if not chosen:
        raise TuningError(reason="empty_side", name=part, n=len(rows))
    missing = next((name for row in chosen for name in row.images if not (path.parent / name).is_file()), None)
    if missing is not None:
        raise NotFound(kind="file", name=missing)
    return Samples(path.parent, chosen, settings)


def _row(line: str, number: int, path: Path) -> Listed:
    try:
        return Listed.model_validate(json.loads(line))
    except ValueError as error:  # pydantic's and json's are both of this kind
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise InvalidRecord(name=path.name, line=number, reason=first) from None
