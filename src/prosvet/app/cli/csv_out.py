"""The table of `prosvet read --csv`: a row per file, written as each is read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from prosvet.core.context import Context
from prosvet.core.types import View
from prosvet.models.examine import Examiner
from prosvet.reading.api import ReadItem

__all__ = ["FIXED", "as_row", "columns", "write_rows"]

FIXED = ("file", "is_chest_xray", "view", "cardiothoracic_ratio", "error")


def columns(labels: Sequence[str]) -> list[str]:
    """The header: the fixed columns, then every scored concept."""
    return [*FIXED, *labels]


def as_row(item: ReadItem) -> dict[str, str]:
    """One file's row. What was not assessed stays empty; `error` is empty or the error's code."""
    row = {"file": item.file, "error": item.error.code if item.error else ""}
    if item.gates is not None:
        row["is_chest_xray"] = "true" if item.gates.is_chest_xray else "false"
        row["view"] = "" if item.gates.view is View.UNKNOWN else item.gates.view.value
    if item.result is not None:
        ratio = [m.value for m in item.result.measurements if m.name == "cardiothoracic_ratio"]
        row |= {"cardiothoracic_ratio": f"{ratio[0]:.4f}"} if ratio else {}
        row |= {concept: f"{score:.6f}" for concept, score in item.result.scores.items()}
    return row


def write_rows(path: Path, items: Iterable[ReadItem], context: Context) -> tuple[int, int]:
    """Write the table to `path` and count its rows and those with an error.

    A row is on disk as soon as its file is read, so that a stopped run keeps what it had.
    """
    done = failed = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns(context.get(Examiner).card.labels), lineterminator="\n")
        writer.writeheader()
        for item in items:
            writer.writerow(as_row(item))
            stream.flush()
            done, failed = done + 1, failed + (item.error is not None)
    return done, failed
