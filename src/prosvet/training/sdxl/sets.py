"""From cleaned rows to what is learned: every row, or one finding with as many normal films."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prosvet.core.errors import NotFound, TuningError
from prosvet.training.sdxl.recipe import Selection

__all__ = ["Chosen", "Row", "choose", "read_rows"]


@dataclass(frozen=True)
class Row:
    """What ``prosvet clean`` wrote of one film."""

    report: str
    film: str
    normal: bool
    codes: tuple[str, ...]
    diagnoses: tuple[str, ...]
    prompt: str


@dataclass(frozen=True)
class Chosen:
    """Prompts by film, in order: with the finding, without; and how many rows were left out."""

    positives: tuple[tuple[Row, str], ...]
    normals: tuple[tuple[Row, str], ...]
    dropped: int


def read_rows(path: Path) -> list[Row]:
    """The rows of a .jsonl or .csv file of ``prosvet clean``.

    Raises
    ------
    NotFound
    TuningError
        When the file is not one of these.
    """
    if not path.is_file():
        raise NotFound(kind="file", name=str(path))
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            if path.suffix.lower() == ".csv":
                return [_of_table(row) for row in csv.DictReader(stream)]
            return [_of_json(json.loads(line)) for line in stream if line.strip()]
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error):
        raise TuningError(reason="sdxl_no_rows", name=path.name) from None


def _of_json(row: dict[str, object]) -> Row:
    codes, diagnoses = row["codes"], row["diagnoses"]
    if not isinstance(codes, list) or not isinstance(diagnoses, list):
        raise TypeError("codes, diagnoses: lists")
    return Row(
        str(row["report"]), str(row["film"]), bool(row["normal"]), tuple(map(str, codes)),
        tuple(map(str, diagnoses)), str(row["prompt"]),
    )  # fmt: skip


def _of_table(row: dict[str, str]) -> Row:
    codes, diagnoses = (tuple(filter(None, row[name].split("; "))) for name in ("codes", "diagnoses"))
    return Row(row["report"], row["film"], row["normal"] == "true", codes, diagnoses, row["prompt"])


def choose(rows: Sequence[Row], how: Selection) -> Chosen:
    """The rows that the recipe asks for, with their prompts.

    Raises
    ------
    TuningError
        When none is left.
    """
    if how.kind == "all":
        kept = [(row, row.prompt) for row in rows if row.prompt][: how.limit]
        positives = [one for one in kept if not one[0].normal]
        normals = [one for one in kept if one[0].normal]
    else:
        found = [row for row in rows if row.prompt and _has_finding(row, how)][: how.limit]
        positives = [(row, f"{how.trigger} {row.prompt}") for row in found]
        # The normal reports that say most, as in the published set of pure opacity.
        told = sorted((row for row in rows if row.normal and row.prompt), key=lambda r: (-len(r.prompt), r.film))
        normals = [(row, row.prompt) for row in told[: len(positives)]]
        positives = positives[: len(normals)]
    if not positives and not normals:
        raise TuningError(reason="sdxl_no_rows", name=how.rows)
    return Chosen(tuple(positives), tuple(normals), len(rows) - len(positives) - len(normals))


def _has_finding(row: Row, how: Selection) -> bool:
    """Whether a row is one of the finding: coded, with few others, none of them black-listed."""
    headings = {code.split("/")[0].strip().lower() for code in row.codes}
    if row.normal or not headings & {name.lower() for name in how.findings}:
        return False
    words = " | ".join([*row.codes, *row.diagnoses]).lower()
    return len(row.diagnoses) <= how.most_findings and not any(word.lower() in words for word in how.without)
