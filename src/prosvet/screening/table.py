"""The two tables of a calibration, checked at the edge: scores (id, score) and labels (id, abnormal, ...)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from prosvet.core.errors import InvalidRecord, RecordsDiffer
from prosvet.core.table import open_table, yes_or_no

__all__ = ["Case", "Label", "cases", "data_hash", "read_labels", "read_scores"]

T = TypeVar("T")


@dataclass(frozen=True)
class Label:
    """What is true of a study; ``critical`` and ``patient`` where the table has the columns."""

    abnormal: bool
    critical: bool | None = None
    patient: str | None = None


@dataclass(frozen=True)
class Case:
    """A study with its label and its score."""

    id: str
    score: float
    label: Label


def read_scores(path: Path) -> dict[str, float]:
    """Score by id.

    Raises
    ------
    NotFound, MissingColumns
    InvalidRecord
        For an id that is empty or there twice, or a score that is no finite number; it names the line.
    """
    return _read(path, ("id", "score"), lambda row, line: _number(row["score"], path.name, line))


def read_labels(path: Path) -> dict[str, Label]:
    """Label by id; yes and no as :func:`prosvet.core.table.yes_or_no` has them. A critical study is abnormal.

    Raises
    ------
    NotFound, MissingColumns, InvalidRecord
    """

    def label(row: Mapping[str, str], line: int) -> Label:
        abnormal = yes_or_no(row["abnormal"], "abnormal", path.name, line)
        critical = yes_or_no(row["critical"], "critical", path.name, line) if "critical" in row else None
        if critical and not abnormal:
            raise InvalidRecord(name=path.name, line=line, reason="critical_not_abnormal")
        patient = row.get("patient")
        if patient == "":
            raise InvalidRecord(name=path.name, line=line, reason="patient_empty")
        return Label(abnormal, critical, patient)

    return _read(path, ("id", "abnormal"), label)


def cases(scores: Mapping[str, float], labels: Mapping[str, Label], names: tuple[str, str]) -> list[Case]:
    """Both tables as one, in the order of the ids.

    Raises
    ------
    RecordsDiffer
        When they do not speak of the same studies: a study without a score may be the one that is missed.
    """
    missing, extra = sorted(labels.keys() - scores.keys()), sorted(scores.keys() - labels.keys())
    if missing or extra:
        raise RecordsDiffer(
            name=names[0], other=names[1], missing=len(missing), extra=len(extra),
            examples=", ".join((missing + extra)[:3]),
        )  # fmt: skip
    return [Case(name, scores[name], labels[name]) for name in sorted(labels)]


def data_hash(rows: list[Case]) -> str:
    """sha256 of the ids, scores and labels, whatever the order and the spelling of the tables."""
    lines = (f"{c.id}\t{c.score!r}\t{c.label.abnormal}\t{c.label.critical}\t{c.label.patient}" for c in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _read(path: Path, needed: tuple[str, ...], value: Callable[[Mapping[str, str], int], T]) -> dict[str, T]:
    _, rows = open_table(path, needed)
    return {row["id"]: value(row, line) for line, row in rows}


def _number(cell: str, name: str, line: int) -> float:
    try:
        number = float(cell.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidRecord(name=name, line=line, reason="score_not_number", value=cell[:40])
    return number
