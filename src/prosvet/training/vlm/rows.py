"""Cases as the trainer asks for them: read from disk when their turn comes, a row of pictures, prompt and answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from prosvet.core.optional import require
from prosvet.core.settings import Settings
from prosvet.training.vlm.case import Case
from prosvet.training.vlm.pictures import picture_of
from prosvet.training.vlm.prompts import row_of
from prosvet.training.vlm.recipe import Prompt

__all__ = ["LARGEST", "CaseRows"]

LARGEST = 2048
"""Pixels of the longer side that go to a model's processor, which makes of them what it wants."""


class CaseRows:
    """Rows ``images``, ``prompt``, ``completion``."""

    def __init__(self, cases: Sequence[Case], prompt: Prompt, settings: Settings, longest: int | None = None) -> None:
        self._cases, self._prompt, self._settings = list(cases), prompt, settings
        self._longest = min(longest or LARGEST, LARGEST)

    def __len__(self) -> int:
        return len(self._cases)

    def __getitem__(self, index: int) -> dict[str, Any]:
        case = self._cases[index]
        pictures = [picture_of(image, self._longest, self._settings) for image in case.images]
        return row_of(case, pictures, self._prompt)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(len(self)))

    def dataset(self) -> Any:
        """The same as a ``datasets.Dataset`` that holds numbers alone and makes each row when it is asked for."""
        held = require("datasets", "vlm").Dataset.from_dict({"row": list(range(len(self)))})
        return held.with_transform(self._made)

    def _made(self, batch: dict[str, list[int]]) -> dict[str, list[Any]]:
        rows = [self[index] for index in batch["row"]]
        return {name: [row[name] for row in rows] for name in ("images", "prompt", "completion")}
