"""Marks as a table (CSV): a row for each box, or for a finding without one; a film that waits has a row without any."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from prosvet.core.errors import BadMarks
from prosvet.training.queue.formats.parsing import Draft, built, integer, row
from prosvet.training.queue.shapes import FilmMarks, MarkFinding, MarkRecord

__all__ = ["COLUMNS", "read", "write"]

COLUMNS = (
    "study", "image", "rows", "cols", "reader", "version", "at", "blind", "model", "source", "comment", "concept",
    "status", "side", "note", "left", "top", "right", "bottom",
)  # fmt: skip
_WORDS = ("reader", "model", "comment", "note")
_EDGES = ("left", "top", "right", "bottom")
_FORMULA = ("=", "+", "-", "@", "'")  # a spreadsheet would take these for a formula, or swallow the last one
_Key = tuple[int, str, int]


def write(films: Sequence[FilmMarks]) -> str:
    """The table; a text that a spreadsheet would run as a formula gets an apostrophe in front."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for film in films:
        if not film.marks:
            writer.writerow({"study": film.study, "image": film.image, "rows": film.rows, "cols": film.cols})
        for mark in film.marks:
            for finding in mark.findings:
                writer.writerows(_rows(film, mark, finding))
    return stream.getvalue()


def _rows(film: FilmMarks, mark: MarkRecord, finding: MarkFinding) -> Iterator[dict[str, Any]]:
    said = {
        "study": film.study, "image": film.image, "rows": film.rows, "cols": film.cols, "version": mark.version,
        "at": mark.at.isoformat() + "Z" if mark.at else "", "blind": int(mark.blind), "source": mark.source,
        "concept": finding.concept, "status": finding.status, "side": finding.side.value if finding.side else "",
    }  # fmt: skip
    texts = {"reader": mark.reader, "model": mark.model, "comment": mark.comment, "note": finding.comment}
    said |= {name: f"'{text}" if text.startswith(_FORMULA) else text for name, text in texts.items()}
    for box in finding.boxes or ((None,) * 4,):
        yield said | dict(zip(_EDGES, box, strict=True))


def read(text: str) -> tuple[FilmMarks, ...]:
    """Films with their marks; columns may be parted by commas or semicolons.

    Raises
    ------
    BadMarks
        It names the line.
    """
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",", strict=True)
    drafts: dict[_Key, Draft] = {}
    lines: dict[_Key, str] = {}
    films: dict[int, dict[str, Any]] = {}
    try:
        _columns(reader.fieldnames)
        for cells in reader:
            _take(cells, str(reader.line_num), films, drafts, lines)
    except csv.Error as error:
        raise BadMarks(row=str(reader.line_num), reason="not_csv", why=str(error)) from None
    marks = dict(zip(drafts, built(drafts, lambda key: lines[key]), strict=True))
    made = []
    for image, facts in films.items():
        with row(facts.pop("line")):
            mine = tuple(mark for key, mark in marks.items() if key[0] == image)
            made.append(FilmMarks.model_validate(facts | {"image": image, "marks": mine}))
    return tuple(sorted(made, key=lambda film: film.image))


def _columns(names: Sequence[str] | None) -> None:
    missing = [name for name in ("study", "image", "concept", "status", *_EDGES) if name not in (names or ())]
    if missing:
        raise BadMarks(row="1", reason="missing", name=", ".join(missing))


def _take(
    cells: dict[str, Any], line: str, films: dict[int, dict[str, Any]], drafts: dict[_Key, Draft],
    lines: dict[_Key, str],
) -> None:  # fmt: skip
    if None in cells or None in cells.values():
        raise BadMarks(row=line, reason="cells")
    said = {name: cells.get(name) or "" for name in COLUMNS}
    said |= {name: said[name].removeprefix("'") for name in _WORDS}
    image = integer(said["image"], "image", line)
    size = {name: integer(said[name], name, line) if said[name] else 1 for name in ("rows", "cols")}
    film = {"study": said["study"], **size}
    known = films.setdefault(image, film | {"line": line})
    if {name: known[name] for name in film} != film:
        raise BadMarks(row=line, reason="film_differs")
    if not any(said[name] for name in ("reader", "concept", "status", "side", "note", *_EDGES)):
        return  # a film that waits
    key = (image, said["reader"], integer(said["version"] or "0", "version", line))
    facts = {
        "reader": key[1], "version": key[2], "at": said["at"] or None, "blind": said["blind"] == "1",
        "model": said["model"], "source": said["source"] or "csv", "comment": said["comment"],
    }  # fmt: skip
    draft, _ = drafts.setdefault(key, Draft(facts)), lines.setdefault(key, line)
    if draft.facts != facts:
        raise BadMarks(row=line, reason="mark_differs")
    concept = said["concept"]
    draft.say(concept, line, status=said["status"], side=said["side"] or None, comment=said["note"])
    if any(said[edge] for edge in _EDGES):
        draft.box(concept, _box(said, line))


def _box(said: dict[str, str], line: str) -> tuple[float, float, float, float]:
    try:
        left, top, right, bottom = (float(said[edge].replace(",", ".")) for edge in _EDGES)
    except ValueError:
        raise BadMarks(row=line, reason="box_numbers") from None
    return left, top, right, bottom
