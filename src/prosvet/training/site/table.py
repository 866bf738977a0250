"""A site's labels: a table with ``id`` and a column for each finding (1, 0 or blank), or the marks of the queue.

``id`` is a study of the archive, the number of an image, or an image's sha256. What is blank is unknown, never absent.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from prosvet.core.context import Context
from prosvet.core.errors import InvalidRecord, MissingColumns, NotFound

__all__ = ["Said", "from_marks", "from_table"]

Said = dict[str, dict[str, float]]
"""Id (of a study or an image) to finding to 1 or 0."""

_YES, _NO = ("1", "1.0", "true", "yes", "да", "+"), ("0", "0.0", "false", "no", "нет", "-")


def from_table(path: Path, findings: Sequence[str]) -> Said:
    """Labels by id.

    Parameters
    ----------
    findings : sequence of str
        Those of the model; a column that is none of them is refused, since it would be left out in silence.

    Raises
    ------
    NotFound, MissingColumns
    InvalidRecord
        For a column or a cell that is not known, an id that is empty or there twice; it names the line.
    """
    if not path.is_file():
        raise NotFound(kind="file", name=path.name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRecord(name=path.name, line=1, reason="not_utf8_table") from None
    head = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter=";" if ";" in head and "," not in head else ",")
    header = [name.strip().lower() for name in next(rows, [])]
    columns = [name for name in header if name != "id"]
    if "id" not in header or not columns:
        raise MissingColumns(name=path.name, columns="id" if "id" not in header else ", ".join(findings[:3]) + ", …")
    for column in columns:
        if column not in findings:
            raise InvalidRecord(
                name=path.name, line=1, reason="label_column_unknown", column=column[:60], known=", ".join(findings)
            )  # fmt: skip
    return _said(rows, header, path.name)


def _said(rows: Iterator[list[str]], header: list[str], name: str) -> Said:
    found: Said = {}
    for line, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise InvalidRecord(name=name, line=line, reason="cells_differ")
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        key = row.pop("id")
        if not key:
            raise InvalidRecord(name=name, line=line, reason="id_empty")
        if key in found:
            raise InvalidRecord(name=name, line=line, reason="id_twice", id=key[:80])
        found[key] = {column: _value(cell, column, name, line) for column, cell in row.items() if cell}
    return found


def _value(cell: str, column: str, name: str, line: int) -> float:
    word = cell.lower()
    if word not in (*_YES, *_NO):
        raise InvalidRecord(name=name, line=line, reason="label_not_binary", value=cell[:40], column=column)
    return float(word in _YES)


def from_marks(context: Context, findings: Sequence[str]) -> Said:
    """The marks in force, by the number of the image; where readers differ on a finding it is left unknown.

    What was marked uncertain is unknown too.
    """
    from prosvet.training.queue.marks import marked

    value = {"present": 1.0, "absent": 0.0}
    votes: dict[str, dict[str, set[float]]] = {}
    for film in marked(context):
        mine = votes.setdefault(str(film.image), {})
        for finding, status in film.findings.items():
            if finding in findings:
                mine.setdefault(finding, set()).add(value.get(str(status), float("nan")))
    agreed = {
        image: {finding: min(said) for finding, said in mine.items() if said in ({0.0}, {1.0})}
        for image, mine in votes.items()
    }
    return {image: mine for image, mine in agreed.items() if mine}
