"""IU X-ray as R2Gen split it: ``annotation.json`` with train, val and test, images under ``images/``.

A study has two films (``0.png``, ``1.png``) and one report; the corpus has one study a patient, whose number is the
first part of the id (``CXR2384_IM-0942``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prosvet.archive.readers.item import FileBytes
from prosvet.core.errors import InvalidRecord, NotFound
from prosvet.training.vlm.case import Case, Part, one_line

__all__ = ["iu_cases"]

_SIDES: dict[str, Part] = {"train": "train", "val": "dev", "test": "test"}


def iu_cases(folder: Path) -> Iterator[Case]:
    """One case a study whose first film is there.

    Raises
    ------
    NotFound
        When there is no ``annotation.json``.
    InvalidRecord
        When it is not laid out so.
    """
    path = folder / "annotation.json"
    if not path.is_file():
        raise NotFound(kind="file", name=str(path))
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        rows = [(side, row) for name, side in _SIDES.items() for row in told[name]]
        cases = [_case(folder / "images", side, row) for side, row in rows]
    except json.JSONDecodeError as error:
        details = {"reason": "broken_json", "column": error.colno, "problem": error.msg}
        raise InvalidRecord(name=path.name, line=error.lineno, **details) from None
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidRecord(name=path.name, line=1, reason=f"{type(error).__name__}: {error}") from None
    yield from (case for case in cases if case is not None)


def _case(folder: Path, side: Part, row: dict[str, Any]) -> Case | None:
    files = [folder / str(name) for name in row["image_path"]]
    there = tuple(FileBytes.of(file) for file in files if file.is_file())
    text = one_line(str(row["report"]))
    if not there or not text:
        return None
    name = str(row["id"])
    return Case(id=name, source="iu", patient=name.partition("_")[0], images=there, text=text, part=side)
