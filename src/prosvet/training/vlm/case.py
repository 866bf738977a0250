"""A case to learn from: pictures, what is known before, what is to be said; and which side of the split it is on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from prosvet.archive.readers.item import FileBytes
from prosvet.core.errors import TuningError

__all__ = ["Case", "Part", "assign", "chosen", "one_line", "read_cases", "share_of", "write_cases"]

Part = Literal["train", "dev", "test"]


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes
    ----------
    id : str
        Unique within its source.
    patient : str
        A pseudonym or a key of the source; all cases of one are on one side of the split.
    images : tuple of FileBytes
        At least one.
    context : str
        What is known before the film is looked at: the clinical case, the indication. Often names sex and age.
    text : str
        The caption or the report.
    labels : tuple of str
    sex : str or None
        F, M or O.
    age : int or None
        Years.
    part : str or None
        The side of the split; the source's own before :func:`assign`.
    origin : str
        ``new``, or ``replay`` when it comes from a former run.
    """

    id: str
    source: str
    patient: str
    images: tuple[FileBytes, ...]
    text: str
    context: str = ""
    labels: tuple[str, ...] = ()
    sex: str | None = None
    age: int | None = None
    part: Part | None = None
    origin: Literal["new", "replay"] = "new"

    @property
    def key(self) -> str:
        """Its name among the cases of all sources."""
        return f"{self.source}:{self.id}"


def one_line(text: str) -> str:
    """White space of any kind as single spaces.

    Examples
    --------
    >>> one_line(" Clear\\n lungs. ")
    'Clear lungs.'
    """
    return " ".join(text.split())


def share_of(name: str, seed: int = 0) -> float:
    """A number in [0, 1) that depends on `name` and `seed` alone, so that it never moves.

    Examples
    --------
    >>> share_of("p1") == share_of("p1"), share_of("p1") == share_of("p2")
    (True, False)
    """
    return int(hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()[:13], 16) / 16**13


def assign(cases: Iterable[Case], shares: tuple[float, float, float], *, own: bool) -> list[Case]:
    """Cases with their sides: by the hash of the patient, or as the source has them.

    Raises
    ------
    TuningError
        When the source's own split has a patient on two sides, or no side for a case.
    """
    made: list[Case] = []
    sides: dict[str, Part] = {}
    for case in cases:
        if own and case.part is None:
            raise TuningError(reason="no_side", name=case.key)
        part: Part = case.part if own and case.part is not None else _hashed(case, shares)
        if sides.setdefault(case.patient, part) != part:
            raise TuningError(reason="patient_on_two_sides", name=case.source)
        made.append(replace(case, part=part))
    return made


def _hashed(case: Case, shares: tuple[float, float, float]) -> Part:
    place = share_of(f"{case.source}:{case.patient}")
    if place < shares[0]:
        return "train"
    return "dev" if place < shares[0] + shares[1] else "test"


def chosen(cases: Sequence[Case], limit: int | None, seed: int = 1) -> list[Case]:
    """At most `limit` of the cases by the hash of their patients; in the order in which they were.

    The seed is another than that of the split: a small number of cases has all its sides.
    """
    if limit is None or len(cases) <= limit:
        return list(cases)
    ranked = sorted(cases, key=lambda case: (share_of(f"{case.source}:{case.patient}", seed), case.key))
    kept = {case.key for case in ranked[:limit]}
    return [case for case in cases if case.key in kept]


def write_cases(cases: Iterable[Case], path: Path) -> str:
    """Write the cases of a run, a line each; returns the SHA-256 of the file."""
    lines = "".join(json.dumps(asdict(case), ensure_ascii=False, default=str) + "\n" for case in cases)
    data = lines.encode()
    fresh = path.with_suffix(".tmp")
    fresh.write_bytes(data)
    fresh.replace(path)
    return hashlib.sha256(data).hexdigest()


def read_cases(path: Path, sha256: str | None = None) -> list[Case]:
    """Read what :func:`write_cases` wrote.

    Raises
    ------
    TuningError
        When it is not there, or (with `sha256`) not what was written.
    """
    if not path.is_file():
        raise TuningError(reason="no_cases", name=path.parent.name)
    data = path.read_bytes()
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise TuningError(reason="cases_changed", name=path.parent.name)
    return [_case(json.loads(line)) for line in data.decode().splitlines()]


def _case(row: dict[str, Any]) -> Case:
    images = tuple(FileBytes(**{**one, "path": Path(one["path"])}) for one in row.pop("images"))
    labels = tuple(row.pop("labels"))
    return Case(images=images, labels=labels, **row)
