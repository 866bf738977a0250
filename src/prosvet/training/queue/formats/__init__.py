"""Marks in other tools' formats, and back without loss: Label Studio, COCO, CSV. A literal table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from prosvet.training.queue.formats import coco, label_studio, table
from prosvet.training.queue.shapes import FilmMarks

__all__ = ["FORMATS", "Format", "Reader", "Writer"]

Format = Literal["label-studio", "coco", "csv"]
Writer = Callable[[Sequence[FilmMarks]], str]
Reader = Callable[[str], tuple[FilmMarks, ...]]

FORMATS: dict[Format, tuple[Writer, Reader, str]] = {
    "label-studio": (label_studio.write, label_studio.read, "tasks.json"),
    "coco": (coco.write, coco.read, "instances.json"),
    "csv": (table.write, table.read, "marks.csv"),
}
"""Name: how it is written, how it is read, and the name of its file."""
