"""What the readers of all formats share: JSON that is what it should be, and errors that name the row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import ValidationError

from prosvet.core.errors import BadMarks
from prosvet.core.i18n import catalogue
from prosvet.training.queue.shapes import MarkFinding, MarkRecord

__all__ = ["Draft", "built", "film_name", "integer", "loaded", "number", "part", "row"]

T = TypeVar("T")


@contextmanager
def row(place: str) -> Iterator[None]:
    """Whatever a value's own model refuses inside is told with its place in the file.

    Raises
    ------
    BadMarks
    """
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        reason = str(first["ctx"]["error"]) if first["type"] == "value_error" else "value"
        known = f"mark_reasons.{reason}" in catalogue("en")
        raise BadMarks(row=place, reason=reason if known else "value", name=where, why=first["msg"]) from None


def loaded(text: str) -> Any:
    """The JSON of a file.

    Raises
    ------
    BadMarks
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadMarks(row="1", reason="not_json", why=str(error)) from None


def part(value: Any, name: str, kind: type[T], place: str) -> T:
    """The member `name` of an object, of the type that it must have.

    Raises
    ------
    BadMarks
    """
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind) or isinstance(found, bool) is not (kind is bool):
        raise BadMarks(row=place, reason="missing", name=name)
    return found


def number(value: Any, name: str, place: str) -> float:
    """The same for a number, whole or not."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, (int, float)) or isinstance(found, bool):
        raise BadMarks(row=place, reason="missing", name=name)
    return float(found)


def integer(text: str, name: str, place: str) -> int:
    """A whole number as text has it."""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadMarks(row=place, reason="missing", name=name)
    return int(text)


def film_name(study: str, image: int) -> str:
    """The name of a film outside the archive: the study's pseudonym and the film's number."""
    return f"{study}_{image}.png"


class Draft:
    """A mark that is put together from rows; what two rows say of one finding must agree."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = dict(facts)
        self.findings: dict[str, dict[str, Any]] = {}

    def say(self, concept: str, place: str, **said: Any) -> None:
        """Status, side and comment of a finding.

        Raises
        ------
        BadMarks
            When an earlier row says otherwise.
        """
        known = self.findings.setdefault(concept, {"boxes": []})
        for name, value in said.items():
            if known.setdefault(name, value) != value:
                raise BadMarks(row=place, reason="says_otherwise", concept=concept, name=name)

    def box(self, concept: str, box: tuple[float, float, float, float]) -> None:
        """One more box; a finding that has one and nothing said of it is present."""
        self.findings.setdefault(concept, {"boxes": []})["boxes"].append(box)

    def record(self) -> MarkRecord:
        """The mark; to be called within :func:`row`."""
        findings = tuple(
            MarkFinding.model_validate({"concept": concept, "status": "present"} | said)
            for concept, said in self.findings.items()
        )
        return MarkRecord.model_validate(self.facts | {"findings": findings})


def built(drafts: Mapping[T, Draft], place: Callable[[T], str]) -> tuple[MarkRecord, ...]:
    """The marks of all drafts, each with its own place for an error."""
    made = []
    for key, draft in drafts.items():
        with row(place(key)):
            made.append(draft.record())
    return tuple(made)
